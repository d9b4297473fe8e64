"""`ivr doctor`: what keeps a desk from answering here, or will one day."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Annotated

import typer

from ivr.cli.options import Home, Json, running_settings, settings_from

_STYLES = {"well": "green", "warning": "yellow", "ill": "bold red"}


def doctor(
    desks: Annotated[
        Path | None, typer.Option("--desks", help="The folder of the desk files.", show_default="dialplans")
    ] = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Look at versions, name, clock, disk, ports, rights, database, prompts; prescribe. Exit code 2 when one is ill."""
    from ivr.app.doctor import examine

    settings = running_settings(home).model_copy(update={"desks": settings_from(home=home, desks=desks).desks})
    findings = list(examine(settings))
    if as_json:
        print(json.dumps([one._asdict() for one in findings], ensure_ascii=False, indent=1))
    else:
        from rich.console import Console
        from rich.text import Text

        console = Console(highlight=False, soft_wrap=True)
        width = max(len(one.what) for one in findings)
        for one in findings:
            line = Text(f"{one.what:<{width}}  ")
            line.append(f"{one.state:<8}", style=_STYLES[one.state])
            line.append(one.said)
            console.print(line)
            if one.cure:
                console.print(Text(f"{'':<{width + 10}}{one.cure}"))
    if any(one.state == "ill" for one in findings):
        raise typer.Exit(2)
