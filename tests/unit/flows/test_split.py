"""Callers who are sent several ways: each share of them, the same caller always the same way."""

from __future__ import annotations

import pytest
from pydantic import ValidationError

from ivr.flows.model import Split
from ivr.flows.split import way_for

HALVES = Split(split={"a": 50, "b": 50})
NUMBERS = [f"+7921{number:07}" for number in range(0, 10_000_000, 977)]


@pytest.mark.parametrize("shares", [{"a": 50, "b": 50}, {"a": 90, "b": 10}, {"a": 20, "b": 30, "hang up": 50}])
def test_each_way_gets_its_share_of_the_callers(shares):
    ways = [way_for("trial", Split(split=shares), number) for number in NUMBERS]
    for target, share in shares.items():
        assert ways.count(target) / len(ways) == pytest.approx(share / 100, abs=0.02)


def test_two_splits_mix_their_callers_anew():
    both = [(way_for("first", HALVES, number), way_for("second", HALVES, number)) for number in NUMBERS]
    for pair in (("a", "a"), ("a", "b"), ("b", "a"), ("b", "b")):
        assert both.count(pair) / len(both) == pytest.approx(0.25, abs=0.03)


def test_who_hides_his_number_is_sent_by_the_name_of_his_call():
    calls = [f"desk1-{1790000000 + place}.{place}" for place in range(2000)]
    assert [way_for("trial", HALVES, one) for one in calls].count("a") == pytest.approx(1000, abs=80)
    assert way_for("trial", HALVES, "") in {"a", "b"}


@pytest.mark.parametrize("shares", [{"a": 50, "b": 49}, {"a": 60, "b": 50}, {"a": 100}, {"a": 0, "b": 100}])
def test_shares_that_are_not_a_hundred_in_all_are_refused(shares):
    with pytest.raises(ValidationError):
        Split(split=shares)
