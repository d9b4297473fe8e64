"""What the proof of the ledger needs from the world: a place for gaps and counts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from ivr.ledger.gap import Kind


class Counted(NamedTuple):
    """What Asterisk itself has shown of one minute."""

    node: str
    at: int
    """The minute's beginning, UTC microseconds."""
    channels: int
    calls: int


class Gaps(Protocol):
    """Where gaps and counts are kept. Every method may raise `LedgerAwayError`; moments are UTC microseconds."""

    def begin(self, node: str, kind: Kind, at: int, details: str) -> None:
        """Note that a gap has begun, unless one of this kind goes on already."""

    def end(self, node: str, kind: Kind, at: int) -> None:
        """Note the end of the gap of this kind that goes on, if one does."""

    def count(self, minutes: Sequence[Counted]) -> None:
        """Add channels and calls that Asterisk has shown, each counted once."""
