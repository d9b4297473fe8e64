"""The time that a report is asked for, in the words of a user, in the site's zone."""

from __future__ import annotations

import re
from calendar import monthrange
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from ivr.errors import DeskError
from ivr.reports.buckets import midnight
from ivr.reports.tally import QUARTER

_AGO = re.compile(r"(\d{1,5})([mhdw])")
_UNITS = {"m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_MONTH = re.compile(r"(\d{4})-(\d{1,2})")
_DAY = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_FORMS = "Write 2h, 7d, 2026-11-21 or 2026-11-21T14:30."


class Range(NamedTuple):
    """From `since`, before `until`: UTC microseconds, whole quarters of an hour."""

    since: int
    until: int


def read_range(now: datetime, zone: str, *, since: str, until: str, day: str, month: str) -> Range:
    """Return the time asked for; the last seven days when nothing is. Edges are widened to quarters of an hour."""
    if sum(map(bool, (day, month, since or until))) > 1:
        raise DeskError("The time is told twice.", "Give one of --day, --month, or --since with --until.")
    if month:
        return _month(month, zone)
    if day:
        first = _date(day)
        return Range(midnight(first, zone), midnight(first + timedelta(days=1), zone))
    today = now.astimezone(ZoneInfo(zone)).date()
    begin = _edge(since, now, zone, end=False) if since else midnight(today - timedelta(days=6), zone)
    end = _edge(until, now, zone, end=True) if until else midnight(today + timedelta(days=1), zone)
    if begin >= end:
        raise DeskError(
            f"The time begins ({_shown(begin, zone)}) when it is over ({_shown(end, zone)}).",
            "Give --since before --until; the day of --until is counted in.",
        )
    return Range(begin - begin % QUARTER, -(-end // QUARTER) * QUARTER)


def read_zone(zone: str) -> str:
    """Return the zone, when there is one of this name."""
    try:
        ZoneInfo(zone)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise DeskError(f"There is no time zone {zone!r}.", "Write one such as Europe/Moscow or UTC.") from error
    return zone


def _month(text: str, zone: str) -> Range:
    found = _MONTH.fullmatch(text)
    if not found or not 1 <= int(found[2]) <= 12 or int(found[1]) < 1:
        raise DeskError(f"{text!r} is no month.", "Write one such as 2026-11.")
    first = date(int(found[1]), int(found[2]), 1)
    return Range(midnight(first, zone), midnight((first + timedelta(days=31)).replace(day=1), zone))


def _date(text: str) -> date:
    found = _DAY.fullmatch(text)
    if not found:
        raise DeskError(f"{text!r} is no day.", "Write one such as 2026-11-21.")
    year, month, day = (int(part) for part in found.groups())
    if not 1 <= month <= 12 or not 1 <= year <= 9000:
        raise DeskError(f"{text!r} is no day: there is no month {month}.", "Write one such as 2026-11-21.")
    if not 1 <= day <= (last := monthrange(year, month)[1]):
        raise DeskError(f"{text!r} is no day: {date(year, month, 1):%B %Y} has {last} days.", "Mend the day.")
    return date(year, month, day)


def _edge(text: str, now: datetime, zone: str, *, end: bool) -> int:
    """Return the moment; of a day its beginning, or at the range's end the beginning of the next one.

    So many days or weeks ago is the beginning of that day.
    """
    try:
        if ago := _AGO.fullmatch(text):
            moment = now - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
            if ago[2] in "dw":
                return midnight(moment.astimezone(ZoneInfo(zone)).date(), zone)
            return round(moment.timestamp()) * 1_000_000
        if _DAY.fullmatch(text):
            return midnight(_date(text) + timedelta(days=1 if end else 0), zone)
        moment = datetime.fromisoformat(text)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=ZoneInfo(zone))
        return round(moment.timestamp()) * 1_000_000
    except (ValueError, OverflowError) as error:
        raise DeskError(f"{text!r} is no moment.", _FORMS) from error


def _shown(moment: int, zone: str) -> str:
    return f"{datetime.fromtimestamp(moment // 1_000_000, UTC).astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M}"
