"""Lists of calls and numbers in reports."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from textwrap import shorten
from zoneinfo import ZoneInfo

from ivr.desk.made_report import Ask, Head, Table
from ivr.desk.other_window import other_series
from ivr.desk.ports_report import Books
from ivr.desk.staffing_report import staffing
from ivr.reports.contacts import WINDOW

_FIRST = 80
"""Letters of what somebody said: enough to see what it is about."""
_UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))


def over_budget(books: Books, ask: Ask) -> Table:
    """Return the newest calls that reached a person later than their desk's budget."""
    desks = books.values("desk") - {""}
    if "desk" in ask.where:
        desks &= ask.where["desk"]
    promised: dict[int, set[str]] = {}
    for desk in desks:
        promised.setdefault(ask.budget_of(desk), set()).add(desk)
    calls = [
        call
        for budget, some in promised.items()
        for call in books.slowest(
            ask.since, ask.until, {**ask.where, "desk": some}, budget=budget * 1_000_000, limit=ask.limit
        )
    ]
    calls = sorted(calls, key=lambda call: (call.began_at, call.id), reverse=True)[: ask.limit]
    rows = tuple(
        (
            clock(call.began_at, ask.zone),
            call.id,
            call.desk,
            call.category,
            call.caller or "withheld",
            call.answered_by,
            ((call.connected_at or 0) - call.began_at) / 1e6,
        )
        for call in calls
    )
    heads = (
        Head("began", "began", "text"),
        Head("call", "call", "text"),
        Head("desk", "desk", "text"),
        Head("category", "category", "text"),
        Head("caller", "caller", "text"),
        Head("agent", "agent", "text"),
        Head("time_to_human", "time to human", "seconds", 1),
    )
    told = ", ".join(f"{desk} {ask.budget_of(desk)} s" for desk in sorted(desks))
    source = "by the desks' files; --within sets one for all" if ask.budgets else "for every desk"
    note = f"Budget: {told}, {source}." if told else ""
    if len(rows) == ask.limit:
        note += f" The newest {ask.limit}; --limit shows more."
    return Table("Calls over the budget for the time to a person", heads, rows, note=note.strip(), listing=True)


def debt(books: Books, ask: Ask) -> Table:
    """Return the numbers that are still owed a talk, of all time: no debt is too old."""
    owed = books.debts(ask.where, ask.limit)
    promises = any(one.promised for one in owed)
    complete = books.freshness().complete_to or 0
    rows = tuple(
        (
            one.number,
            one.desk,
            one.line or "no line",
            clock(one.first_at, ask.zone),
            max(0, complete - one.first_at) / 1e6,
            one.missed,
            one.tries,
            one.owner,
            one.call,
            *((clock(one.promised, ask.zone) if one.promised else "",) if promises else ()),
            *((first_words(one.said),) if ask.said else ()),
        )
        for one in owed
    )
    heads = (
        Head("number", "number", "text"),
        Head("desk", "desk", "text"),
        Head("line", "line", "text"),
        Head("first_at", "first missed", "text"),
        Head("age", "age", "seconds"),
        Head("missed", "missed calls", "count"),
        Head("tries", "we tried", "count"),
        Head("owner", "spoke last with", "text"),
        Head("call", "last missed call", "text"),
        *((Head("promised", "promised a call until", "text"),) if promises else ()),
        *((Head("said", "what he said", "text"),) if ask.said else ()),
    )
    note = f"The latest {ask.limit}; --limit shows more." if len(rows) == ask.limit else ""
    return Table("Still owed a talk, whenever they called", heads, rows, note=note, listing=True)


def not_recorded(books: Books, ask: Ask) -> Table:
    """Return the newest talks that should have been recorded and are not, or not whole."""
    found = books.lacking(ask.since, ask.until, ask.where, ask.limit)
    rows = tuple(
        (
            clock(one.at, ask.zone),
            one.desk,
            one.line or "no line",
            one.agent or "nobody",
            one.caller or "withheld",
            one.length / 1e6,
            one.missing / 1e6,
            one.state,
            one.call,
            one.reason or "not verified yet",
        )
        for one in found
    )
    heads = (
        Head("began", "began", "text"),
        Head("desk", "desk", "text"),
        Head("line", "line", "text"),
        Head("agent", "agent", "text"),
        Head("caller", "caller", "text"),
        Head("talk", "talk", "seconds"),
        Head("missing", "missing", "seconds"),
        Head("state", "state", "text"),
        Head("call", "call", "text"),
        Head("why", "why", "text"),
    )
    note = f"The newest {ask.limit}; --limit shows more." if len(rows) == ask.limit else ""
    return Table("Talks that should have been recorded and lack audio", heads, rows, note=note, listing=True)


def callers_again(books: Books, ask: Ask) -> Table:
    """Return the numbers that called most again, each call within the window after the one before."""
    if ask.window == WINDOW:
        found = books.series(ask.since, ask.until, ask.where, ask.limit)
    else:
        found = other_series(books, ask)
    rows = tuple(
        (
            one.number,
            one.calls,
            clock(one.first_at, ask.zone),
            clock(one.last_at, ask.zone),
            one.desk,
            one.category or "none chosen",
            one.line or "no line",
            one.agent or "nobody",
            one.last_call,
        )
        for one in found
    )
    heads = (
        Head("number", "number", "text"),
        Head("calls", "calls", "count"),
        Head("first_at", "first call", "text"),
        Head("last_at", "last call", "text"),
        Head("desk", "desk", "text"),
        Head("category", "last about", "text"),
        Head("line", "last line", "text"),
        Head("agent", "last with", "text"),
        Head("call", "call", "text"),
    )
    note = f"The first {ask.limit}; --limit shows more." if len(rows) == ask.limit else ""
    title = f"Who called again and again, each time within {length_told(ask.window)}, last in this time"
    return Table(title, heads, rows, note=note, listing=True)


def first_words(text: str) -> str:
    """Return the beginning of what somebody said, in whole words."""
    return shorten(text, _FIRST, placeholder=" …")


def length_told(window: int) -> str:
    """Return whole seconds, given in microseconds, in the largest unit that tells them exactly: `7 days`."""
    seconds = window // 1_000_000
    size, unit = next((size, unit) for size, unit in _UNITS if seconds % size == 0)
    return f"{seconds // size} {unit}{'' if seconds == size else 's'}"


def clock(moment: int, zone: str) -> str:
    """Return a moment as the zone's clock shows it."""
    return datetime.fromtimestamp(moment // 1_000_000, UTC).astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M")


LISTS: Mapping[str, Callable[[Books, Ask], Table | tuple[Table, ...]]] = {
    "over budget": over_budget,
    "debt": debt,
    "callers again": callers_again,
    "not recorded": not_recorded,
    "staffing": staffing,
}
PARTIAL: Mapping[str, tuple[str, frozenset[str]]] = {
    "debt": ("Still owed a talk", frozenset({"desk", "line"})),
    "staffing": ("Staffing", frozenset({"desk", "line"})),
}
"""Lists that know fewer filters than the tables of their report: what to call them, and those that they know."""
