"""Whether a desk is open: a pure function of a moment."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from ivr.flows.model import Hours
from ivr.flows.times import DAY_MINUTES, read_date, read_days, read_times


def is_open(hours: Hours | None, time_zone: str, moment: datetime) -> bool:
    """Say whether a desk with these hours is open at a moment, which must know its own zone.

    Times are those of the wall clock in `time_zone`; so on the days when the clock changes the hour that happens
    twice counts twice, and the one that is skipped does not. A desk without hours is always open. A holiday's times
    replace its weekday's; what began on the evening before goes on past midnight.
    """
    if moment.tzinfo is None:
        raise ValueError("the moment has no time zone")
    if hours is None:
        return True
    local = moment.astimezone(ZoneInfo(time_zone))
    minute = local.hour * 60 + local.minute
    today = local.date()
    return any(start <= minute < end for start, end in _intervals(hours, today)) or any(
        minute < end - DAY_MINUTES for _, end in _intervals(hours, today - timedelta(days=1))
    )


def _intervals(hours: Hours, day: date) -> tuple[tuple[int, int], ...]:
    for written, times in sorted(hours.holidays.items(), key=lambda item: -len(item[0])):
        # A date with a year is longer, and says more, than every year's.
        year, month, number = read_date(written)
        if (month, number) == (day.month, day.day) and year in {None, day.year}:
            return read_times(times)
    return next((read_times(times) for days, times in hours.days.items() if day.weekday() in read_days(days)), ())
