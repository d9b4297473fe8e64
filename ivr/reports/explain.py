"""Why a number is what it is: what each call has to do with it, in numbers that add up to it, and in words."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Literal, NamedTuple

from ivr.ledger.call import Call
from ivr.reports.because import because
from ivr.reports.cell import Cell, outside, totals_of
from ivr.reports.contributions import tallies
from ivr.reports.metric import Metric
from ivr.reports.parts import Given
from ivr.reports.tally import Tally

Where = Literal["counted", "below", "out"]
"""counted = in the numerator (and the denominator, where there is one); below = in the denominator alone."""


class Verdict(NamedTuple):
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
    if call.ended_at is None:
        return Verdict("out", 0.0, 0.0, "the call goes on")
    return judge(metric, (*tallies(call), *more), cell, given, lambda: because(metric, call, cell, given), "the call")


def judge(
    metric: Metric, every: Iterable[Tally], cell: Cell, given: Given, said: Callable[[], str], what: str
) -> Verdict:
    """Return the part of what contributes these tallies; `said` tells what it did, `what` is its noun."""
    own = [one for one in every if one.subject in metric.sources]
    totals = totals_of(metric, own, cell)
    top = metric.top(totals, given) if totals else 0.0
    bottom = metric.bottom(totals, given) if totals and metric.bottom else 0.0
    if top:
        return Verdict("counted", top, bottom, said())
    if bottom:
        return Verdict("below", top, bottom, said())
    if not own:
        return Verdict("out", 0.0, 0.0, f"{what} has nothing that `{metric.id}` counts")
    reasons = [outside(metric, one, cell) for one in own]
    if all(reasons):
        return Verdict("out", 0.0, 0.0, max(set(reasons), key=reasons.count))
    return Verdict("out", 0.0, 0.0, f"{said()}: not what `{metric.id}` counts")
