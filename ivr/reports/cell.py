"""A cell: the part of the totals that one number is read from, by time and by keys."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from ivr.reports.metric import Metric
from ivr.reports.tally import KEYS, Tally


@dataclass(frozen=True, slots=True)
class Cell:
    """From `began` up to but not including `ended`, UTC microseconds on the edges of quarters; and what keys must be.

    A key that is not named may be anything. Keys that a subject does not have put all of its tallies outside.
    """

    began: int
    ended: int
    keys: Mapping[str, frozenset[str]] = field(default_factory=dict)

    def outside(self, tally: Tally) -> str:
        """Return why a tally is not of this cell, in words; empty when it is."""
        if not self.began <= tally.bucket < self.ended:
            return f"it was at {_clock(tally.bucket)} UTC, outside the time asked for"
        had = dict(zip(KEYS[tally.subject], tally.keys, strict=True))
        for name, wanted in self.keys.items():
            if had.get(name) not in wanted:
                return f"{name} is {had[name] or 'not known'}" if name in had else f"it has no {name}"
        return ""


def filters_of(metric: Metric) -> tuple[str, ...]:
    """Return the keys by which the metric can be filtered and grouped: those that all its sources have.

    Sources that are not kept as tallies have none here: who asks for them says what they can be filtered by.
    """
    kept = [keys for subject, keys in KEYS.items() if subject in metric.sources]
    return tuple(name for name in kept[0] if all(name in keys for keys in kept)) if kept else ()


def outside(metric: Metric, tally: Tally, cell: Cell) -> str:
    """Return why a tally has no part in the metric's number in that cell, in words; empty when it has."""
    if tally.subject not in metric.sources:
        return "it is of another kind"
    if "direction" in KEYS[tally.subject]:
        direction = tally.keys[KEYS[tally.subject].index("direction")]
        if metric.directions and direction not in metric.directions:
            return f"direction is {direction}"
        return cell.outside(tally)
    # Agents' time knows no direction: what is not for callers is kept apart there already.
    return replace(cell, keys={name: wanted for name, wanted in cell.keys.items() if name != "direction"}).outside(
        tally
    )


def totals_of(metric: Metric, tallies: Iterable[Tally], cell: Cell) -> Counter[str]:
    """Return the totals that the metric is read from."""
    sums: Counter[str] = Counter()
    for one in tallies:
        if not outside(metric, one, cell):
            sums[one.measure] += one.value
    return sums


def _clock(moment: int) -> str:
    return datetime.fromtimestamp(moment / 1e6, UTC).strftime("%Y-%m-%d %H:%M")
