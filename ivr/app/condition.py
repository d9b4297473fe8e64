"""How each part of a running desk is: the one truth of `ivr status`, of health over HTTP, and of the metrics.

It comes from the beats alone, so asking costs little and holds nobody up.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ivr.app.heartbeat import last_beat, silence
from ivr.app.parts import HUNG_AFTER
from ivr.settings import Settings

SUPERVISOR = "supervisor"
STARTING, ANSWERS, STOPPING = "starting", "answers", "stopping"
"""The supervisor's `desk`: calls are answered from the self-test on, until a stop is asked for."""
_NOT_SHOWN = {"at", "running", "lines", "ami", "parts"}
_ALARMS = ("database", "disk", "recordings_disk", "queue", "mail")
_SILENT = ("down", "silent")
_ANSWERING = (SUPERVISOR, "asterisk", "controller")
"""The parts by which calls are answered; the others' faults harm no call."""


def parts_of(settings: Settings) -> list[str]:
    """Return the names of the parts that the desk should have, the supervisor first."""
    told = (last_beat(settings.home, SUPERVISOR) or {}).get("parts")
    if isinstance(told, dict) and told:
        return [SUPERVISOR, *told]
    usual = [SUPERVISOR, "asterisk", "controller", "loader", *(["robots"] if settings.robots else [])]
    return usual + [part for part in ("mailer", "exporter") if last_beat(settings.home, part)]


def conditions(settings: Settings) -> dict[str, dict[str, Any]]:
    """Return each part's `state`, and what it tells of itself.

    The state is `well`; `ill` = it has an alarm; `silent` = it stands still; `down`; `no manager link` of Asterisk.
    """
    return {part: _condition(settings.home, part) for part in parts_of(settings)}


def lines_now(home: Path) -> dict[str, dict[str, Any]]:
    """Return each line's queue with how many wait (`waiting`), and its agents' states (`agents`)."""
    lines = (last_beat(home, "controller") or {}).get("lines", {})
    return lines if isinstance(lines, dict) else {}


def not_alive(told: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Return the parts that do not beat, with their states."""
    return {part: health["state"] for part, health in told.items() if health["state"] in _SILENT}


def not_answering(told: Mapping[str, Mapping[str, Any]]) -> dict[str, str]:
    """Return what keeps calls from being answered as they should be, by part; empty when they are.

    It is what `ivr up` waited for before it said that the desk answers. A database that is away, or a letter that
    waits, takes nobody out of service.
    """
    found = {part: told[part]["state"] for part in _ANSWERING if part in told}
    found = {part: state for part, state in found.items() if state not in ("well", "ill")}
    desk = told.get(SUPERVISOR, {}).get("desk", "")
    return found if found or desk == ANSWERS else {SUPERVISOR: str(desk) or "down"}


def _condition(home: Path, part: str) -> dict[str, Any]:
    if part == "asterisk":  # it has no heart of ours: the controller's manager link speaks for it
        ami = (last_beat(home, "controller") or {}).get("ami", {})
        link = {key: value for key, value in ami.items() if key != "state" and value not in ("", None)}
        return {"state": "well" if ami.get("state") == "up" else "no manager link"} | link
    health = last_beat(home, part)
    if not health:
        return {"state": "down"}
    if silence(home, part) > HUNG_AFTER:
        return {"state": "silent"}
    ill = any(health.get(alarm) for alarm in _ALARMS)
    return {"state": "ill" if ill else "well"} | {key: told for key, told in health.items() if key not in _NOT_SHOWN}
