"""A node that sends each share of the callers another way."""

from __future__ import annotations

from ivr.engine.turn import Draft
from ivr.flows.model import Split, Way, way_to
from ivr.flows.split import way_for, way_name


def enter(draft: Draft, name: str, node: Split) -> Way:
    """Send him on at once."""
    target = way_for(name, node, draft.session.caller or draft.session.call)
    draft.fact("split", node=name, way=way_name(target))
    return way_to(target)
