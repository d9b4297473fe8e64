"""`ivr status`: what runs, whether it is well, and who is on the lines now."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ivr.cli.options import Home, Json, running_settings
from ivr.errors import DeskError

if TYPE_CHECKING:
    from rich.table import Table


def status(home: Home = None, as_json: Json = False) -> None:
    """Show the parts of the running desk, their health, and the lines; exit code 2 when one is not well."""
    from ivr.app.condition import conditions, lines_now

    settings = running_settings(home)
    if not (settings.home / "run.json").exists():
        raise DeskError(
            f"No desk runs on {settings.home}.", "Start one with `make run`, or name its folder with --home."
        )
    told, lines = conditions(settings), lines_now(settings.home)
    if as_json:
        print(json.dumps({"parts": told, "lines": lines}, indent=1))
    else:
        _show(told, lines)
    if ill := [part for part, health in told.items() if health["state"] != "well"]:
        raise DeskError(f"Not well: {', '.join(ill)}.", f"The logs in {settings.home / 'log'} say why.")


def _show(told: dict[str, dict[str, Any]], lines: dict[str, dict[str, Any]]) -> None:
    from rich.console import Console
    from rich.table import Table

    parts = Table("part", "state", "", box=None)
    for part, health in told.items():
        parts.add_row(
            part, health["state"], ", ".join(f"{key} {_plain(v)}" for key, v in health.items() if key != "state")
        )
    console = Console()
    console.print(parts)
    console.print(_lines(lines))


def _lines(lines: dict[str, dict[str, Any]]) -> Table:
    from rich.table import Table

    table = Table("line", "waiting", "agents", box=None)
    for name, line in sorted(lines.items()):
        agents = ", ".join(f"{agent} {state}" for agent, state in sorted(line["agents"].items()))
        table.add_row(name, str(line["waiting"]), agents)
    return table


def _plain(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.1f}"
    if isinstance(value, dict):
        return ", ".join(f"{key} {one}" for key, one in value.items()) or "none"
    return str(value)
