"""A call is taken for lost only when Asterisk has nothing of it, long enough, and the ledger knows all until then."""

from __future__ import annotations

from collections.abc import Collection

import pytest

from ivr.desk.count_living import Living
from ivr.desk.reconcile import AGAIN, APART, MOST, YOUNGEST, Lost, OpenCall, Reconciling

SECOND = 1_000_000
BEGAN = 1_795_282_440 * SECOND
CALL = OpenCall("d-1.1", BEGAN, frozenset({"d-1.1"}))
T0 = BEGAN + 2 * YOUNGEST


class Desk:
    """A ledger with open calls, and looks at an Asterisk."""

    def __init__(self, *calls: OpenCall) -> None:
        self.calls = list(calls or (CALL,))
        self.reconciling = Reconciling()
        self.asked: list[str] = []

    def look(self, at: int, *living: Living, complete_to: int | None = None) -> list[Lost]:
        def channels(name: str) -> Collection[str]:
            self.asked.append(name)
            return {name, "d-1.2"}

        until = at if complete_to is None else complete_to
        return self.reconciling.look(at, living, self.calls, until, channels)


def test_a_call_of_which_no_channel_lives_in_looks_thirty_seconds_apart_is_lost():
    desk = Desk()
    assert desk.look(T0) == []
    assert desk.look(T0 + APART - 1) == []
    assert desk.look(T0 + APART) == [Lost("d-1.1", 0)]


def test_one_look_that_shows_it_begins_the_time_anew():
    desk = Desk()
    desk.look(T0)
    desk.look(T0 + 20 * SECOND, Living("d-1.1", "d-1.1"))
    assert desk.look(T0 + APART) == []
    assert desk.look(T0 + APART + 1) == []
    assert desk.look(T0 + 2 * APART) == [Lost("d-1.1", T0 + 20 * SECOND)]


def test_a_look_that_was_missed_begins_the_time_anew():
    desk = Desk()
    desk.look(T0)
    desk.reconciling.forget()
    assert desk.look(T0 + APART) == []


def test_a_young_call_is_left_alone():
    desk = Desk()
    desk.look(BEGAN + SECOND)
    assert desk.look(BEGAN + YOUNGEST - 1) == []
    assert desk.look(BEGAN + YOUNGEST) == [Lost("d-1.1", 0)]


def test_an_end_that_is_not_loaded_yet_is_no_lost_one():
    desk = Desk()
    desk.look(T0)
    assert desk.look(T0 + APART, complete_to=T0 - 1) == []
    assert desk.look(T0 + 2 * APART, complete_to=T0) == [Lost("d-1.1", 0)]


@pytest.mark.parametrize("alive", [Living("d-9.9", "d-1.1"), Living("d-1.2", "d-0.5")])
def test_a_channel_that_lives_under_another_name_keeps_it_open(alive):
    """The channel has the call's linkedid, or it is one of its channels in a call that it has just joined."""
    desk = Desk()
    desk.look(T0, alive)
    assert desk.look(T0 + APART, alive) == []
    assert desk.look(T0 + 2 * APART, alive) == []


def test_a_verdict_is_given_once_and_again_only_when_it_has_not_arrived_for_long():
    desk = Desk()
    desk.look(T0)
    first = T0 + APART
    assert len(desk.look(first)) == 1
    assert desk.look(first + 10 * SECOND) == []
    assert desk.look(first + AGAIN - 1) == []
    assert desk.look(first + AGAIN) == [Lost("d-1.1", 0)]


def test_a_verdict_that_was_not_written_is_given_again_at_once():
    desk = Desk()
    desk.look(T0)
    desk.look(T0 + APART)
    desk.reconciling.undone("d-1.1")
    assert len(desk.look(T0 + APART + SECOND)) == 1


def test_a_call_that_was_closed_and_is_open_again_is_looked_at_anew():
    desk = Desk()
    desk.look(T0)
    desk.look(T0 + APART)
    desk.calls = []
    desk.look(T0 + APART + SECOND)
    desk.calls = [CALL]
    later = T0 + 2 * APART
    assert desk.look(later) == []
    assert desk.look(later + APART) == [Lost("d-1.1", 0)]


def test_many_lost_calls_are_told_some_at_a_time_and_living_ones_cost_no_reading():
    lost = [OpenCall(f"d-1.{n}", BEGAN, frozenset({f"d-1.{n}"})) for n in range(10, 15 + MOST)]
    desk = Desk(CALL, *lost)
    alive = Living("d-1.1", "d-1.1")
    desk.look(T0, alive)
    found = [desk.look(T0 + APART + place * SECOND, alive) for place in range(3)]
    assert [len(part) for part in found] == [MOST, 5, 0]
    assert {one.call for part in found for one in part} == {one.id for one in lost}
    assert "d-1.1" not in desk.asked
