"""`ivr status`: what runs, and whether it is well."""

from __future__ import annotations

import json
import time

from ivr.cli.options import Home, Json, running_settings
from ivr.errors import DeskError


def status(home: Home = None, as_json: Json = False) -> None:
    """Show the parts of the running desk and their health; exit code 2 when one is not well."""
    from rich.console import Console
    from rich.table import Table

    from ivr.app.heartbeat import last_beat
    from ivr.app.parts import HUNG_AFTER

    settings = running_settings(home)
    if not (settings.home / "run.json").exists():
        raise DeskError(
            f"No desk runs on {settings.home}.", "Start one with `make run`, or name its folder with --home."
        )
    told: dict[str, dict[str, object]] = {}
    for part in ("controller", "loader", "robots"):
        health = last_beat(settings.home, part)
        if health is None:
            told[part] = {"state": "down"}
        else:
            age = time.time() - float(health.pop("at"))
            health.pop("running", None)
            told[part] = {"state": "well" if age < HUNG_AFTER else "silent", "last_beat_s": round(age, 1), **health}
    if not settings.robots:
        told.pop("robots")
    if as_json:
        print(json.dumps(told, indent=1, default=str))
    else:
        table = Table("part", "state", "", box=None)
        for part, health in told.items():
            rest = ", ".join(f"{key} {value}" for key, value in health.items() if key != "state")
            table.add_row(part, str(health["state"]), rest)
        Console().print(table)
    if any(health["state"] != "well" for health in told.values()):
        raise DeskError("A part of the desk is not well.", f"Its log is in {settings.home / 'log'}.")
