"""Metrics against hand-counted sets."""

from __future__ import annotations

from collections import Counter

import pytest

from ivr.errors import DeskError
from ivr.reports.catalogue import CATALOGUE, metric
from ivr.reports.contributions import tallies
from ivr.reports.parts import Given
from ivr.reports.tally import total
from tests.made_calls import leg, made_call


def worked_set():
    """O=100; N=70, of which 56 within 20 s; B=30, of which 18 within 20 s and 12 within 5 s."""
    answered = [10.0] * 50 + [20.0] * 6 + [20.5] * 4 + [45.0] * 10
    abandoned = [5.0] * 12 + [12.0] * 6 + [60.0] * 12
    for wait in answered:
        yield made_call(
            leg("queue", 0, wait, "answered", line="first"),
            leg("talk", wait, wait + 100, line="first", agent="201"),
        )
    for wait in abandoned:
        yield made_call(leg("queue", 0, wait, "abandoned", line="first"))


@pytest.fixture(scope="module")
def worked() -> Counter[str]:
    return total((one for call in worked_set() for one in tallies(call)), "line")


@pytest.mark.parametrize(
    ("wanted", "value"),
    [
        ("offered", 100),
        ("answered", 70),
        ("abandoned", 30),
        ("abandoned_short", 12),
        ("sl_answered", 56 / 70),
        ("sl_removed", 74 / 100),
        ("sl_ex_short", 56 / 88),
        ("sl_offered", 56 / 100),
        ("abandon_rate", 0.3),
        ("abandon_rate_ex_short", 18 / 88),
        ("asa", (50 * 10 + 6 * 20 + 4 * 20.5 + 10 * 45) / 70),
        ("abandon_time", (12 * 5 + 6 * 12 + 12 * 60) / 30),
        ("longest_wait", 60),
        ("line_talk", 100),
    ],
)
def test_the_worked_set_has_the_numbers_counted_by_hand(worked, wanted, value):
    assert metric(wanted).value(worked) == pytest.approx(value)


def test_the_four_service_levels_of_the_worked_set_are_80_74_63_6_and_56_per_cent(worked):
    told = [metric(name).value(worked) for name in ("sl_answered", "sl_removed", "sl_ex_short", "sl_offered")]
    assert [round(100 * value, 1) for value in told] == [80.0, 74.0, 63.6, 56.0]


def test_another_threshold_counts_anew_without_new_totals(worked):
    assert metric("sl_answered").value(worked, Given(within=12)) == 50 / 70
    assert metric("sl_answered").value(worked, Given(within=21)) == 60 / 70


@pytest.mark.parametrize("wanted", CATALOGUE)
def test_a_metric_of_no_calls_is_nothing_or_zero_and_never_an_error(wanted):
    assert metric(wanted).value({}) in (None, 0)


def test_an_unknown_metric_is_refused_with_the_nearest_one():
    with pytest.raises(DeskError, match="Did you mean sl_offered"):
        metric("sl_offerd")
