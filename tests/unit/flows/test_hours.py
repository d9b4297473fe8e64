"""Opening hours: a pure function of a moment."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.flows.hours import is_open
from ivr.flows.model import Hours
from ivr.flows.times import read_date, read_days, read_times

BERLIN = "Europe/Berlin"


def hours(days: dict[str, str], holidays: dict[str, str] | None = None) -> Hours:
    return Hours.model_validate({**days, "holidays": holidays or {}, "closed": "hang up"})


def at(text: str, zone: str = BERLIN) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone))


WEEK = hours({"mon-thu": "09:00-13:00, 14:00-18:00", "fri": "22:00-02:00", "sun": "closed"})


@pytest.mark.parametrize(
    ("moment", "open_"),
    [
        ("2026-03-02 08:59:59", False),
        ("2026-03-02 09:00:00", True),
        ("2026-03-02 12:59:59", True),
        ("2026-03-02 13:00:00", False),
        ("2026-03-02 14:00:00", True),
        ("2026-03-05 17:59:00", True),
        ("2026-03-06 12:00:00", False),  # friday is open at night
        ("2026-03-06 23:00:00", True),
        ("2026-03-07 01:59:00", True),  # friday's night, on saturday
        ("2026-03-07 02:00:00", False),
        ("2026-03-07 12:00:00", False),  # a day that is not named
        ("2026-03-08 12:00:00", False),  # a day that is named closed
    ],
)
def test_a_desk_is_open_within_its_intervals_the_end_excluded(moment, open_):
    assert is_open(WEEK, BERLIN, at(moment)) is open_


def test_a_desk_without_hours_is_always_open():
    assert is_open(None, BERLIN, at("2026-03-02 03:00"))


def test_the_whole_day_has_no_gap_at_midnight():
    always = hours({"mon-sun": "00:00-24:00"})
    assert all(is_open(always, BERLIN, at("2026-03-02 23:59:59") + timedelta(seconds=step)) for step in range(3))


def test_the_moment_is_taken_to_the_desks_own_zone():
    desk = hours({"mon": "09:00-10:00"})
    assert is_open(desk, "Asia/Tokyo", datetime(2026, 3, 2, 0, 30, tzinfo=UTC))
    assert not is_open(desk, BERLIN, datetime(2026, 3, 2, 0, 30, tzinfo=UTC))


def test_a_moment_without_a_zone_is_refused():
    with pytest.raises(ValueError, match="no time zone"):
        is_open(WEEK, BERLIN, datetime(2026, 3, 2, 9, 0))  # noqa: DTZ001 - this is the mistake


class TestHolidays:
    desk = hours(
        {"mon-sun": "09:00-18:00"},
        {"01-01": "closed", "2027-01-01": "10:00-12:00", "12-31": "22:00-03:00", "02-29": "closed"},
    )

    def test_a_day_without_a_year_comes_every_year(self):
        assert not is_open(self.desk, BERLIN, at("2026-01-01 10:30"))
        assert not is_open(self.desk, BERLIN, at("2028-01-01 10:30"))

    def test_a_date_with_a_year_wins_over_every_years(self):
        assert is_open(self.desk, BERLIN, at("2027-01-01 10:30"))
        assert not is_open(self.desk, BERLIN, at("2027-01-01 12:30"))

    def test_an_evening_goes_on_into_a_holiday(self):
        assert is_open(self.desk, BERLIN, at("2026-01-01 02:59"))
        assert not is_open(self.desk, BERLIN, at("2026-01-01 03:00"))

    def test_a_holiday_of_a_leap_year_harms_no_other_year(self):
        assert not is_open(self.desk, BERLIN, at("2028-02-29 10:00"))
        assert is_open(self.desk, BERLIN, at("2026-03-01 10:00"))


class TestClockChange:
    """Berlin: 2026-03-29 has no 02:30, 2026-10-25 has it twice."""

    night = hours({"sun": "01:30-03:30"})

    def test_the_skipped_hour_is_no_time(self):
        moments = [datetime(2026, 3, 29, 0, 30, tzinfo=UTC) + timedelta(minutes=step) for step in range(120)]
        assert sum(is_open(self.night, BERLIN, moment) for moment in moments) == 60

    def test_the_doubled_hour_counts_twice(self):
        moments = [datetime(2026, 10, 24, 23, 0, tzinfo=UTC) + timedelta(minutes=step) for step in range(300)]
        assert sum(is_open(self.night, BERLIN, moment) for moment in moments) == 180

    def test_a_working_day_begins_by_the_wall_clock_on_both_sides_of_a_change(self):
        desk = hours({"mon-sun": "09:00-10:00"})
        for day in ("2026-03-28", "2026-03-29", "2026-10-25", "2026-10-26"):
            assert not is_open(desk, BERLIN, at(f"{day} 08:59"))
            assert is_open(desk, BERLIN, at(f"{day} 09:00"))


def test_days_are_read_as_ranges_also_over_sunday():
    assert read_days("mon-fri") == (0, 1, 2, 3, 4)
    assert read_days("sat-mon") == (5, 6, 0)
    assert read_days("sun") == (6,)


def test_times_over_midnight_end_on_the_next_day():
    assert read_times("22:00-06:00, 09:00-10:00") == ((540, 600), (1320, 1800))
    assert read_times("closed") == ()


def test_dates_have_a_year_or_none():
    assert read_date("2026-05-01") == (2026, 5, 1)
    assert read_date("05-01") == (None, 5, 1)


@given(st.text(max_size=20), st.sampled_from([read_days, read_times, read_date]))
def test_any_other_writing_is_refused_with_a_cure(text, read):
    try:
        read(text)
    except ValueError as error:
        assert ": " in str(error)  # noqa: PT017 - most texts are refused, a few are right


@given(st.datetimes(datetime(2025, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)))  # noqa: DTZ001
def test_being_open_is_the_same_in_whichever_zone_a_moment_is_written(moment):
    assert is_open(WEEK, BERLIN, moment) == is_open(WEEK, BERLIN, moment.astimezone(ZoneInfo("Asia/Kathmandu")))
