"""The calls of one number: what it is owed, when it was returned, and whether it had to call again."""

from __future__ import annotations

import pytest

from ivr.reports.catalogue import metric
from ivr.reports.contacts import (
    LEAST_TALK,
    WINDOW,
    Contact,
    contact_of,
    first_contacts,
    missed_rows,
)
from tests.contact_oracle import debt, number_totals, repeats
from tests.made_calls import SECOND, between_agents, golden

HOUR = 3600 * SECOND
DAY = 24 * HOUR


def missed(at, name="", **more):
    return Contact(name or f"m{at}", "+7812", at, "in", missed=True, talked=0, talked_at=None, **more)


def talk(at, length=60 * SECOND, direction="in", name="", **more):
    return Contact(name or f"t{at}", "+7812", at, direction, missed=False, talked=length, talked_at=at, **more)


def tried(at):
    return Contact(f"o{at}", "+7812", at, "out", missed=False, talked=0, talked_at=None)


def test_a_missed_caller_is_owed_until_somebody_talks_with_him_however_long_ago_it_was():
    assert debt([missed(0)]).first_at == 0
    assert debt([missed(0), talk(400 * DAY)]) is None


@pytest.mark.parametrize("direction", ["in", "out"])
def test_a_talk_in_either_direction_settles_it(direction):
    (row,) = missed_rows([missed(0), talk(HOUR, direction=direction, agent="201")])
    assert (row.returned_at, row.returned_by, row.returned_call) == (HOUR, "201", f"t{HOUR}")


def test_a_talk_shorter_than_the_least_settles_nothing():
    assert debt([missed(0), talk(HOUR, LEAST_TALK - 1)])
    assert debt([missed(0), talk(HOUR, LEAST_TALK)]) is None


def test_missed_calls_in_a_row_are_one_debt_from_the_first_with_all_its_calls_and_our_tries():
    row = debt([missed(0), tried(1), missed(HOUR, line="second"), tried(2 * HOUR)])
    assert (row.first_at, row.last_at, row.calls, row.tries, row.line) == (0, HOUR, ("m0", f"m{HOUR}"), 2, "second")


def test_a_missed_call_after_the_talk_is_a_new_debt():
    rows = missed_rows([missed(0), talk(HOUR), missed(2 * HOUR)])
    assert [row.returned_at for row in rows] == [HOUR, None]
    assert debt([talk(0), missed(HOUR)]).first_at == HOUR


def test_the_order_in_which_calls_are_given_makes_no_difference():
    calls = [missed(0), talk(HOUR), missed(2 * HOUR), tried(3 * HOUR)]
    assert missed_rows(calls) == missed_rows(calls[::-1])


def test_a_talk_that_began_during_the_missed_call_settles_it():
    ours = Contact("o", "+7812", -5, "out", missed=False, talked=60 * SECOND, talked_at=10 * SECOND)
    assert debt([missed(0), ours]) is None


def test_an_answered_call_whose_number_calls_again_about_the_same_is_not_resolved():
    calls = [talk(0, name="a", category="claim"), missed(2 * DAY, "b", category="claim")]
    assert first_contacts(calls, 30 * DAY) == [("a", "b")]


def test_another_category_a_later_week_and_our_own_call_do_not_count_against_it():
    calls = [
        talk(0, name="a", category="claim"),
        talk(DAY, name="b", category="product"),
        talk(2 * DAY, direction="out", category="claim"),
        talk(WINDOW, name="c", category="claim"),
    ]
    assert first_contacts(calls, 30 * DAY)[0] == ("a", "")


def test_a_call_that_is_younger_than_the_window_is_not_judged_yet():
    assert first_contacts([talk(0)], WINDOW - 1) == []


def test_repeats_are_the_calls_within_the_window_after_another():
    assert repeats([missed(0, "a"), talk(DAY, name="b"), talk(DAY + WINDOW, name="c")]) == ["b"]


def test_the_metrics_of_numbers_are_read_from_what_the_numbers_contribute():
    one = number_totals([missed(0), talk(HOUR), missed(2 * HOUR)], 30 * DAY)
    other = number_totals([talk(0, category="a"), talk(DAY, category="a")], 30 * DAY)
    totals = one + other
    assert metric("missed_debt").value(totals) == 1
    assert metric("return_rate").value(totals) == 0.5
    assert metric("return_time").value(totals) == 3600
    # Judged: three answered calls. The first came back missed two hours later, the second the day after.
    assert metric("fcr").value(totals) == pytest.approx(1 / 3)
    assert metric("repeat_rate").value(totals) == pytest.approx(3 / 5)


def test_a_call_becomes_a_contact_only_with_a_number_and_from_outside():
    told = contact_of(golden("caller_leaves_while_ringing"))
    assert (told.direction, told.missed, told.line, told.talked_at) == ("in", True, "first", None)
    assert contact_of(between_agents()) is None
    assert contact_of(golden("caller_leaves_in_menu")._replace(caller="")) is None
