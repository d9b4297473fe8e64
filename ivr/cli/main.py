"""`ivr`: the groups of commands put together, and one way for every error to be told."""

from __future__ import annotations

import errno
import gc
import sys
from importlib import import_module
from keyword import iskeyword
from typing import Annotated, Any

import typer

from ivr import __version__
from ivr.errors import DeskError

GROUPS = {
    "up": "Run the desk",
    "status": "Run the desk",
    "doctor": "Run the desk",
    "agents": "Run the desk",
    "announce": "Run the desk",
    "call": "Use the desk",
    "calls": "Use the desk",
    "recordings": "Use the desk",
    "report": "Use the desk",
    "mail": "Use the desk",
    "metrics": "Use the desk",
    "staffing": "Use the desk",
    "import": "Write a desk",
    "check": "Write a desk",
    "play": "Write a desk",
    "test": "Write a desk",
    "plan": "Write a desk",
    "apply": "Write a desk",
    "history": "Write a desk",
    "diff": "Write a desk",
    "rollback": "Write a desk",
    "graph": "Write a desk",
    "schema": "Write a desk",
    "projects": "Write a desk",
    "prompts": "Write a desk",
    "asterisk": "Behind the desk",
    "controller": "Behind the desk",
    "loader": "Behind the desk",
    "robots": "Behind the desk",
    "exporter": "Behind the desk",
    "agi": "Behind the desk",
    "ledger": "Behind the desk",
    "unit": "Behind the desk",
    "backup": "Behind the desk",
    "restore": "Behind the desk",
}
"""Each command, and the panel of `ivr --help` where it stands; `ivr.cli.<command>` holds it, `import_` `import`."""

BRIEF = {"apply", "check", "plan", "rollback"}
"""Commands that end before a collection of garbage would be worth its time: a tenth of theirs."""


def build(wanted: str | None) -> typer.Typer:
    """Return the program. Only the wanted command's module is loaded, so that each command starts fast."""
    app = typer.Typer(
        help="The front desk of a call centre on Asterisk.",
        no_args_is_help=True,
        add_completion=False,
        pretty_exceptions_enable=False,
    )
    for name, panel in GROUPS.items():
        if wanted in (None, name):
            module = f"{name}_" if iskeyword(name) else name
            _mount(app, name, import_module(f"ivr.cli.{module}"), panel)
    app.callback(invoke_without_command=True)(_root)
    return app


def _mount(app: typer.Typer, name: str, module: Any, panel: str) -> None:
    if isinstance(group := getattr(module, "app", None), typer.Typer):
        app.add_typer(group, name=name, rich_help_panel=panel)
    else:
        app.command(name, rich_help_panel=panel)(getattr(module, name))


def _root(
    version: Annotated[bool, typer.Option("--version", help="Print the version and exit.", is_eager=True)] = False,
) -> None:
    """Answer calls, sort them onto lines, whisper, record, and tell the truth about every leg."""
    if version:
        print(f"ivr {__version__}")
        raise typer.Exit


def main() -> None:
    """Run the command line. Exit code 0 = done, 2 = something to mend, 130 = interrupted."""
    first = next((word for word in sys.argv[1:] if not word.startswith("-")), None)
    if first in BRIEF:
        gc.disable()
    try:
        build(first if first in GROUPS else None)(prog_name="ivr")
    except DeskError as error:
        _tell(error.sentence, error.cure, error.exit_code)
    except KeyboardInterrupt:
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(0)
    except OSError as error:
        if error.errno != errno.ENOSPC:
            raise
        _tell("The disk is full.", "Free some space and run the command again; nothing that was there is lost.", 2)


def _tell(sentence: str, cure: str, code: int) -> None:
    print(f"ivr: {sentence}" + (f"\n     {cure}" if cure else ""), file=sys.stderr)
    sys.exit(code)
