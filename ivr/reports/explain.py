"""Why a number is what it is: what each call has to do with it, in numbers that add up to it, and in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ivr.ledger.call import Call
from ivr.reports.because import because
from ivr.reports.cell import Cell, outside, totals_of
from ivr.reports.contributions import tallies
from ivr.reports.metric import Metric
from ivr.reports.parts import Given
from ivr.reports.tally import Tally

Where = Literal["counted", "below", "out"]
"""counted = in the numerator (and the denominator, where there is one); below = in the denominator alone."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What one call has to do with a number. The sums of `top` and `bottom` over all calls make the number.

    (But a cost is shared by all: there `top` is the whole cost.)
    """

    where: Where
    top: float
    bottom: float
    why: str


def explain(metric: Metric, call: Call, cell: Cell, given: Given | None = None, more: Sequence[Tally] = ()) -> Verdict:
    """Return the call's part in the metric's cell. `more`: what spans of agents' time and its card contribute."""
    given = given or Given()
    every = [one for one in (*tallies(call), *more) if one.subject in metric.sources]
    totals = totals_of(metric, every, cell)
    top = metric.top(totals, given) if totals else 0.0
    bottom = metric.bottom(totals, given) if totals and metric.bottom else 0.0
    if top:
        return Verdict("counted", top, bottom, because(metric, call, cell, given))
    if bottom:
        return Verdict("below", top, bottom, because(metric, call, cell, given))
    return Verdict("out", 0.0, 0.0, _why_out(metric, call, cell, given, every))


def _why_out(metric: Metric, call: Call, cell: Cell, given: Given, every: Sequence[Tally]) -> str:
    if call.ended_at is None:
        return "the call goes on"
    if not every:
        return f"the call has nothing that `{metric.id}` counts"
    reasons = [outside(metric, one, cell) for one in every]
    if all(reasons):
        return max(set(reasons), key=reasons.count)
    return f"{because(metric, call, cell, given)}: not what `{metric.id}` counts"
