"""A node that sends callers by the clock."""

from __future__ import annotations

from ivr.engine.turn import Draft
from ivr.flows.model import Way, When, way_to
from ivr.flows.split import way_name
from ivr.flows.when import way_at


def enter(draft: Draft, name: str, node: When) -> Way:
    """Send him on at once."""
    target = way_at(node, draft.desk.time_zone, draft.now)
    draft.fact("when", node=name, way=way_name(target))
    return way_to(target)
