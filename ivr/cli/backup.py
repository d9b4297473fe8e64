"""`ivr backup`: a whole desk in one file."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ivr.cli.options import Home, running_settings, settings_from


def backup(
    file: Annotated[Path, typer.Argument(help="The file to write, as desk.tar.gz.")],
    desks: Annotated[
        Path | None, typer.Option("--desks", help="The folder of the desk files.", show_default="dialplans")
    ] = None,
    without_recordings: Annotated[bool, typer.Option("--without-recordings", help="Leave the talks out.")] = False,
    home: Home = None,
) -> None:
    """Write desks, secrets, journal, ledger, archive and recordings into one file; the desk may run meanwhile."""
    from ivr.app.backup import back_up

    settings = running_settings(home)
    done = back_up(settings, settings_from(home=home, desks=desks).desks, file, recordings=not without_recordings)
    print(f"{file}: {done.files} files, {done.bytes / 1e6:.1f} MB before they were packed.")
    print("It holds passwords and talks: keep it where nobody else can read it.")
