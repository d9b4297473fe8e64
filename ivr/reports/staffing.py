"""How many agents, how many on the roster, how many telephone lines; and whether such forecasts came true."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from ivr.errors import DeskError
from ivr.reports.erlang import Load, erlang_b, forecast

RESERVE = 1.5
"""Least factor of telephone lines over what Erlang B asks for: agents' own calls, transfers, failing channels."""
MOST = 100_000
"""Agents or lines beyond which nobody looks for a number."""


@dataclass(frozen=True, slots=True)
class Target:
    """The share of calls that is to be answered within so many seconds."""

    share: float = 0.8
    within: float = 20.0

    def __post_init__(self) -> None:
        if not (0 < self.share < 1 and 0 <= self.within < math.inf):
            raise DeskError(
                f"{self.share:g} within {self.within:g} s cannot be a target.", "Write a share between 0 and 1: 0.8."
            )


def agents_for(calls: float, handle: float, target: Target, *, patience: float = math.inf) -> int:
    """Return the least number of agents that meets the target; `calls` per second, times in seconds. 0 without calls.

    The service level grows with every agent, so the least number lies where doubling first met it, and is halved out.
    """
    if calls == 0:
        return 0
    low, high = 0, max(1, math.ceil(calls * handle))
    while not _meets(Load(calls, handle, high, patience), target):
        low, high = high, high * 2
        if high > MOST:
            raise DeskError(f"No {MOST} agents would do for this load.", "Check calls and handle time.")
    while high - low > 1:
        middle = (low + high) // 2
        if _meets(Load(calls, handle, middle, patience), target):
            high = middle
        else:
            low = middle
    return high


def rostered(agents: int, shrinkage: float) -> int:
    """Return how many must be on the roster when that share of their time goes to breaks, illness and training."""
    if not 0 <= shrinkage < 1:
        raise DeskError(f"{shrinkage:g} cannot be a shrinkage.", "Write a share from 0 to below 1: 0.3.")
    return math.ceil(round(agents / (1 - shrinkage), 9))


def trunks_for(traffic: float, *, blocked: float = 0.01, reserve: float = RESERVE) -> int:
    """Return the number of telephone lines for that many erlangs of calls, waiting and menus included.

    Erlang B finds the least number at which no larger share than `blocked` finds all lines busy; the reserve factor
    goes on top.
    """
    if reserve < RESERVE:
        raise DeskError(f"A reserve of {reserve:g} is too small.", f"Take {RESERVE} or more.")
    return math.ceil(round(least_trunks(traffic, blocked) * reserve, 9))


def least_trunks(traffic: float, blocked: float) -> int:
    """Return the number of telephone lines by Erlang B alone, without a reserve."""
    if not (0 <= traffic < math.inf and 0 < blocked < 1):
        raise DeskError(f"No lines can be found for {traffic:g} erlangs at {blocked:g} blocked.", "Check both.")
    lines, inverse = 0, 1.0
    while traffic > 0 and inverse * blocked < 1:
        lines += 1
        inverse = 1.0 + inverse * lines / traffic
        if lines > MOST:
            raise DeskError(f"No {MOST} lines would do for {traffic:g} erlangs.", "Check the traffic.")
    return lines


def patience_of(waited: float, abandoned: int) -> float:
    """Return the mean patience in seconds: all seconds waited, by whomever, over the number of those who gave up.

    The maximum-likelihood estimate for exponential patience, answered callers being censored.
    """
    return waited / abandoned if abandoned and waited > 0 else math.inf


class Interval(NamedTuple):
    """What happened in one half hour, say, on one line or more."""

    began: int
    seconds: float
    offered: int
    in_time: int
    """Answered within the target's threshold."""
    abandoned: int
    handle: float
    """Mean handle time, seconds."""
    agents: float
    """Mean number of agents who were there for callers: ready, offered, talking, holding or wrapping up."""


class Tested(NamedTuple):
    """A forecast beside what happened: shares of calls offered."""

    interval: Interval
    forecast_c: float
    forecast_a: float
    happened: float
    abandoned_a: float
    abandoned: float


class BackTest(NamedTuple):
    """How far forecasts were from what happened, weighed by calls; shares, positive = forecast too good."""

    rows: tuple[Tested, ...]
    bias_c: float
    error_c: float
    """Mean absolute difference."""
    bias_a: float
    error_a: float


def back_test(intervals: Iterable[Interval], target: Target, *, patience: float) -> BackTest | None:
    """Forecast each interval from its own calls, handle time and agents; None when no interval had calls and agents."""
    rows = tuple(_tested(one, target, patience) for one in intervals if one.offered and one.handle > 0)
    if not rows:
        return None
    bias_c, error_c = _errors([(row.forecast_c - row.happened, row.interval.offered) for row in rows])
    bias_a, error_a = _errors([(row.forecast_a - row.happened, row.interval.offered) for row in rows])
    return BackTest(rows, bias_c, error_c, bias_a, error_a)


def _tested(one: Interval, target: Target, patience: float) -> Tested:
    load = Load(one.offered / one.seconds, one.handle, 0)
    by_c, _ = _between(load, one.agents, target.within)
    by_a, gone = _between(replace(load, patience=patience), one.agents, target.within)
    return Tested(one, by_c, by_a, one.in_time / one.offered, gone, one.abandoned / one.offered)


def _between(load: Load, agents: float, within: float) -> tuple[float, float]:
    """Return (answered in time, given up) for a mean number of agents: between those of the whole numbers beside it."""
    low = math.floor(agents)
    part = agents - low
    some, more = (forecast(replace(load, agents=number), within) for number in (low, low + 1))
    return (
        some.within + (more.within - some.within) * part,
        some.abandoned + (more.abandoned - some.abandoned) * part,
    )


def _errors(differences: Sequence[tuple[float, int]]) -> tuple[float, float]:
    calls = sum(weight for _, weight in differences)
    bias = sum(difference * weight for difference, weight in differences) / calls
    return bias, sum(abs(difference) * weight for difference, weight in differences) / calls


def _meets(load: Load, target: Target) -> bool:
    return forecast(load, target.within).within >= target.share


__all__ = [
    "RESERVE", "BackTest", "Interval", "Target", "Tested", "agents_for", "back_test", "erlang_b", "least_trunks",
    "patience_of", "rostered", "trunks_for",
]  # fmt: skip
