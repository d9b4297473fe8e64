"""A day out of an agent's own pattern is told, with the reason; an ordinary one is not."""

from __future__ import annotations

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from ivr.reports.catalogue import CATALOGUE
from ivr.reports.pattern import WATCHED, out_of_pattern

MONDAY = date(2026, 11, 16)
HOUR = 3600.0


def weeks(*values, name="hours"):
    """Return his Mondays, the newest first, and values of other days that must not matter."""
    days = {MONDAY - timedelta(days=7 * week): {name: value} for week, value in enumerate(values)}
    return days | {MONDAY - timedelta(days=1): {name: 0.0}, MONDAY - timedelta(days=2): {name: 99 * HOUR}}


def test_half_a_day_after_eight_whole_ones_is_out_of_pattern_and_says_why():
    hours = [8.0, 8.1, 7.9, 8.0, 8.2, 7.8, 8.0, 8.1]
    (flag,) = out_of_pattern(weeks(4 * HOUR, *(HOUR * value for value in hours)), MONDAY, ["hours"])
    assert flag.value == 4 * HOUR
    assert flag.usual == 8 * HOUR
    assert flag.why == (
        "hours signed in 4 h 00 min, less than on his Mondays: usually 8 h 00 min, "
        "7 h 48 min to 8 h 12 min on the last 8"
    )


def test_an_ordinary_day_is_in_pattern():
    assert out_of_pattern(weeks(*[8 * HOUR + 600 * step for step in (1, 0, 2, -1, 3, 0, -2, 1, 0)]), MONDAY) == []


def test_one_odd_day_among_the_eight_does_not_hide_the_next():
    assert out_of_pattern(weeks(2 * HOUR, 2 * HOUR, *[8 * HOUR] * 7), MONDAY, ["hours"])


def test_who_does_the_same_every_week_is_not_out_of_pattern_for_a_minute():
    assert out_of_pattern(weeks(8 * HOUR + 60, *[8 * HOUR] * 8), MONDAY) == []


def test_with_fewer_than_four_days_there_is_no_pattern():
    assert out_of_pattern(weeks(HOUR, *[8 * HOUR] * 3), MONDAY) == []
    assert out_of_pattern(weeks(HOUR, *[8 * HOUR] * 4), MONDAY)


def test_only_the_last_eight_count_and_days_on_which_he_was_away_do_not():
    old = weeks(8 * HOUR, *[8 * HOUR] * 8, *[2 * HOUR] * 20)
    assert out_of_pattern(old, MONDAY) == []
    with_holiday = {day: hours for day, hours in old.items() if day != MONDAY - timedelta(days=14)}
    assert out_of_pattern(with_holiday, MONDAY) == []


def test_counts_are_told_as_counts():
    (flag,) = out_of_pattern(weeks(30, *[3, 4, 2, 3, 5, 3, 4, 3], name="offers_missed"), MONDAY)
    assert flag.why.startswith("offers missed 30, more than on his Mondays: usually 3, 2 to 5 on the last 8")


@given(st.lists(st.floats(min_value=0, max_value=1e5), min_size=4, max_size=9), st.floats(min_value=0, max_value=1e5))
def test_a_flags_value_lies_outside_its_bounds_and_the_usual_one_between_them(had, value):
    for flag in out_of_pattern(weeks(value, *had), MONDAY, ["hours"]):
        assert not flag.low <= flag.value <= flag.high
        assert flag.low <= flag.usual <= flag.high
        assert flag.why


def test_every_watched_metric_is_in_the_catalogue():
    assert set(WATCHED) <= set(CATALOGUE)
