"""What a call contributes to the ways of a split: what became of callers who were sent there."""

from __future__ import annotations

from collections.abc import Iterator

from ivr.ledger.call import Call
from ivr.reports.bins import bin_of
from ivr.reports.missed import MISSED
from ivr.reports.tally import QUARTER, Tally, tally
from ivr.reports.visited import at_desks


def split_tallies(call: Call) -> list[Tally]:
    """Return what the call contributes to each way that it was sent."""
    ways = list(ways_of(call))
    if not ways:
        return []
    counted = [("calls", 1)]
    if call.outcome in MISSED:
        counted.append(("missed", 1))
    if call.outcome == "abandoned in the menu":
        counted.append(("left", 1))
    if call.connected_at is not None:
        waited = call.connected_at - call.began_at
        counted += [("connected", 1), ("to_human", waited), (f"to_human.{bin_of(waited)}", 1)]
    return [one for way in ways for one in of_way(call, way, counted)]


def ways_of(call: Call) -> Iterator[tuple[str, str, str]]:
    """Yield the splits that a call from outside met, each once: its desk, its node, and the way that it was sent."""
    if call.direction == "in":
        found = {
            (desk, told.values.get("node", "")): told.values.get("way", "")
            for told, desk, _ in at_desks(call)
            if told.name == "split"
        }
        yield from ((desk, node, way) for (desk, node), way in found.items())


def of_way(call: Call, way: tuple[str, str, str], counted: list[tuple[str, int]]) -> list[Tally]:
    """Return the tallies of one way, booked to the call's beginning."""
    bucket = call.began_at - call.began_at % QUARTER
    return [tally(("split", bucket, way, measure, value)) for measure, value in counted]
