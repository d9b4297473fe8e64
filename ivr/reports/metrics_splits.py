"""Metrics of source `split`: two informers or flows beside each other, and how sure their difference is."""

from __future__ import annotations

from math import sqrt

from ivr.reports.metric import Metric, Reader, percentile
from ivr.reports.parts import Part, amount, seconds
from ivr.reports.tally import Totals

_CALLS, _CONNECTED, _WINS = amount("calls"), amount("connected"), amount("card.win")
_SURE = 1.96
"""Standard deviations between which 95 % lie."""
_OF = "calls from outside (direction `in`) that the split sent this way"
_BOUNDS = (
    "Wilson's interval, as if each call were another caller's: 95 of 100 such samples hold the true share between "
    "their two bounds"
)


def _bound(measure: str, side: int) -> Reader:
    """Return the reader of a bound of a share's interval: -1 the lower, 1 the upper one."""

    def read(totals: Totals) -> float | None:
        calls = totals.get("calls", 0)
        if not calls:
            return None
        share, square = totals.get(measure, 0) / calls, _SURE * _SURE
        middle = share + square / (2 * calls)
        wide = _SURE * sqrt(share * (1 - share) / calls + square / (4 * calls * calls))
        return min(1.0, max(0.0, (middle + side * wide) / (1 + square / calls)))

    return read


def _share(name: str, title: str, what: str, top: Part, measure: str) -> tuple[Metric, Metric, Metric]:
    """Return a share of the way's calls, and the bounds of what it may really be."""
    formula = f"{what} / calls"
    return (
        Metric(id=name, name=title, sources=("split",), unit="share", formula=formula, counts=_OF, top=top,
               bottom=_CALLS),
        Metric(id=f"{name}_least", name=f"{title}, at least", sources=("split",), unit="share", formula=formula,
               counts=f"{_OF}; {_BOUNDS}", top=top, reader=_bound(measure, -1)),
        Metric(id=f"{name}_most", name=f"{title}, at most", sources=("split",), unit="share", formula=formula,
               counts=f"{_OF}; {_BOUNDS}", top=top, reader=_bound(measure, 1)),
    )  # fmt: skip


SPLITS = (
    Metric(
        id="split_calls",
        name="Calls sent this way",
        sources=("split",),
        unit="count",
        formula="number of calls",
        counts=_OF,
        top=_CALLS,
    ),
    *_share("split_answered", "Share with a talk", "calls with a talk", _CONNECTED, "connected"),
    *_share("split_left", "Share that left in the menu", "calls abandoned in the menu", amount("left"), "left"),
    *_share("split_won", "Conversion of the way", "calls whose card has a winning code", _WINS, "card.win"),
    Metric(
        id="split_missed",
        name="Missed calls of the way",
        sources=("split",),
        unit="count",
        formula="number of calls in which nobody spoke with the caller",
        counts=_OF,
        top=amount("missed"),
    ),
    Metric(
        id="split_to_human",
        name="Time to a person on the way",
        sources=("split",),
        unit="seconds",
        formula="Σ (first talk − arrival) / calls with a talk",
        counts=_OF,
        top=seconds("to_human"),
        bottom=_CONNECTED,
    ),
    Metric(
        id="split_to_human_p90",
        name="Time to a person on the way, 90 %",
        sources=("split",),
        unit="seconds",
        formula="90th percentile of (first talk − arrival)",
        counts=_OF,
        top=_CONNECTED,
        reader=percentile(("to_human",), 0.9),
    ),
)
