"""Whether Asterisk knows the desks' time zones: it takes UTC for one that it does not, without a word."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from ivr.flows.model import Desk

ZONES = Path("/usr/share/zoneinfo")
"""Where Asterisk looks them up; our own programs bring theirs."""
ZONES_CURE = "As root, run: apt-get install tzdata. Without it the dialplan alone takes UTC for them."


def unknown_zones(desks: Iterable[Desk]) -> tuple[str, ...]:
    """Return the zones of desks with hours that Asterisk does not know: there the compiled flow would be wrong."""
    return tuple(sorted({desk.time_zone for desk in desks if desk.hours and not (ZONES / desk.time_zone).exists()}))
