"""Numerators and denominators: what is read from totals. Each adds up over calls, so it also explains one call."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from ivr.reports.bins import histogram, within
from ivr.reports.tally import Totals


@dataclass(frozen=True, slots=True)
class Given:
    """What a metric may be told beside the totals."""

    within: int = 20
    """Seconds of the service level's threshold, 1 to 120."""
    short: int = 5
    """Seconds up to which an abandoned wait is a short one, 0 to 120."""
    tiers: int = 2
    """Lines 1 to this many are those on which calls should end."""
    cost: float | None = None
    """What the calls cost that the totals are of: a source's campaign, for example."""


IN_BUDGET = "in_budget"
Part: TypeAlias = Callable[[Totals, Given], float]


def amount(*measures: str) -> Part:
    """Return the part that is the sum of the measures."""
    if len(measures) == 1:
        (only,) = measures
        return lambda totals, _: totals.get(only, 0)

    def part(totals: Totals, _given: Given) -> float:
        # A table of a year by the hour asks a million times: a generator would cost more than the sum.
        found = 0
        for measure in measures:
            found += totals.get(measure, 0)
        return found

    return part


def seconds(*measures: str) -> Part:
    """Return the part that is the sum of the measures, kept in microseconds, in seconds."""
    whole = amount(*measures)
    return lambda totals, given: whole(totals, given) / 1e6


def prefixed(totals: Totals, prefix: str) -> Mapping[str, int]:
    """Return the measures `prefix.…` by what follows the dot."""
    return {name[len(prefix) + 1 :]: value for name, value in totals.items() if name.startswith(f"{prefix}.")}


def number_in(*names: str) -> Part:
    """Return the part that counts all that is in histograms."""
    return lambda totals, _: sum(count for _, count in histogram(totals, *names))


def up_to_threshold(name: str) -> Part:
    """Return the part that counts what of a histogram was within the service level's threshold."""
    return lambda totals, given: within(histogram(totals, name), given.within)


def up_to_budget(name: str) -> Part:
    """Return the part that counts what of a histogram was within its desk's budget.

    `in_budget` says it where desks of several budgets are added up; else the threshold is the budget.
    """
    threshold = up_to_threshold(name)

    def part(totals: Totals, given: Given) -> float:
        told = totals.get(IN_BUDGET)
        return threshold(totals, given) if told is None else told

    return part


def up_to_short(name: str) -> Part:
    """Return the part that counts what of a histogram was short."""
    return lambda totals, given: within(histogram(totals, name), given.short)


def longer_than(name: str, limit: int) -> Part:
    """Return the part that counts what of a histogram was longer than that many whole seconds, 120 at most."""

    def part(totals: Totals, _given: Given) -> float:
        bins = histogram(totals, name)
        return sum(count for _, count in bins) - within(bins, limit)

    return part


def added(*parts: Part) -> Part:
    """Return the sum of parts."""
    return lambda totals, given: sum(part(totals, given) for part in parts)


def without(whole: Part, part: Part) -> Part:
    """Return one part less another."""
    return lambda totals, given: whole(totals, given) - part(totals, given)


def money(measure: str) -> Part:
    """Return the part that is a sum of money, kept in hundredths."""
    return lambda totals, _: totals.get(measure, 0) / 100
