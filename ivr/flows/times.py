"""Opening hours as an author writes them: days, times and dates, read into plain values.

Every reader raises `ValueError` with a whole sentence and its cure.
"""

from __future__ import annotations

import re
from datetime import date
from itertools import pairwise

WEEKDAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
DAY_MINUTES = 24 * 60
WEEK_MINUTES = 7 * DAY_MINUTES
_TIME = re.compile(r"(\d\d):(\d\d)-(\d\d):(\d\d)")
_WEEK = re.compile(r"([a-z-]+(?: *, *[a-z-]+)*)(?: +(\d.*))?")
_LEAP_YEAR = 2024
"""A year in which every day of the year exists: a yearly holiday is looked up in it."""


def read_days(text: str) -> tuple[int, ...]:
    """Return weekdays, 0 = Monday, of `mon`, `mon-fri` or `fri-mon`."""
    first, dash, last = text.partition("-")
    if first not in WEEKDAYS or (dash and last not in WEEKDAYS):
        raise ValueError(f"`{text}` is no day: write mon, tue, wed, thu, fri, sat, sun or a range such as mon-fri")
    start = WEEKDAYS.index(first)
    length = (WEEKDAYS.index(last) - start) % 7 + 1 if dash else 1
    return tuple((start + step) % 7 for step in range(length))


def read_times(text: str) -> tuple[tuple[int, int], ...]:
    """Return intervals of `09:00-13:00, 14:00-20:00` in minutes from midnight, the end not included.

    An end at or before its start lies on the next day (`22:00-06:00` is 1320, 1800). `closed` has no interval.
    """
    if text == "closed":
        return ()
    intervals = sorted(_interval(part.strip()) for part in text.split(","))
    for (_, end), (start, _) in pairwise(intervals):
        if start < end:
            raise ValueError(f"the times `{text}` overlap: join them into one")
    return tuple(intervals)


def read_week(text: str) -> tuple[tuple[int, int], ...]:
    """Return intervals of `mon-fri 12:00-13:00` or `sat,sun` in minutes from Monday's midnight, joined and sorted.

    Days as `read_days` has them, several by commas; then times as `read_times` has them, or none for the whole day.
    What goes past midnight belongs to the day on which it began; from Sunday it goes on at the week's beginning.
    """
    shape = _WEEK.fullmatch(text)
    if shape is None:
        raise ValueError(f"`{text}` names no time: write days, and times behind them, such as mon-fri 12:00-13:00")
    days = [day for part in shape[1].split(",") for day in read_days(part.strip())]
    if len(set(days)) < len(days):
        raise ValueError(f"`{text}` names a day twice: name each day once")
    found: list[tuple[int, int]] = []
    for day in days:
        for start, end in read_times(shape[2]) if shape[2] else ((0, DAY_MINUTES),):
            begin, over = day * DAY_MINUTES + start, max(0, day * DAY_MINUTES + end - WEEK_MINUTES)
            found += [(begin, day * DAY_MINUTES + end - over), *([(0, over)] if over else [])]
    joined: list[tuple[int, int]] = []
    for start, end in sorted(found):
        if joined and start <= joined[-1][1]:
            joined[-1] = joined[-1][0], max(end, joined[-1][1])
        else:
            joined.append((start, end))
    return tuple(joined)


def read_date(text: str) -> tuple[int | None, int, int]:
    """Return year, month and day of `2026-01-01`, or no year for `01-01`, which is every year's."""
    match = re.fullmatch(r"(?:(\d{4})-)?(\d\d)-(\d\d)", text, re.ASCII)
    if match is None:
        raise ValueError(f"`{text}` is no date: write 2026-01-01, or 01-01 for every year")
    year = int(match[1]) if match[1] else None
    try:
        date(year if year is not None else _LEAP_YEAR, int(match[2]), int(match[3]))
    except ValueError:
        raise ValueError(f"`{text}` is not in the calendar: write year-month-day") from None
    return year, int(match[2]), int(match[3])


def _interval(text: str) -> tuple[int, int]:
    match = re.fullmatch(_TIME, text) if text.isascii() else None
    if match is None:
        raise ValueError(f'`{text}` is no time: write "09:00-20:00", several by commas, or closed')
    hour, minute, end_hour, end_minute = (int(part) for part in match.groups())
    start, end = hour * 60 + minute, end_hour * 60 + end_minute
    if minute > 59 or end_minute > 59 or start >= DAY_MINUTES or end > DAY_MINUTES:
        raise ValueError(f"`{text}` is not on the clock: times run from 00:00 to 24:00")
    if start == end:
        raise ValueError(f"`{text}` is no time at all: write 00:00-24:00 for the whole day, or closed")
    return (start, end) if end > start else (start, end + DAY_MINUTES)
