"""Asterisk numbers its channels; the journal that lacks a number has lost a channel."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.ledger.numbering import Birth, Hole, Numbering, Run, read_uniqueid


def walked(births: list[Birth | None], *, cuts: frozenset[int] = frozenset()) -> tuple[list[Run], list[Hole]]:
    """Walk over the births, one a second; at the cuts only what a database would keep is carried on."""
    runs: dict[int, Run] = {}
    holes: list[Hole] = []
    numbering = Numbering(None)
    for at, birth in enumerate(births):
        if at in cuts:
            runs |= {run.place: run for run in [*numbering.closed, *([numbering.run] if numbering.run else [])]}
            holes += numbering.settled
            numbering = Numbering(numbering.run, numbering.holes)
        numbering.take("d", [(birth, at)])
    runs |= {run.place: run for run in [*numbering.closed, *([numbering.run] if numbering.run else [])]}
    return list(runs.values()), sorted([*holes, *numbering.settled, *numbering.holes])


def missing(births: list[Birth | None]) -> list[tuple[int, int, int]]:
    """Return process, first and last number of each hole."""
    return [(hole.place, hole.first, hole.last) for hole in walked(births)[1]]


def process(second: int, *numbers: int) -> list[Birth | None]:
    """Return channels of one process that begin a second after each other."""
    return [Birth("d", second + number, number) for number in numbers]


@pytest.mark.parametrize(
    ("text", "birth"),
    [
        ("desk1-1795282454.17", ("desk1", 1795282454, 17)),
        ("my-desk-1795282454.0", ("my-desk", 1795282454, 0)),
        ("1795282454.3", ("", 1795282454, 3)),
        ("callback-17", None),
        ("desk1-17.x", None),
        ("", None),
    ],
)
def test_a_uniqueid_tells_node_second_and_number(text, birth):
    assert read_uniqueid(text) == birth


def test_channels_without_a_hole_are_all_there():
    assert missing(process(100, *range(20))) == []


def test_numbers_that_no_record_has_are_a_hole_between_two_moments():
    _, holes = walked(process(100, 0, 1, 2, 7, 8))
    assert holes == [Hole("d", 1, 3, 6, after=2, before=3)]
    assert holes[0].channels == 4


def test_a_number_that_comes_late_fills_its_hole():
    assert missing(process(100, 0, 3, 1, 2, 4)) == []
    assert missing(process(100, 0, 5, 3)) == [(1, 1, 2), (1, 4, 4)]


def test_a_new_process_counts_from_zero_again():
    assert missing([*process(100, *range(5)), *process(200, *range(3))]) == []
    runs, _ = walked([*process(100, *range(5)), *process(200, *range(3))])
    assert [(run.place, run.first, run.highest) for run in runs] == [(1, 0, 4), (2, 0, 2)]


def test_a_new_process_within_the_same_second_is_told_from_the_old_one():
    """F29."""
    births: list[Birth | None] = [Birth("d", 100, 0), Birth("d", 100, 1), Birth("d", 100, 0), Birth("d", 100, 1)]
    runs, holes = walked(births)
    assert ([run.place for run in runs], holes) == ([1, 2], [])


def test_the_first_channels_of_a_new_process_are_missing_when_their_rows_were_lost():
    assert missing([*process(100, *range(5)), *process(200, 3, 4)]) == [(2, 0, 2)]


def test_the_first_numbers_of_a_new_process_are_not_missing_when_somebody_elses_ids_have_taken_them():
    assert missing([*process(100, *range(5)), None, None, *process(200, 2, 3)]) == []
    assert missing([*process(100, *range(5)), None, *process(200, 2, 3)]) == [(2, 1, 1)]


def test_nobody_knows_what_was_before_the_first_record_of_all():
    assert missing(process(100, 53, 54, 56)) == [(1, 55, 55)]
    assert missing(process(100, 53, 50)) == [(1, 51, 52)]


def test_f28_a_clock_that_is_set_back_loses_no_channel():
    """F28."""
    assert missing([*process(5000, 0, 1, 2), *process(1000, 3, 4, 5)]) == []


def test_a_process_after_a_clock_that_was_set_back_is_a_new_one():
    """F28."""
    runs, holes = walked([*process(5000, 0, 1, 2), *process(1000, 0, 1)])
    assert ([run.place for run in runs], holes) == ([1, 2], [])


def test_a_channel_whose_id_somebody_else_gave_has_taken_one_number():
    assert missing([*process(100, 0, 1), None, *process(100, 3, 4)]) == []
    assert missing([*process(100, 0, 1), None, *process(100, 5)]) == [(1, 3, 4)]


@given(
    count=st.integers(2, 60),
    lost=st.sets(st.integers(0, 59)),
    seed=st.randoms(use_true_random=False),
    cuts=st.frozensets(st.integers(0, 59)),
)
def test_what_is_missing_is_exactly_what_was_lost_in_whatever_order_and_parts_the_rest_comes(count, lost, seed, cuts):
    numbers = [0, *(number for number in range(1, count) if number not in lost), count]
    births: list[Birth | None] = [Birth("d", 100 + number // 10, number) for number in numbers]
    # Neighbours change places, as threads do that write at the same time.
    for place in range(1, len(births) - 1):
        if seed.random() < 0.4:
            births[place - 1], births[place] = births[place], births[place - 1]
    runs, holes = walked(births)
    found = {number for hole in holes for number in range(hole.first, hole.last + 1)}
    assert found == {number for number in lost if 1 <= number < count}
    assert len(runs) == 1
    assert walked(births, cuts=cuts) == (runs, holes)
    at_once = Numbering(None)
    at_once.take("d", [(birth, at) for at, birth in enumerate(births)])
    assert ([at_once.run], at_once.holes) == (runs, holes)
