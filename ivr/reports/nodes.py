"""The way through the menu: hits, keys, wrong keys, no answers and drop-outs of each node."""

from __future__ import annotations

from ivr.ledger.call import Call
from ivr.reports.tally import QUARTER, Tally, tally
from ivr.reports.visited import at_desks

DROPPED = frozenset({"caller hung up", "limit", "cut off", "error"})
"""Ends of a call's last stage in the menu with which a caller was lost there."""


def node_tallies(call: Call) -> list[Tally]:
    """Return what the call contributes to the nodes that it met."""
    found: list[Tally] = []
    last: tuple[str, ...] = ()
    for told, desk, version in at_desks(call):
        name = told.fact.name
        if name not in ("entered", "key", "wrong", "silent"):
            continue
        node = told.fact.values.get("node", "")
        keys = (desk, version, node)
        bucket = told.at - told.at % QUARTER
        if name == "entered":
            last = keys
            measure = "hits"
        elif name == "key":
            measure = f"key.{told.fact.values.get('key', '')}"
        else:
            measure = name
        found.append(tally(("node", bucket, keys, measure, 1)))
    if last and not call.first_line and call.end_reason in DROPPED:
        at = call.ended_at if call.ended_at is not None else call.began_at
        found.append(tally(("node", at - at % QUARTER, last, "dropped", 1)))
    return found
