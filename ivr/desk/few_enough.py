"""How much is looked at one by one."""

from __future__ import annotations

from ivr.desk.made_report import Ask
from ivr.desk.ports_report import Books
from ivr.errors import DeskError

MOST = 100_000
"""Calls, spans or callers that are looked at one by one."""
NARROWER = "Narrow it by --day, or by --since and --until."


def few_enough(books: Books, ask: Ask) -> None:
    """Raise `DeskError` when more calls began in the time than are looked at."""
    found = books.sums("call", ask.since, ask.until, zone=ask.zone, where={}, by=(), time="")
    calls = sum(sums.get("calls", 0) for sums in found.values())
    if calls > MOST:
        raise DeskError(
            f"There are {calls:,} calls in that time; at most {MOST:,} can be looked at one by one.", NARROWER
        )
