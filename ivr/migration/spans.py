"""Asterisk's times: `09:00-17:59|mon-fri|*|*`, as a time group and GotoIfTime write them, read into plain values."""

from __future__ import annotations

import re
from datetime import date
from typing import NamedTuple

DAY = 24 * 60
WEEK = 7 * DAY
_DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_TIME = re.compile(r"(\d{1,2}):(\d{2})", re.ASCII)
_MOST_DATES = 62
_LEAP_YEAR = 2024


class Span(NamedTuple):
    """Times of a day, on weekdays or on dates."""

    times: tuple[tuple[int, int], ...]
    """Minutes from midnight, the end not included; none goes past midnight."""
    days: tuple[int, ...]
    """0 = Monday."""
    dates: tuple[str, ...]
    """`12-25`, every year's; empty when no date is meant."""

    @property
    def whole_day(self) -> bool:
        """Say whether it is all day long."""
        return self.times == ((0, DAY),)


def read_span(text: str) -> Span:
    """Read one span. Raises `ValueError` with what is wrong."""
    parts = [part.strip().lower() for part in re.split(r"[|,]", text)]
    if len(parts) < 4:
        raise ValueError("it has no four parts: time, weekdays, days of the month, months")
    times, weekdays, days, months = parts[:4]
    week = _range(weekdays, _DAYS)
    dates = _dates(days, months)
    if dates and len(week) < 7:
        raise ValueError("weekdays and dates together: a desk has the one or the other")
    return Span(_times(times), week, dates)


def minutes_of(span: Span) -> set[int]:
    """Return the minutes of the week, from Monday's midnight."""
    return {day * DAY + minute for day in span.days for start, end in span.times for minute in range(start, end)}


def _times(text: str) -> tuple[tuple[int, int], ...]:
    if text in ("*", ""):
        return ((0, DAY),)
    found: list[tuple[int, int]] = []
    for part in text.split("&"):
        first, dash, last = part.partition("-")
        start, end = _minute(first), _minute(last if dash else first)
        # The last minute counts in Asterisk. 17:59 was meant as 18:00, and 18:00 as 18:00.
        end += end % 5 == 4
        if start < end:
            found.append((start, end))
        else:
            # Past midnight it is still this weekday for Asterisk: its night begins before its evening.
            found += [(0, end)] if end else []
            found.append((start, DAY))
    return tuple(sorted(set(found)))


def _minute(text: str) -> int:
    found = _TIME.fullmatch(text.strip())
    if not found or int(found[1]) > 24 or int(found[2]) > 59:
        raise ValueError(f"`{text}` is no time")
    return min(int(found[1]) * 60 + int(found[2]), DAY)


def _range(text: str, names: tuple[str, ...]) -> tuple[int, ...]:
    """Return places in a list of names, or of numbers from 1 when there are none."""
    if text in ("*", ""):
        return tuple(range(len(names)))
    found: set[int] = set()
    for part in text.split("&"):
        first, dash, last = part.partition("-")
        start = _place(first, names)
        length = (_place(last, names) - start) % len(names) if dash else 0
        found |= {(start + step) % len(names) for step in range(length + 1)}
    return tuple(sorted(found))


def _place(text: str, names: tuple[str, ...]) -> int:
    word = text.strip()[:3]
    if word not in names:
        raise ValueError(f"`{text}` is none of {', '.join(names[:3])} …")
    return names.index(word)


def _dates(days: str, months: str) -> tuple[str, ...]:
    numbers = tuple(str(number) for number in range(1, 32))
    of_month, of_year = _range(days, numbers), _range(months, _MONTHS)
    if len(of_month) == 31 and len(of_year) == 12:
        return ()
    found = []
    for month in of_year:
        for day in of_month:
            try:
                found.append(f"{date(_LEAP_YEAR, month + 1, day + 1):%m-%d}")
            except ValueError:
                continue
    if len(found) > _MOST_DATES:
        raise ValueError(f"it means {len(found)} dates of a year: a desk names holidays one by one")
    return tuple(found)
