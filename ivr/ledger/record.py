"""One record of the journal: a line of the node's CEL file, typed."""

from __future__ import annotations

from typing import NamedTuple

FIELDS = (
    "EventType", "EventTime", "UniqueID", "LinkedID", "ChanName", "Name", "Num",
    "Exten", "Context", "AppName", "AppData", "Peer", "EventExtra",
)  # fmt: skip
"""The order of the fields in `journal.csv`; `cel_custom.conf` is rendered from it."""


class Record(NamedTuple):
    """A journal record. `offset` is its first byte in its file: with the node and file it is its identity.

    A named tuple, not a dataclass: it is made from a parsed row and handed to the database as it is, and that is
    most of what a loader does.
    """

    offset: int
    event: str
    at: int
    """UTC, microseconds since 1970."""
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


class Rejected(NamedTuple):
    """Bytes of the journal that are no record, kept with the reason."""

    offset: int
    raw: bytes
    reason: str


class Position(NamedTuple):
    """How far a node's journal is read: the next byte to read, in which file."""

    node: str
    boot: str
    """The machine's boot id: an inode means something within one boot; after it the file's head decides."""
    inode: int
    head: str
    """Length and hash of the file's first record, `120:9f86d081…`: a file that was cut and refilled is noticed."""
    offset: int


class Batch(NamedTuple):
    """What one reading gave, all of one file: records, rejected bytes, and the position after them."""

    records: list[Record]
    rejected: list[Rejected]
    position: Position
