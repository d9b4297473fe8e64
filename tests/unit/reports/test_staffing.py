"""Erlang B, C and A against published vectors and against themselves."""

from __future__ import annotations

import math
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.errors import DeskError
from ivr.reports.erlang import Load, erlang_b, erlang_c, forecast
from ivr.reports.staffing import Interval, Target, agents_for, back_test, patience_of, rostered, trunks_for

TRAFFIC = st.floats(min_value=0.01, max_value=400)
AGENTS = st.integers(min_value=1, max_value=500)
PATIENCE = st.floats(min_value=5, max_value=3600)


def test_100_calls_in_half_an_hour_of_180_s_by_14_agents():
    told = forecast(Load(100 / 1800, 180, 14), 20)
    assert told.waits == pytest.approx(0.1741319, abs=5e-8)
    assert told.within == pytest.approx(0.88835, abs=5e-6)
    assert told.mean_wait == pytest.approx(7.836, abs=5e-4)
    assert told.occupancy == pytest.approx(0.7143, abs=5e-5)


def test_1000_calls_an_hour_of_120_s_by_40_agents_and_58_on_the_roster():
    told = forecast(Load(1000 / 3600, 120, 40), 20)
    assert told.waits == pytest.approx(0.1907, abs=5e-5)
    assert told.within == pytest.approx(0.9372, abs=5e-5)
    assert told.mean_wait == pytest.approx(3.43, abs=5e-3)
    assert rostered(40, 0.3) == 58


@pytest.mark.parametrize(
    ("traffic", "servers", "blocked"), [(1, 1, 0.5), (2, 2, 0.4), (2, 3, 4 / 19), (0, 3, 0), (5, 0, 1)]
)
def test_erlang_b_is_what_the_definition_gives(traffic, servers, blocked):
    assert erlang_b(traffic, servers) == pytest.approx(blocked)


@given(TRAFFIC, AGENTS)
def test_one_more_server_blocks_and_delays_no_more_and_waiting_is_at_least_as_likely_as_blocking(traffic, servers):
    assert erlang_b(traffic, servers + 1) <= erlang_b(traffic, servers) + 1e-12
    assert erlang_c(traffic, servers + 1) <= erlang_c(traffic, servers) + 1e-12
    assert erlang_b(traffic, servers) <= erlang_c(traffic, servers) + 1e-12


@given(TRAFFIC, AGENTS, PATIENCE)
def test_impatience_makes_waiting_no_likelier_than_erlang_c_and_no_rarer_than_erlang_b(traffic, agents, patience):
    told = forecast(Load(traffic / 180, 180, agents, patience), 20)
    assert erlang_b(traffic, agents) - 1e-9 <= told.waits <= erlang_c(traffic, agents) + 1e-9
    assert 0 <= told.abandoned <= told.waits + 1e-12
    assert -1e-9 <= told.within <= 1


@given(TRAFFIC, st.integers(min_value=1, max_value=120), PATIENCE)
def test_one_more_agent_is_never_worse_with_impatient_callers_either(traffic, agents, patience):
    some, more = (forecast(Load(traffic / 180, 180, n, patience), 20) for n in (agents, agents + 1))
    assert more.abandoned <= some.abandoned + 1e-9
    assert more.within >= some.within - 1e-6
    assert more.mean_wait <= some.mean_wait + 1e-6


@given(st.floats(min_value=0.5, max_value=60), st.integers(min_value=1, max_value=20))
def test_without_end_of_patience_erlang_a_is_erlang_c(traffic, spare):
    agents = math.ceil(traffic) + spare
    by_c = forecast(Load(traffic / 180, 180, agents), 20)
    by_a = forecast(Load(traffic / 180, 180, agents, 1e8), 20)
    assert by_a.waits == pytest.approx(by_c.waits, abs=1e-4)
    assert by_a.within == pytest.approx(by_c.within, abs=1e-4)
    assert by_a.abandoned == pytest.approx(0, abs=1e-4)


@given(st.floats(min_value=1, max_value=80), st.integers(min_value=1, max_value=100), PATIENCE)
def test_what_comes_in_is_served_or_gives_up(traffic, agents, patience):
    told = forecast(Load(traffic / 180, 180, agents, patience), 20)
    assert told.occupancy * agents + told.abandoned * traffic == pytest.approx(traffic, rel=1e-6)
    everybody = forecast(Load(traffic / 180, 180, agents, patience), 40 * patience)
    assert everybody.within == pytest.approx(1 - told.abandoned, abs=1e-4)


def test_erlang_a_is_what_a_simulated_desk_does():
    calls, handle, agents, patience = 0.1, 120, 12, 90.0
    chance, free_at, at, gone, in_time = Random(7), [0.0] * agents, 0.0, 0, 0
    many = 200_000
    for _ in range(many):
        at += chance.expovariate(calls)
        first = min(range(agents), key=free_at.__getitem__)
        wait = max(0.0, free_at[first] - at)
        if chance.expovariate(1 / patience) < wait:
            gone += 1
            continue
        in_time += wait <= 20
        free_at[first] = at + wait + chance.expovariate(1 / handle)
    told = forecast(Load(calls, handle, agents, patience), 20)
    assert told.abandoned == pytest.approx(gone / many, abs=0.004)
    assert told.within == pytest.approx(in_time / many, abs=0.006)


@pytest.mark.parametrize("patience", [60, 600, math.inf])
@pytest.mark.parametrize("share", [0.97, 1.0, 1.1])
def test_thousands_of_erlangs_are_no_matter(share, patience):
    told = forecast(Load(5000 * share / 200, 200, 5000, patience), 20)
    assert 0 <= told.within <= 1
    assert 0 <= told.waits <= 1
    assert 0 <= told.abandoned < 0.2


def test_the_agents_for_a_target_meet_it_and_one_less_does_not():
    target = Target(0.8, 20)
    for patience in (math.inf, 60.0):
        for calls in (0.001, 100 / 1800, 1000 / 3600, 20):
            agents = agents_for(calls, 180, target, patience=patience)
            assert forecast(Load(calls, 180, agents, patience), 20).within >= 0.8
            assert forecast(Load(calls, 180, agents - 1, patience), 20).within < 0.8
    assert agents_for(100 / 1800, 180, target) == 14
    assert agents_for(0, 180, target) == 0


def test_telephone_lines_block_no_more_than_allowed_before_the_reserve_of_one_and_a_half():
    for traffic in (0.2, 10, 300, 4000):
        least = next(n for n in range(1, 10_000) if erlang_b(traffic, n) <= 0.01)
        assert trunks_for(traffic) == math.ceil(least * 1.5)
    assert trunks_for(0) == 0
    with pytest.raises(DeskError, match="too small"):
        trunks_for(10, reserve=1.4)


def test_patience_is_all_seconds_waited_over_those_who_gave_up():
    assert patience_of(3600, 40) == 90
    assert patience_of(3600, 0) == math.inf


@pytest.mark.parametrize("wrong", [(-1, 180, 3), (1, 0, 3), (1, 180, -1), (math.nan, 180, 3)])
def test_a_load_that_cannot_be_is_refused(wrong):
    with pytest.raises(DeskError):
        Load(*wrong)


def test_a_back_test_of_intervals_that_went_as_forecast_has_no_error():
    rows = []
    for offered in (800_000, 1_000_000, 1_200_000):
        told = forecast(Load(offered / 1.8e7, 180, 14, 90), 20)
        rows.append(Interval(0, 1.8e7, offered, round(told.within * offered), round(told.abandoned * offered), 180, 14))
    tested = back_test(rows, Target(0.8, 20), patience=90)
    assert tested.bias_a == pytest.approx(0, abs=1e-5)
    assert tested.error_a == pytest.approx(0, abs=1e-5)
    assert tested.error_c > 0.01
    assert all(row.abandoned_a == pytest.approx(row.abandoned, abs=1e-5) for row in tested.rows)


def test_a_mean_number_of_agents_is_forecast_between_the_whole_numbers_beside_it():
    tested = back_test([Interval(0, 1800, 100, 60, 20, 180, 13.5)], Target(0.8, 20), patience=90)
    low, high = (forecast(Load(100 / 1800, 180, n, 90), 20) for n in (13, 14))
    assert low.within < tested.rows[0].forecast_a < high.within
    assert tested.bias_a == tested.rows[0].forecast_a - 0.6


def test_intervals_without_calls_cannot_be_tested():
    assert back_test([Interval(0, 1800, 0, 0, 0, 180, 3)], Target(0.8, 20), patience=90) is None
