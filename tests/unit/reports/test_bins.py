"""Histograms: exact at whole seconds up to two minutes, near beyond, and they add up."""

from __future__ import annotations

from collections import Counter
from itertools import pairwise
from statistics import quantiles

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.reports.bins import EDGES, EXACT, SECOND, bin_of, histogram, longest, quantile, shortest, within

LENGTHS = st.integers(min_value=0, max_value=8 * 86400 * SECOND)


def bins_of(lengths):
    return sorted(Counter(bin_of(length) for length in lengths).items())


@given(LENGTHS)
def test_a_length_lies_between_the_edges_of_its_bin(length):
    place = bin_of(length)
    if place:
        assert EDGES[place - 1] < length
    assert length <= EDGES[place] or place == len(EDGES) - 1


@given(st.lists(LENGTHS), st.integers(min_value=0, max_value=EXACT))
def test_a_count_within_a_whole_number_of_seconds_is_exact(lengths, limit):
    assert within(bins_of(lengths), limit) == sum(length <= limit * SECOND for length in lengths)


def test_a_wait_of_exactly_the_threshold_is_within_it_and_one_microsecond_more_is_not():
    assert within(bins_of([20 * SECOND]), 20) == 1
    assert within(bins_of([20 * SECOND + 1]), 20) == 0


def test_no_bin_is_wider_than_a_second_up_to_two_minutes_and_two_per_cent_and_a_second_above():
    for low, high in pairwise(EDGES):
        assert high - low == SECOND if high <= EXACT * SECOND else high - low <= 0.02 * low + SECOND


@given(st.lists(st.integers(min_value=0, max_value=7000 * SECOND), min_size=50, max_size=300))
def test_a_percentile_is_at_most_its_bin_away_from_a_length_at_that_place(lengths):
    exact = quantiles(lengths, n=100, method="inclusive")
    for share in (0.5, 0.9, 0.95):
        told = quantile(bins_of(lengths), share)
        ordered = sorted(lengths)
        near = ordered[max(0, -(-int(share * 1e9) * len(ordered) // 10**9) - 1)]
        assert abs(told - near / SECOND) <= 0.02 * near / SECOND + 1, (told, near, exact[int(share * 100) - 1])


@given(st.lists(LENGTHS), st.lists(LENGTHS))
def test_histograms_add_up(some, more):
    totals = Counter(f"wait.{bin_of(length)}" for length in some)
    totals.update(f"wait.{bin_of(length)}" for length in more)
    assert histogram(totals, "wait") == bins_of(some + more)


def test_shortest_and_longest_enclose_what_was_counted_and_an_empty_histogram_has_neither():
    bins = bins_of([3_500_000, 700 * SECOND])
    assert shortest(bins) == 3
    assert 700 <= longest(bins) <= 714
    assert shortest([]) is longest([]) is quantile([], 0.5) is None


def test_a_caller_who_was_returned_to_after_months_is_not_told_as_one_of_a_week():
    took = 155 * 86_400
    assert quantile([(bin_of(took * SECOND), 1)], 0.5) == pytest.approx(took, rel=0.02)
