"""What call cards contribute: wins and leads to the totals, codes and sums to the statement of a project."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from ivr.ledger.call import Call
from ivr.ledger.card import Card, hundredths
from ivr.reports.split_ways import of_way, ways_of
from ivr.reports.tally import QUARTER, Tally, tally


def card_tallies(card: Card, call: Call) -> list[Tally]:
    """Return what the card contributes, booked to its call's beginning: its codes, a win or a lead."""
    if call.ended_at is None:
        return []
    direction = call.direction
    number = call.number if direction == "in" else ""
    bucket = call.began_at - call.began_at % QUARTER
    of_call = (direction, call.desk, number, call.version, call.category, call.source, call.source_how)
    of_agent = (card.agent, direction, call.desk, _line(call))
    told = [("card.outcome", len(card.codes)), *((f"card.outcome.{code}", 1) for code in card.codes)]
    found = [tally(("agent", bucket, of_agent, measure, value)) for measure, value in told if value]
    if card.kind:
        measure = f"card.{card.kind}"
        found += [one for way in ways_of(call) for one in of_way(call, way, [(measure, 1)])]
        found += [tally(("call", bucket, of_call, measure, 1)), tally(("agent", bucket, of_agent, measure, 1))]
    return found


def card_totals(cards: Iterable[Card]) -> Counter[str]:
    """Return the totals of source `card`: cards, wins, leads, each code, and each field that is a number, summed."""
    totals: Counter[str] = Counter()
    for card in cards:
        totals["card.cards"] += 1
        if card.kind:
            totals[f"card.{card.kind}"] += 1
        for code in card.codes:
            totals[f"code.{code}"] += 1
        for name, text in card.fields.items():
            if (value := hundredths(text)) is not None:
                totals[f"sum.{name}"] += value
    return totals


def _line(call: Call) -> str:
    return next((leg.line for leg in reversed(call.legs) if leg.kind == "talk" and leg.line), call.last_line)
