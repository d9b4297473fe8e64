"""Time conditions become the opening hours of a desk."""

from __future__ import annotations

import pytest

from ivr.migration.spans import read_span
from tests.unit.migration.made import desk, freepbx, lost, number

OPEN, CLOSED = "ext-queues,600,1", "app-blackhole,hangup,1"


def system(*conditions: tuple[str, list[str], str, str]):
    """Return a system whose number meets these conditions: id, times, the way in them, the way outside of them."""
    rows = [
        {"timeconditions_id": one, "displayname": f"C{one}", "time": one, "truegoto": during, "falsegoto": otherwise}
        for one, _, during, otherwise in conditions
    ]
    times = [{"timegroupid": one, "time": text} for one, texts, _, _ in conditions for text in texts]
    return freepbx(incoming=[number("timeconditions,1,1")], timeconditions=rows, timegroups_details=times)


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("09:00-17:59|mon-fri|*|*", {"mon-fri": "09:00-18:00"}),
        ("09:00-18:00|mon-fri|1-31|jan-dec", {"mon-fri": "09:00-18:00"}),
        ("22:00-06:00|fri-sat|*|*", {"fri-sat": "00:00-06:00, 22:00-24:00"}),
        ("*|sun|*|*", {"sun": "00:00-24:00"}),
        ("8:05-12:00|sat-mon|*|*", {"mon": "08:05-12:00", "sat-sun": "08:05-12:00"}),
        ("09:00-12:00&13:00-17:00|wed|*|*", {"wed": "09:00-12:00, 13:00-17:00"}),
    ],
)
def test_the_times_of_a_group_are_the_hours_of_the_desk(text, days):
    assert desk(system(("1", [text], OPEN, CLOSED))).hours.days == days


def test_a_holiday_before_the_week_closes_its_dates():
    found = system(
        ("1", ["*|*|25-26|dec", "00:00-23:59|*|1|jan"], CLOSED, "timeconditions,2,1"),
        ("2", ["09:00-17:59|mon-fri|*|*"], OPEN, CLOSED),
    )
    hours = desk(found).hours
    assert hours.holidays == {"01-01": "closed", "12-25": "closed", "12-26": "closed"}
    assert hours.days == {"mon-fri": "09:00-18:00"}
    assert lost(found) == ""


def test_a_night_that_leads_to_nobody_is_the_closed_time():
    assert desk(system(("1", ["18:00-08:59|*|*|*"], CLOSED, OPEN))).hours.days == {"mon-sun": "09:00-18:00"}


def test_a_lunch_before_the_week_is_cut_out_of_it():
    found = system(
        ("1", ["13:00-13:59|*|*|*"], CLOSED, "timeconditions,2,1"), ("2", ["09:00-17:59|mon|*|*"], OPEN, CLOSED)
    )
    assert desk(found).hours.days == {"mon": "09:00-13:00, 14:00-18:00"}


def test_a_group_without_times_is_left_out():
    found = system(("1", [], CLOSED, "timeconditions,2,1"), ("2", ["09:00-17:59|mon|*|*"], OPEN, CLOSED))
    assert desk(found).hours.days == {"mon": "09:00-18:00"}


def test_a_group_that_is_always_open_needs_no_hours():
    assert desk(system(("1", ["*|*|*|*"], OPEN, CLOSED))).hours is None


def test_times_that_no_desk_can_have_are_named():
    found = system(("1", ["09:00-18:00|mon|1|jan", "nonsense", "09:00-17:59|tue|*|*"], OPEN, CLOSED))
    assert desk(found).hours.days == {"tue": "09:00-18:00"}
    assert "timeconditions 1: the times `09:00-18:00|mon|1|jan` (weekdays and dates together" in lost(found)
    assert "`nonsense`" in lost(found)


def test_another_way_of_the_closed_is_named():
    found = system(
        ("1", ["*|*|25|dec"], "ext-local,vmu101,1", "timeconditions,2,1"),
        ("2", ["09:00-17:59|mon-fri|*|*"], OPEN, CLOSED),
    )
    assert desk(found).hours.closed.then == "hang up"
    assert "timeconditions 1: callers outside of these hours went another way" in lost(found)


@pytest.mark.parametrize(
    "text", ["25:00-26:00|*|*|*", "9-17|*|*|*", "*|xyz|*|*", "*|*|40|*", "a", "*|*|*|foo", "09:99-10:00|*|*|*"]
)
def test_what_is_no_time_is_refused_with_a_reason(text):
    with pytest.raises(ValueError, match=r"\w"):
        read_span(text)
