"""Whether an agent's day is out of his own pattern.

A day is compared with his own last days of the same weekday, never with other people's. The measure is the modified
z-score over median and median absolute deviation (B. Iglewicz and D. Hoaglin, "How to detect and handle outliers",
1993: beyond 3.5 is out), because one odd day among eight must not hide the next one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from statistics import median

from ivr.reports.catalogue import CATALOGUE
from ivr.reports.metric import Unit

DAYS = 8
"""So many days of the same weekday are looked back at."""
WEEKS = 10
"""As far as they may lie: what somebody did before that is no habit of his any more."""
FEWEST = 4
"""With fewer of them he has no pattern yet."""
LIMIT = 3.5
_NORMAL = 0.6745
"""Of a normal distribution the median absolute deviation is this many standard deviations."""
_LEAST_SPREAD = 0.05
"""Of the median: who does the same every week is not out of pattern for a minute more."""
_FLOORS: Mapping[Unit, float] = {"seconds": 60.0, "count": 1.0, "share": 0.01, "money": 0.01, "per call": 0.01}
WATCHED = ("hours", "talks_in", "talks_out", "talk_time", "hold_time", "wrap_up_time", "paused_time", "offers_missed")
"""The metrics of an agent's day that are watched unless others are named."""


@dataclass(frozen=True, slots=True)
class Flag:
    """A number of a day that is out of pattern."""

    metric: str
    value: float
    usual: float
    """The median of his days of that weekday."""
    low: float
    high: float
    """Between these a value would have been in pattern."""
    days: int
    """How many days the pattern is made of."""
    why: str
    short: str
    """The same in a few words."""


def looked_back_at(days: Iterable[date]) -> set[date]:
    """Return the days of which these may be out of pattern, and they themselves."""
    return {day - timedelta(days=7 * week) for day in days for week in range(WEEKS + 1)}


def out_of_pattern(
    days: Mapping[date, Mapping[str, float | None]], day: date, metrics: Iterable[str] = WATCHED
) -> list[Flag]:
    """Return what is out of pattern on an agent's day.

    `days` are his numbers by metric id; a day on which he was not there is not in it, and no part of his pattern.
    """
    before = _same_weekdays(days, day)
    flags = []
    for name in metrics:
        value = days.get(day, {}).get(name)
        had = [number for then in before if (number := days[then].get(name)) is not None]
        if value is not None and len(had) >= FEWEST and (flag := _judge(name, value, had, day)):
            flags.append(flag)
    return flags


def _same_weekdays(days: Mapping[date, Mapping[str, float | None]], day: date) -> list[date]:
    weeks = (day - timedelta(days=7 * week) for week in range(1, WEEKS + 1))
    return [then for then in weeks if then in days][:DAYS]


def _judge(name: str, value: float, had: Sequence[float], day: date) -> Flag | None:
    unit = CATALOGUE[name].unit
    usual = median(had)
    spread = median(abs(number - usual) for number in had)
    spread = max(spread, _LEAST_SPREAD * abs(usual), _FLOORS[unit])
    reach = LIMIT * spread / _NORMAL
    low, high = max(0.0, usual - reach), usual + reach
    if low <= value <= high:
        return None
    word = "more" if value > high else "less"
    span = f"{_told(min(had), unit)} to {_told(max(had), unit)}"
    why = (
        f"{CATALOGUE[name].name.lower()} {_told(value, unit)}, {word} than on his {day:%A}s: "
        f"usually {_told(usual, unit)}, {span} on the last {len(had)}"
    )
    as_usual = f"his usual {day:%A} ({_told(usual, unit)})"
    times = f"{value / usual:.1f} × {as_usual}" if usual else f"{_told(value, unit)}, on his {day:%A}s usually none"
    return Flag(name, value, usual, low, high, len(had), why, f"{CATALOGUE[name].name.lower()} {times}")


def _told(value: float, unit: Unit) -> str:
    if unit == "share":
        return f"{100 * value:.1f} %"
    if unit != "seconds":
        return f"{value:.10g}"
    if value < 90:
        return f"{value:.0f} s"
    minutes = round(value / 60)
    return f"{minutes // 60} h {minutes % 60:02} min" if minutes >= 60 else f"{minutes} min"
