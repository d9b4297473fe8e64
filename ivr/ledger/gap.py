"""What may be missing in the ledger, and up to when it is complete. Times are UTC microseconds since 1970."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, tzinfo
from types import MappingProxyType
from typing import Literal, NamedTuple

Kind = Literal["journal", "accepted", "disk", "queue", "ami", "records", "count", "rejected"]
MEANINGS: Mapping[Kind, str] = MappingProxyType(
    {
        "journal": "a journal file was cut, or is gone: the loader waits for it",
        "accepted": "somebody accepted that records are lost, and the loader went on behind them",
        "disk": "the journal's disk was nearly full; a full one loses records without a word",
        "queue": "Asterisk could not write its journal: records waited in its memory",
        "ami": "no link to Asterisk's manager: it could not be asked what lives",
        "records": "channels that Asterisk numbered, and of which no record tells",
        "count": "Asterisk has shown more channels or calls of this minute than the journal has",
        "rejected": "pieces of the journal that are no records; they are kept in rejected_record",
    }
)


class Gap(NamedTuple):
    """A time in which something is missing, or may be."""

    began_at: int
    ended_at: int | None
    """None while it goes on."""
    node: str
    kind: Kind
    missing: int
    """How many: channels, calls, pieces; 0 where that is not known."""
    details: str

    @property
    def open(self) -> bool:
        """Whether it goes on."""
        return self.ended_at is None


class Freshness(NamedTuple):
    """How far the ledger is complete, for the foot of every report."""

    complete_to: int | None
    """Everything that happened before is in; None when no journal was ever loaded."""
    open: tuple[Gap, ...]
    """Gaps that go on."""
    in_progress: int = 0
    """Calls that go on, and are in no report yet."""

    def told(self, zone: tzinfo = UTC) -> str:
        """Return it in words: `complete to 2026-11-21 14:05:31 UTC; 1 gap open`."""
        if self.complete_to is None:
            return "nothing loaded yet"
        moment = datetime.fromtimestamp(self.complete_to / 1e6, zone)
        many = f"; {len(self.open)} gap{'s' if len(self.open) > 1 else ''} open" if self.open else ""
        return f"complete to {moment:%Y-%m-%d %H:%M:%S %Z}{many}"
