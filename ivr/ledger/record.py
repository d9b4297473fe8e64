"""One record of the journal: a line of the node's CEL file, typed."""

from __future__ import annotations

from typing import NamedTuple

FIELDS = (
    "EventType", "EventTime", "UniqueID", "LinkedID", "ChanName", "Name", "Num",
    "Exten", "Context", "AppName", "AppData", "Peer", "EventExtra",
)  # fmt: skip
"""The order of the fields in `journal.csv`; `cel_custom.conf` is rendered from it."""


OFFSET_BITS = 36
FILE_BITS = 17
"""Files up to 64 GB, 131,072 files of a node, 1,023 nodes: so a record's identity is one integer, growing in the order
of the journal."""


def record_id(file: int, offset: int) -> int:
    """Return the identity of the record that begins at the byte `offset` of the file with that number."""
    return file << OFFSET_BITS | offset


class Record(NamedTuple):
    """A journal record. `id` is its identity: the number of its file and its first byte there (see `record_id`).

    A named tuple, not a dataclass: it is made from a parsed row and handed to the database as it is, and that is
    most of what a loader does.
    """

    id: int
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

    id: int
    raw: bytes
    reason: str


class Position(NamedTuple):
    """How far a node's journal is read: the next byte to read, in which file."""

    node: str
    boot: str
    """The machine's boot id: an inode means something within one boot; after it the file's head decides."""
    file: int
    """The file's number: `node_number << FILE_BITS | place`, one more for each rotation; no two nodes share one."""
    inode: int
    """0 = not begun: the oldest file is read first."""
    head: str
    """Length and hash of the file's first record, `120:9f86d081…`: a file that was cut and refilled is noticed."""
    offset: int


class Batch(NamedTuple):
    """What one reading gave, all of one file: records, rejected bytes, and the position after them."""

    records: list[Record]
    rejected: list[Rejected]
    position: Position
