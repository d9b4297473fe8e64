"""Metrics of whole calls: transfers, the line that they ended on, their source and what came of them."""

from __future__ import annotations

from ivr.reports.metric import Metric
from ivr.reports.parts import Given, Part, amount, prefixed, seconds, without
from ivr.reports.tally import Totals

_CALLS, _CONNECTED = amount("calls"), amount("connected")


def _ended_on_first(totals: Totals, given: Given) -> float:
    ends = prefixed(totals, "closed_tier")
    return sum(count for tier, count in ends.items() if 1 <= int(tier) <= given.tiers)


def _cost(_totals: Totals, given: Given) -> float:
    return given.cost or 0.0


def _costed(measure: str) -> Part:
    """Return what a cost is shared by; nothing without a cost, so that the metric has no value then."""
    return lambda totals, given: totals.get(measure, 0) if given.cost is not None else 0


WAYS = (
    Metric(
        id="talk_per_call",
        name="Talk and hold per call",
        sources=("call",),
        unit="seconds",
        formula="Σ (talk + hold) / calls with a talk",
        counts="calls from outside (direction `in`), all talks of a call together",
        top=seconds("talked"),
        bottom=_CONNECTED,
        directions=("in",),
    ),
    Metric(
        id="transfers",
        name="Transfers",
        sources=("call",),
        unit="count",
        formula="number of transfers by agents",
        counts="calls from outside (direction `in`): blind, attended and blonde ones",
        leaves_out="a line's overflow to another line",
        top=amount("transfers"),
        directions=("in",),
    ),
    Metric(
        id="transfer_rate",
        name="Share transferred",
        sources=("call",),
        unit="share",
        formula="calls with a transfer / calls with a talk",
        counts="calls from outside (direction `in`)",
        top=amount("transferred"),
        bottom=_CONNECTED,
        directions=("in",),
    ),
    Metric(
        id="first_transfer_right",
        name="First transfer was right",
        sources=("call",),
        unit="share",
        formula="(calls with a transfer − calls with two or more) / calls with a transfer",
        counts="calls from outside (direction `in`) that were transferred at all",
        leaves_out="calls that no agent transferred",
        top=without(amount("transferred"), amount("transferred_again")),
        bottom=amount("transferred"),
        directions=("in",),
    ),
    Metric(
        id="closed_by_line",
        name="Ended on the first lines",
        sources=("call",),
        unit="share",
        formula=(
            "calls whose last talk was on a line of tier 1…k / calls with a talk; k is 2 unless said, target ≥ 85 %"
        ),
        counts="calls with a talk; a line's tier is its place in the desk file at the time of the call",
        leaves_out="calls without a talk; calls imported from an older system, whose lines have no tiers",
        top=_ended_on_first,
        bottom=without(_CONNECTED, amount("tier_unknown")),
        directions=("in",),
    ),
    Metric(
        id="source_disagreement",
        name="Sources that disagree",
        sources=("call",),
        unit="share",
        formula="calls whose ways of knowing the source name two sources / calls whose source is known in two ways",
        counts="calls from outside (direction `in`) of which two of asked, dialled and known tell the source",
        top=amount("sources_disagree"),
        bottom=amount("sources_told_twice"),
        directions=("in",),
    ),
    Metric(
        id="wins",
        name="Wins",
        sources=("call",),
        unit="count",
        formula="calls whose card has a winning code",
        counts="the card as it stands now; a call counts once",
        top=amount("card.win"),
        directions=("in",),
    ),
    Metric(
        id="leads",
        name="Leads",
        sources=("call",),
        unit="count",
        formula="calls whose card has a lead's code and no winning one",
        counts="the card as it stands now; a call counts once",
        top=amount("card.lead"),
        directions=("in",),
    ),
    Metric(
        id="conversion",
        name="Conversion",
        sources=("call",),
        unit="share",
        formula="wins / calls",
        counts="calls of the source; asked, dialled and known sources are told apart by the key `how`",
        top=amount("card.win"),
        bottom=_CALLS,
        directions=("in",),
    ),
    Metric(
        id="cost_per_call",
        name="Cost per call",
        sources=("call",),
        unit="money",
        formula="cost / calls",
        counts="calls of the source, when a cost is given",
        top=_cost,
        bottom=_costed("calls"),
        directions=("in",),
    ),
    Metric(
        id="cost_per_win",
        name="Cost per win",
        sources=("call",),
        unit="money",
        formula="cost / wins",
        counts="calls of the source, when a cost is given",
        top=_cost,
        bottom=_costed("card.win"),
        directions=("in",),
    ),
)
"""Metrics of source `call`; `ivr.reports.metrics_calls` has the others."""
