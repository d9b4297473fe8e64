"""One record of the journal: a line of the node's CEL file, typed."""

from __future__ import annotations

from dataclasses import dataclass

FIELDS = (
    "EventType", "EventTime", "UniqueID", "LinkedID", "ChanName", "Name", "Num",
    "Exten", "Context", "AppName", "AppData", "Peer", "EventExtra",
)  # fmt: skip
"""The order of the fields in `journal.csv`; `cel_custom.conf` is rendered from it."""


@dataclass(frozen=True, slots=True)
class Record:
    """A journal record. `offset` is its first byte in its file: with the node and file it is its identity."""

    offset: int
    event: str
    at: float
    """UTC, seconds since 1970, with microseconds."""
    uniqueid: str
    linkedid: str
    channel: str
    name: str
    number: str
    exten: str
    context: str
    app: str
    app_arguments: str
    peer: str
    extra: str
    """JSON text, or empty."""
