"""Which way a call went: from outside to a desk, from an agent to outside, or between agents."""

from __future__ import annotations

from typing import Literal

from ivr.ledger.call import Call

Direction = Literal["in", "out", "internal"]


def direction_of(call: Call) -> Direction:
    """Return the call's direction: a call that reached a desk came in."""
    return "in" if call.desk else "internal"
