"""Erlang B, C and A: how many wait, how long, and who gives up. Stable for thousands of erlangs.

Traffic is in erlangs: calls per second times mean handle time in seconds. Sources of the formulas: A. K. Erlang (1917)
for B and C, B by the recursion over its inverse; C. Palm (1957) for A, in the form of A. Mandelbaum and S. Zeltyn,
"Service engineering in action: the Palm/Erlang-A queue" (2005).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache

from numpy.polynomial.legendre import leggauss

from ivr.errors import DeskError

_ENOUGH = 1e-17
_HUGE = 1e200
_NOBODY = 1e-300
"""A share that no desk will ever see."""
_FOLDS, _MOST_PIECES = 4, 4000


@dataclass(frozen=True, slots=True)
class Load:
    """What comes in, and who is there."""

    calls: float
    """Calls per second."""
    handle: float
    """Mean handle time: talk, hold and wrap-up, seconds."""
    agents: int
    patience: float = math.inf
    """Mean time that a caller waits before he gives up, seconds."""

    def __post_init__(self) -> None:
        if not (0 <= self.calls < math.inf and 0 < self.handle < math.inf and self.agents >= 0 and self.patience > 0):
            raise DeskError(
                f"Nobody can be staffed for {self.calls:g} calls/s of {self.handle:g} s by {self.agents} agents.",
                "Calls are 0 or more, handle time and patience above 0, agents 0 or more.",
            )

    @property
    def traffic(self) -> float:
        """Return it in erlangs."""
        return self.calls * self.handle


@dataclass(frozen=True, slots=True)
class Forecast:
    """What a load comes to."""

    waits: float
    """Share of calls that wait at all."""
    within: float
    """Share of calls offered that are answered within the threshold: what `sl_offered` measures."""
    mean_wait: float
    """Mean wait of all calls in seconds, those that give up included; without patience that is the ASA."""
    abandoned: float
    """Share of calls that give up."""
    occupancy: float


def erlang_b(traffic: float, servers: int) -> float:
    """Return the share of calls that find all servers busy when nobody may wait."""
    return _erlang_b(float(traffic), servers)


@lru_cache(maxsize=4096)
def _erlang_b(traffic: float, servers: int) -> float:
    if traffic <= 0:
        return 0.0 if servers else 1.0
    inverse = 1.0
    for server in range(1, servers + 1):
        inverse = 1.0 + inverse * server / traffic
        if inverse == math.inf:
            return 0.0
    return 1.0 / inverse


def erlang_c(traffic: float, servers: int) -> float:
    """Return the share of calls that wait when everybody has all the patience; 1 when there is no end of waiting."""
    if servers <= traffic:
        return 1.0 if traffic > 0 else 0.0
    blocked = erlang_b(traffic, servers)
    return blocked / (1.0 - traffic / servers * (1.0 - blocked))


def forecast(load: Load, within: float) -> Forecast:
    """Return what the load comes to, with a threshold in seconds: by Erlang A, or C when patience has no end."""
    if load.traffic == 0:
        return Forecast(0.0, 1.0, 0.0, 0.0, 0.0)
    if load.patience == math.inf:
        return _by_c(load, within)
    if load.agents == 0:
        return Forecast(1.0, 0.0, load.patience, 1.0, 0.0)
    return _by_a(load, within)


def _by_c(load: Load, within: float) -> Forecast:
    waits = erlang_c(load.traffic, load.agents)
    spare = load.agents - load.traffic
    if spare <= 0:
        return Forecast(1.0, 0.0, math.inf, 0.0, 1.0)
    late = waits * math.exp(-spare * within / load.handle)
    return Forecast(waits, 1.0 - late, waits * load.handle / spare, 0.0, load.traffic / load.agents)


def _by_a(load: Load, within: float) -> Forecast:
    done = load.agents / load.handle
    log_sum = _log_sum(done * load.patience, load.calls * load.patience)
    waits = _waits(erlang_b(load.traffic, load.agents), log_sum)
    busy = load.traffic / load.agents
    given_up = min(1.0, max(0.0, 1.0 - (1.0 - math.exp(-log_sum)) / busy)) * waits
    served = waits * done * _served_within(load, within, log_sum)
    in_time = min(1.0, 1.0 - waits + served)
    return Forecast(waits, in_time, given_up * load.patience, given_up, min(1.0, busy * (1.0 - given_up)))


def _log_sum(done: float, came: float) -> float:
    """Return the logarithm of 1 + Σ came^j / ((done + 1) … (done + j)), both being rates times the patience."""
    total, term, scale, step = 1.0, 1.0, 0.0, 0
    while True:
        step += 1
        term *= came / (done + step)
        total += term
        if total > _HUGE:
            total, term, scale = total / _HUGE, term / _HUGE, scale + math.log(_HUGE)
        if came < done + step and term < _ENOUGH * total * (1.0 - came / (done + step)):
            return math.log(total) + scale


def _waits(blocked: float, log_sum: float) -> float:
    if blocked < _NOBODY:
        return 0.0
    free = 1.0 - blocked
    return 1.0 / (1.0 + math.exp(math.log(free) - math.log(blocked) - log_sum)) if free > 0 else 1.0


def _served_within(load: Load, within: float, log_sum: float) -> float:
    """Integrate the wait offered to those who wait, times their being still there, from 0 to `within`."""
    patience, done = load.patience, load.agents / load.handle

    def density(wait: float) -> float:
        stay = wait / patience
        return math.exp(load.calls * patience * -math.expm1(-stay) - done * wait - stay - log_sum)

    # Over so many foldings of the exponent the points of one piece give every digit that there is.
    pieces = min(_MOST_PIECES, max(1, math.ceil(within * (done + load.calls) / _FOLDS)))
    half = within / pieces / 2
    points = ((weight, (2 * piece + 1 + node) * half) for piece in range(pieces) for node, weight in _gauss())
    return half * sum(weight * density(wait) for weight, wait in points)


@lru_cache
def _gauss() -> list[tuple[float, float]]:
    """Return the points and weights of Gauss and Legendre for the integral from -1 to 1."""
    nodes, weights = leggauss(16)
    return list(zip(nodes.tolist(), weights.tolist(), strict=True))
