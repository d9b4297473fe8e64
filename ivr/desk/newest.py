"""The newest rows of a table that has a row for each time: whole days, weeks or months, as many as a page holds."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from datetime import date
from typing import NamedTuple

from ivr.desk.made_report import Ask
from ivr.desk.ports_report import Books
from ivr.reports.buckets import Grain, bucket_of, buckets, midnight
from ivr.reports.tally import Subject

_GRAINS: dict[str, Grain] = {"half hour": "day", "hour": "day", "day": "day", "week": "week", "month": "month"}
"""What a page is cut into, by the time of its rows. Hours of the day and weekdays are few, and no page is made."""
_DAY = 86_400_000_000
_FIRST_LOOK: dict[str, int] = {"half hour": 1, "hour": 1, "day": 4, "week": 28, "month": 366}
"""Days that are looked through first; then four times as many, and so on."""


class Page(NamedTuple):
    """Where the rows that are shown begin, UTC microseconds, and what to say of the others."""

    since: int
    note: str = ""


def newest(books: Books, subject: Subject, by: tuple[str, ...], ask: Ask) -> Page:
    """Return the page of a table of these keys; `ask.time` is the time of its rows."""
    grain = _GRAINS.get(ask.time)
    if grain is None or ask.rows is None:
        return Page(ask.since)
    days = _FIRST_LOOK[ask.time]
    while True:
        since = max(ask.since, bucket_of(max(0, ask.until - days * _DAY), grain, ask.zone).began)
        rows = books.sums(subject, since, ask.until, zone=ask.zone, where=ask.where, by=by, time=ask.time)
        if len(rows) >= ask.rows or since <= ask.since:
            break
        days *= 4
    first = _first((keys[-1] for keys in rows), ask.rows, grain)
    if since <= ask.since and not first:
        return Page(ask.since)
    begin = max(since, _began(first, grain, ask.zone)) if first else since
    return Page(begin, _note(books, begin, grain, ask))


def _first(times: Iterable[str], rows: int, grain: Grain) -> str:
    """Return the oldest day, week or month of which the page still holds the rows; "" when it holds all of them."""
    counts = Counter(time[:10] if grain == "day" else time for time in times)
    held, first = 0, ""
    for time in sorted(counts, reverse=True):
        if held >= rows:
            break
        held, first = held + counts[time], time
    else:
        return ""
    return first


def _began(time: str, grain: Grain, zone: str) -> int:
    if grain == "week":
        return midnight(date.fromisoformat(f"{time}-1"), zone)
    return midnight(date.fromisoformat(f"{time}-01" if grain == "month" else time), zone)


def _note(books: Books, begin: int, grain: Grain, ask: Ask) -> str:
    # What is not loaded yet has no rows that could be left out.
    until = max(begin + 1, min(ask.until, books.freshness().complete_to or ask.until))
    shown, left = (sum(1 for _ in buckets(*span, grain, ask.zone)) for span in ((begin, until), (ask.since, begin)))
    head = f"The newest {shown} {grain}{'s' if shown > 1 else ''}"
    more = f"{left} {grain}{'s' if left > 1 else ''} before {'them' if shown > 1 else 'it'} can be had by"
    return f"{head}; {more} --format xlsx or csv, or a higher --limit. The last row is of all."
