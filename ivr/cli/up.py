"""`ivr up`: run the whole desk in the foreground."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ivr.cli.options import Home, settings_from


def up(
    home: Home = None,
    desks: Annotated[Path | None, typer.Option(help="The folder of the desk files.", show_default="dialplans")] = None,
    recordings: Annotated[Path | None, typer.Option(help="Where recordings land.", show_default="recordings")] = None,
    shift: Annotated[
        int | None, typer.Option(help="Added to every port: 100 gives SIP 5160.", show_default="0")
    ] = None,
    bind: Annotated[str | None, typer.Option(help="The address for telephones.", show_default="127.0.0.1")] = None,
    node: Annotated[str | None, typer.Option(help="This machine's name in the journal.", show_default="desk1")] = None,
    database: Annotated[str | None, typer.Option(help="SQLAlchemy URL of the ledger.", show_default="SQLite")] = None,
    robots: Annotated[bool | None, typer.Option("--robots/--no-robots", help="Robot agents staff the lines.")] = None,
    shadow: Annotated[
        bool | None, typer.Option("--shadow/--no-shadow", help="Let Asterisk write queue_log and CDR too.")
    ] = None,
    drain: Annotated[
        int | None, typer.Option(help="Seconds that calls get to end at a stop, 3600 at most.", show_default="20")
    ] = None,
    http: Annotated[
        str | None, typer.Option(help="Tell health and metrics there, as 127.0.0.1:9180.", show_default="nowhere")
    ] = None,
) -> None:
    """Run Asterisk, controller, loader and robot agents until Ctrl-C."""
    import asyncio

    from ivr.app.logs import start_logs
    from ivr.app.up import run_up

    settings = settings_from(
        home=home,
        desks=desks,
        recordings=recordings,
        shift=shift,
        bind=bind,
        node=node,
        database=database,
        robots=robots,
        shadow=shadow,
        drain=drain,
        http=http,
    )
    start_logs()
    asyncio.run(run_up(settings, lambda line: print(line, flush=True)))
