"""When a scheduled report is due, and which time it is about: pure functions of a moment.

A report of a day, a week or a month is about the last whole one, in the schedule's zone, and is due on the day after
it at the schedule's time. Periods are half-open.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

Every = Literal["day", "week", "month"]
_DAY = timedelta(days=1)


class Period(NamedTuple):
    """A whole day, week or month: its first day, the day behind its last, and the moment when its report is due."""

    first: date
    behind: date
    due: datetime


def periods_due(every: Every, at: time, zone: ZoneInfo, *, since: datetime, now: datetime) -> Iterator[Period]:
    """Yield the periods whose report became due after `since` and is due `now`, the oldest first.

    Both moments are aware. A time that the clock leaps over on that day counts as the moment behind the leap.
    """
    first = _begin(every, since.astimezone(zone).date() - 32 * _DAY)
    while True:
        behind = _next(every, first)
        due = datetime.combine(behind, at, zone)
        if due > now:
            return
        if due > since:
            yield Period(first, behind, due)
        first = behind


def next_due(every: Every, at: time, zone: ZoneInfo, now: datetime) -> datetime:
    """Return the next moment after `now` at which a report is due."""
    day = _begin(every, now.astimezone(zone).date())
    while (due := datetime.combine(day, at, zone)) <= now:
        day = _next(every, day)
    return due


def _begin(every: Every, day: date) -> date:
    """Return the first day of the period in which the day lies; weeks begin on Monday (ISO 8601)."""
    if every == "month":
        return day.replace(day=1)
    return day - day.weekday() * _DAY if every == "week" else day


def _next(every: Every, first: date) -> date:
    if every == "month":
        return (first + 31 * _DAY).replace(day=1)
    return first + (7 * _DAY if every == "week" else _DAY)
