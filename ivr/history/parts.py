"""What one kind of rows tells of a call: legs and particulars, to be put together with what the others tell."""

from __future__ import annotations

from dataclasses import dataclass, field

from ivr.ledger.call import Leg

UNTOLD = "ended"
"""A talk's end of which the file does not tell who hung up."""


@dataclass(slots=True)
class Parts:
    """A part of a call's story, being put together. Times in UTC microseconds."""

    began_at: int | None = None
    ended_at: int | None = None
    caller: str = ""
    caller_name: str = ""
    number: str = ""
    """What the caller dialled."""
    channel: str = ""
    """The name of the caller's channel: `SIP/trunk-0000001a`, or an agent's telephone."""
    queue: str = ""
    """The queue that he was in, when only that is known."""
    queues: list[Leg] = field(default_factory=list)
    offers: list[Leg] = field(default_factory=list)
    talks: list[Leg] = field(default_factory=list)
    doubts: set[str] = field(default_factory=set)
    named: set[str] = field(default_factory=set)
    """The queues by the names of the older system."""
    in_menu: bool = False
    """He was last in a menu or announcement."""
