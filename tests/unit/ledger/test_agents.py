"""Agents' time, as a function of acts and legs."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.ledger.agents import Act, Standing, Stay, spans_of

S = 1_000_000
RANKS = {"offered": 1, "talking": 2, "hold": 3}


def act(at, name, reason="", record=0):
    return Act("201", at * S, record or at, 0, name, reason)


def stay(began, ended, state="talking", call="c", wrap=0):
    return Stay(began * S, None if ended is None else ended * S, RANKS[state], state, call, wrap * S)


def told(spans):
    """Return spans in seconds, as `0-5 ready`."""
    return [
        f"{span.began_at // S}-{'' if span.ended_at is None else span.ended_at // S} {span.state}"
        + (f" {span.reason}" if span.reason else "")
        for span in spans
    ]


def times(*news, **begin):
    acts = [one for one in news if isinstance(one, Act)]
    return told(spans_of("201", acts, [one for one in news if isinstance(one, Stay)], **begin))


def test_a_day_of_work_is_one_chain_of_spans():
    assert times(
        act(0, "signed_in"),
        stay(10, 14, "offered"),
        stay(14, 60, wrap=15),
        act(100, "paused", "lunch"),
        act(200, "ready"),
        act(300, "signed_out"),
    ) == [
        "0-10 ready",
        "10-14 offered",
        "14-60 talking",
        "60-75 wrap-up",
        "75-100 ready",
        "100-200 paused lunch",
        "200-300 ready",
        "300- signed out",
    ]


def test_nobody_has_time_before_he_has_come():
    assert times(act(0, "unreachable"), act(5, "signed_out")) == []
    assert times(act(0, "unreachable"), act(5, "reachable")) == ["5- ready"]
    assert times(stay(3, 4, "offered")) == ["3-4 offered", "4- ready"]


def test_the_wrap_up_ends_with_the_next_offer_and_does_not_come_back():
    assert times(stay(0, 10, wrap=30), stay(15, 20, "offered")) == [
        "0-10 talking",
        "10-15 wrap-up",
        "15-20 offered",
        "20- ready",
    ]


@pytest.mark.parametrize(
    ("name", "then"), [("ready", "ready"), ("paused", "paused"), ("signed_out", "signed out"), ("signed_in", "ready")]
)
def test_an_act_ends_the_wrap_up(name, then):
    assert times(stay(0, 10, wrap=30), act(12, name)) == ["0-10 talking", "10-12 wrap-up", f"12- {then}"]


def test_the_wrap_up_of_a_talk_that_is_just_over_goes_on_into_the_future():
    assert times(stay(0, 10, wrap=15)) == ["0-10 talking", "10-25 wrap-up", "25- ready"]


def test_who_paused_or_left_during_the_talk_has_no_wrap_up():
    assert times(stay(0, 10, wrap=15), act(5, "paused", "lunch")) == ["0-10 talking", "10- paused lunch"]
    assert times(stay(0, 10, wrap=15), act(5, "signed_out")) == ["0-10 talking", "10- signed out"]


def test_hold_covers_the_talk_around_it_and_wrap_up_comes_behind_both():
    expected = ["0-5 talking", "5-8 hold", "8-10 talking", "10-12 wrap-up", "12- ready"]
    assert times(stay(0, 10, wrap=2), stay(5, 8, "hold")) == expected
    assert times(stay(0, 5, wrap=2), stay(5, 8, "hold", wrap=2), stay(8, 10, wrap=2)) == expected


def test_who_pauses_and_puts_his_telephone_away_pauses_still():
    assert times(
        act(0, "signed_in"), act(1, "paused", "lunch"), act(2, "unreachable"), act(3, "ready"), act(4, "reachable")
    ) == ["0-1 ready", "1-3 paused lunch", "3-4 unreachable", "4- ready"]


def test_a_restart_ends_a_pause_that_asterisk_has_lost_and_brings_nobody_who_was_never_here():
    assert times(act(0, "paused", "lunch"), act(5, "present")) == ["0-5 paused lunch", "5- ready"]
    assert times(act(5, "present")) == []


def test_the_same_news_twice_changes_nothing():
    assert times(act(0, "signed_in"), act(1, "signed_in"), act(2, "paused", "a"), act(3, "paused", "a")) == [
        "0-2 ready",
        "2- paused a",
    ]


def until(one):
    return 10**12 if one.ended_at is None else one.ended_at


MOMENTS = st.integers(0, 40)
ACTS = st.lists(
    st.builds(
        lambda at, name, reason, record: act(at, name, reason if name == "paused" else "", record),
        MOMENTS,
        st.sampled_from(["signed_in", "signed_out", "paused", "ready", "present", "reachable", "unreachable"]),
        st.sampled_from(["", "lunch"]),
        st.integers(1, 1000),
    ),
    max_size=12,
    unique_by=lambda one: one.record,
)
STAYS = st.lists(
    st.builds(
        lambda began, length, state, call, wrap: stay(
            began, None if length is None else began + length, state, call, 0 if state == "offered" else wrap
        ),
        MOMENTS,
        st.none() | st.integers(0, 8),
        st.sampled_from(list(RANKS)),
        st.sampled_from("abc"),
        st.sampled_from([0, 3]),
    ),
    max_size=8,
)


@given(ACTS, STAYS)
def test_spans_leave_no_hole_and_never_overlap(acts, stays):
    spans = spans_of("201", acts, stays)
    assert all(one.ended_at == two.began_at > one.began_at for one, two in pairwise(spans))
    assert all(one[3:] != two[3:] for one, two in pairwise(spans))
    assert not spans or spans[-1].ended_at is None
    for one in stays:
        covered = sum(
            max(0, min(until(span), until(one)) - max(span.began_at, one.began_at))
            for span in spans
            if RANKS.get(span.state, 0) >= one.rank
        )
        assert covered == until(one) - one.began_at


@given(ACTS, STAYS)
def test_a_walk_that_begins_in_the_middle_gives_what_the_whole_walk_gives_from_there(acts, stays):
    whole = spans_of("201", acts, stays)
    for place, span in enumerate(whole):
        if span.state == "wrap-up":
            continue
        standing = Standing(begun=True)
        for one in sorted(acts, key=lambda one: (one.at, one.record)):
            if one.at < span.began_at:
                standing = standing.after(one)._replace(begun=True)
        later_acts = [one for one in acts if one.at >= span.began_at]
        part = spans_of("201", later_acts, stays, since=span.began_at, standing=standing)
        assert part == whole[place:]


@given(ACTS, STAYS, st.randoms())
def test_the_order_in_which_the_news_came_does_not_matter(acts, stays, chance):
    whole = spans_of("201", acts, stays)
    chance.shuffle(acts)
    chance.shuffle(stays)
    assert spans_of("201", acts, stays) == whole
