"""A node that speaks and goes on."""

from __future__ import annotations

from ivr.engine.turn import Draft
from ivr.flows.model import Say, Way, way_to


def enter(draft: Draft, name: str, node: Say) -> Way:
    """Speak, and go on at once."""
    draft.speak(name)
    return way_to(node.then)
