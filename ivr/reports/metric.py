"""A metric: one number, its formula in words and in code, what it counts and leaves out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

from ivr.reports.bins import histogram, longest, quantile, shortest
from ivr.reports.parts import Given, Part
from ivr.reports.tally import Subject, Totals

Unit = Literal["count", "share", "seconds", "money", "per call"]
"""count = whole number; share = 0 to 1, shown as per cent; money = in the currency that was written into the cards."""
Source: TypeAlias = Subject | Literal["number", "card", "recording"]
"""Where the totals of a metric come from: kept tallies of a subject, or asked for when they are wanted: the contacts
of a caller's number (`ivr.reports.contacts`), the call cards (`ivr.reports.cards`), the verdicts on recordings."""
Reader: TypeAlias = Callable[[Totals], float | None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One number. `top` and `bottom` add up over calls, so the same two also say what one call has to do with it."""

    id: str
    name: str
    sources: tuple[Source, ...]
    """Whose totals it is read from, added together: their measures have different names."""
    unit: Unit
    formula: str
    counts: str
    """What is counted in."""
    leaves_out: str = ""
    top: Part
    """The numerator; all of a metric that is no ratio."""
    bottom: Part | None = None
    """The denominator; None of a count, sum or percentile."""
    reader: Reader | None = None
    """Reads the number itself where it is no ratio of sums: a percentile, the longest."""
    directions: tuple[str, ...] = ()
    """Only cells of these directions are added up; empty = of every direction."""
    ripens: int = 0
    """Microseconds for which later calls may change what a call is worth: younger cells are left out."""
    version: int = 1
    """Goes up when the same calls would give another number."""
    same_as: str = ""
    """Who else counts so."""

    def value(self, totals: Totals, given: Given | None = None) -> float | None:
        """Return the number; None where there is nothing that it could be of."""
        given = given or Given()
        if self.reader:
            return self.reader(totals)
        above = self.top(totals, given)
        if self.bottom is None:
            return above
        below = self.bottom(totals, given)
        return above / below if below > 0 else None


def percentile(names: tuple[str, ...], share: float) -> Reader:
    """Return the percentile of histograms taken together, in seconds."""
    return lambda totals: quantile(histogram(totals, *names), share)


def longest_of(*names: str) -> Reader:
    """Return the longest of histograms taken together in seconds: the upper edge of its bin."""
    return lambda totals: longest(histogram(totals, *names))


def shortest_of(*names: str) -> Reader:
    """Return the shortest of histograms taken together in seconds: the lower edge of its bin."""
    return lambda totals: shortest(histogram(totals, *names))


class _Listener(dict[str, int]):
    """Totals in which there is nothing, and which note what is looked for."""

    def __init__(self) -> None:
        self.heard: set[str] = set()

    def get(self, measure: str, default: Any = None) -> Any:
        """Note the measure."""
        self.heard.add(measure)
        return default


def measures_read(metric: Metric) -> frozenset[str]:
    """Return the measures of sums that the metric is read from; histograms have none here."""
    totals = _Listener()
    for part in (metric.top, metric.bottom):
        if part:
            part(totals, Given(cost=0.0))
    return frozenset(totals.heard)
