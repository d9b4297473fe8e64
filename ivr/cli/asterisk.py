"""`ivr asterisk`: the Asterisk that the desk runs."""

from __future__ import annotations

import os
import socket
import sys
from pathlib import Path
from typing import Annotated

import typer

from ivr.cli.options import Home, settings_from
from ivr.errors import DeskError

app = typer.Typer(help="The Asterisk that the desk runs: fetch it, find it, talk to it.", no_args_is_help=True)


def _progress(line: str) -> None:
    print(line, file=sys.stderr, flush=True)


@app.command()
def install(
    force: Annotated[bool, typer.Option("--force", help="Make the private copy anew even when it is whole.")] = False,
) -> None:
    """Fetch a private Asterisk into your cache, or mend the one there; nothing to do when the machine has its own."""
    from ivr.asterisk import private

    found = None if force else private.system_asterisk(_progress)
    found = found or private.install(force=force, progress=_progress)
    print(found.command[-1])


@app.command()
def path() -> None:
    """Print where the Asterisk is; it is fetched when there is none."""
    from ivr.asterisk.private import find_asterisk

    print(find_asterisk(_progress).command[-1])


@app.command()
def version() -> None:
    """Print the Asterisk's version."""
    from ivr.asterisk.private import find_asterisk

    print(".".join(map(str, find_asterisk(_progress).version)))


@app.command()
def cli(
    command: Annotated[list[str] | None, typer.Argument(help="One command, as in: core show channels.")] = None,
    home: Home = None,
) -> None:
    """Open the console of the running desk's Asterisk, or run one command in it."""
    from ivr.asterisk.private import find_asterisk

    settings = settings_from(home=home)
    _check_running(settings.home)
    argv = find_asterisk(_progress).cli_argv(settings.asterisk_etc.absolute(), " ".join(command or ()))
    sys.stdout.flush()
    os.execv(argv[0], argv)  # noqa: S606 - the console takes this terminal


def _check_running(home: Path) -> None:
    """Refuse when nobody listens on the home's control socket: Asterisk's own words for it name no cure."""
    folder = os.open(home, os.O_PATH) if home.is_dir() else -1
    try:
        with socket.socket(socket.AF_UNIX) as knock:
            # By the folder's handle: a socket's path may have 107 bytes, a home's may have more.
            knock.connect(f"/proc/self/fd/{folder}/asterisk/run/asterisk.ctl")
    except PermissionError as mistake:
        raise DeskError(f"The desk on {home} is another user's.", "Run this as that user.") from mistake
    except OSError as mistake:
        raise DeskError(f"No desk runs on {home}.", "Start one by `ivr up`, or name its home by --home.") from mistake
    finally:
        if folder >= 0:
            os.close(folder)
