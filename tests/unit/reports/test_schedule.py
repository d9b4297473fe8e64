"""When a scheduled report is due."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.reports.schedule import next_due, periods_due

MOSCOW = ZoneInfo("Europe/Moscow")
BERLIN = ZoneInfo("Europe/Berlin")


def due(every, since, now, at=time(8), zone=MOSCOW):
    return [(one.first, one.behind) for one in periods_due(every, at, zone, since=since, now=now)]


def moscow(*when):
    return datetime(*when, tzinfo=MOSCOW)


def test_a_day_is_reported_on_the_next_morning_and_not_before():
    since = moscow(2026, 11, 20, 12)
    assert due("day", since, moscow(2026, 11, 21, 7, 59)) == []
    assert due("day", since, moscow(2026, 11, 21, 8)) == [(date(2026, 11, 20), date(2026, 11, 21))]


def test_who_begins_in_the_morning_gets_no_report_that_was_due_before():
    assert due("day", moscow(2026, 11, 20, 8), moscow(2026, 11, 20, 9)) == []


def test_a_week_goes_from_monday_to_monday():
    assert due("week", moscow(2026, 11, 18), moscow(2026, 11, 23, 8)) == [(date(2026, 11, 16), date(2026, 11, 23))]


def test_a_month_is_reported_on_the_first_of_the_next_one():
    found = due("month", moscow(2026, 1, 15), moscow(2026, 3, 1, 8))
    assert found == [(date(2026, 1, 1), date(2026, 2, 1)), (date(2026, 2, 1), date(2026, 3, 1))]


def test_a_time_that_the_clock_leaps_over_is_due_once():
    found = list(
        periods_due(
            "day",
            time(2, 30),
            BERLIN,
            since=datetime(2026, 3, 28, 12, tzinfo=UTC),
            now=datetime(2026, 3, 30, tzinfo=UTC),
        )
    )
    assert [one.first for one in found] == [date(2026, 3, 28)]


@pytest.mark.parametrize("every", ["day", "week", "month"])
@given(begin=st.integers(0, 900), steps=st.lists(st.integers(1, 4000), max_size=12), hour=st.integers(0, 23))
def test_however_often_one_looks_each_period_is_due_once(every, begin, steps, hour):
    since = datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=begin)
    looked, found = since, []
    for step in steps:
        now = looked + timedelta(minutes=step)
        found += due(every, looked, now, time(hour), BERLIN)
        looked = now
    assert found == due(every, since, looked, time(hour), BERLIN)
    assert all(one[1] == other[0] for one, other in pairwise(found))


def test_the_next_report_is_told():
    assert next_due("week", time(8), MOSCOW, moscow(2026, 11, 21)) == moscow(2026, 11, 23, 8)
    assert next_due("day", time(8), MOSCOW, moscow(2026, 11, 21, 8)) == moscow(2026, 11, 22, 8)
