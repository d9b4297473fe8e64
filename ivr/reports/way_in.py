"""Which way a call went: from outside to a desk, from an agent to outside, or between agents."""

from __future__ import annotations

from ivr.ledger.call import Call, Direction

__all__ = ["Direction", "direction_of"]


def direction_of(call: Call) -> Direction:
    """Return the call's direction, as the ledger tells it."""
    return call.direction
