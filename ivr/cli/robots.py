"""`ivr robots`: robot agents for the demo's lines; `ivr up` starts it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ivr.cli.options import Home, running_settings


def robots(
    behaviour: Annotated[
        Path | None, typer.Option(help="A JSON file that says how each agent's robot behaves; read at every call.")
    ] = None,
    home: Home = None,
) -> None:
    """Staff every line with robots, each until a real telephone registers in its place."""
    import asyncio

    from ivr.app.logs import start_logs
    from ivr.app.robots import run_robots

    start_logs()
    asyncio.run(run_robots(running_settings(home), behaviour))
