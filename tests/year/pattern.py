"""When people call: the pattern of a year, of its weeks and of its days, in the site's own time (UTC+3 all year)."""

from __future__ import annotations

import math
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from random import Random

ZONE = timedelta(hours=3)
OPEN = {**dict.fromkeys(range(5), (9, 20)), 5: (10, 16)}
"""Opening hours by weekday; no Sunday."""
_WEEK = (1.18, 1.06, 1.0, 0.99, 0.93, 0.42, 0.06)
_HOLIDAYS = {(1, day) for day in range(1, 9)} | {(2, 23), (3, 8), (5, 1), (5, 9), (6, 12), (11, 4)}
_HOLIDAY = 0.06
_HOURS = (1, 1, 1, 1, 1, 2, 5, 16, 40, 88, 118, 112, 92, 84, 98, 104, 96, 84, 70, 50, 22, 12, 6, 3)
_SEASON = 0.18
_GROWTH = 0.12
_DAYS = 365


def opens(day: date) -> tuple[int, int] | None:
    """Return the hours of a day, None when it is a holiday or Sunday."""
    return None if (day.month, day.day) in _HOLIDAYS else OPEN.get(day.weekday())


def share(day: date) -> float:
    """Return how many calls the day has, in days of an average: more before the new year, a little more every year."""
    of_year = day.timetuple().tm_yday
    season = 1 + _SEASON * math.cos(2 * math.pi * (of_year - 335) / _DAYS)
    growth = 1 + _GROWTH * (of_year / _DAYS - 0.5)
    return season * growth * (_HOLIDAY if (day.month, day.day) in _HOLIDAYS else _WEEK[day.weekday()])


def shares(year: Sequence[date]) -> list[float]:
    """Return each day's part of all calls of these days."""
    parts = [share(day) for day in year]
    return [part / sum(parts) for part in parts]


def moments(day: date, count: int, chance: Random) -> list[int]:
    """Return when so many calls begin, in order, UTC microseconds."""
    midnight = int(datetime(day.year, day.month, day.day, tzinfo=UTC).timestamp()) - int(ZONE.total_seconds())
    hours = chance.choices(range(24), _HOURS, k=count)
    return sorted((midnight + hour * 3600) * 1_000_000 + int(chance.random() * 3_600_000_000) for hour in hours)


def around(mean: float, chance: Random) -> int:
    """Return a random count around a mean (normal, as a Poisson count is when it is not small)."""
    return max(0, round(chance.gauss(mean, math.sqrt(max(mean, 0.0)))))
