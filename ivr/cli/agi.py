"""`ivr agi`: the same handlers as the controller's, as a plain AGI process that Asterisk starts for one call."""

from __future__ import annotations

from typing import Annotated

import typer

from ivr.cli.options import Home, running_settings


def agi(
    path: Annotated[str, typer.Argument(help="answer, resume or whisper, as in the dialplan's agi:// address.")],
    arguments: Annotated[list[str] | None, typer.Argument(help="Its arguments, as in the dialplan.")] = None,
    home: Home = None,
) -> None:
    """Serve one call over stdin and stdout: AGI(/path/to/ivr,agi,answer,ultralight,100) in a dialplan of your own."""
    import asyncio

    from ivr.app.agi_process import run_agi_process

    asyncio.run(run_agi_process(running_settings(home), path, tuple(arguments or ())))
