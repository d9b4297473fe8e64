"""One call's records while it is being told: which of its channels live, and whether it is over."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ivr.ledger.record import Record

LAST_EVENT = "LINKEDID_END"
CHANNEL_END = "CHAN_END"
SIGNS_OF_LIFE = frozenset({"CHAN_START", "BRIDGE_ENTER"})


class Story:
    """All records of one call so far, in the journal's order.

    A call is the connected set of linkedids that share a uniqueid or a bridge; it is named after its first record's.
    `cut`: the id of the record that proves that Asterisk was started anew, so that no more is to come; else None.
    `kept`: the database has a row of it.
    """

    __slots__ = ("add", "bridges", "cut", "ended", "kept", "linkedids", "living", "records")

    def __init__(self, records: Iterable[Record] = (), *, cut: int | None = None, kept: bool = False) -> None:
        self.records = list(records)
        self.add = self.records.append
        self.cut = cut
        self.kept = kept
        self.linkedids: set[str] = set()
        self.living: set[str] = set()
        """Channels that have begun and not ended."""
        self.ended: set[str] = set()
        """Linkedids that no channel has any more."""
        self.bridges: set[str] = set()
        for record in self.records:
            self.note(record)

    @property
    def name(self) -> str:
        """The call's id."""
        return self.records[0].linkedid

    @property
    def over(self) -> bool:
        """Whether no more records are awaited: every linkedid is given up, and no channel lives elsewhere."""
        return self.cut is not None or (not self.living and len(self.ended) == len(self.linkedids))

    def note(self, record: Record) -> None:
        """Learn from a record what it says of linkedids and channels."""
        _, event, _, uniqueid, linkedid, *_ = record
        self.linkedids.add(linkedid)
        if event in SIGNS_OF_LIFE:
            self.living.add(uniqueid)
        elif event == CHANNEL_END:
            self.living.discard(uniqueid)
        elif event == LAST_EVENT:
            self.ended.add(linkedid)

    def join(self, younger: Story) -> None:
        """Take in another call: the two were one."""
        self.records = sorted(self.records + younger.records)
        self.add = self.records.append
        self.cut = self.cut if younger.cut is None else younger.cut
        self.linkedids |= younger.linkedids
        self.living |= younger.living
        self.ended |= younger.ended
        self.bridges |= younger.bridges

    def late(self) -> int:
        """Return how many records came when the call was over already: 0 for nearly all."""
        events = [record[1] for record in self.records]
        if self.cut is None and (events.count(LAST_EVENT) == 0 or events.index(LAST_EVENT) == len(events) - 1):
            return 0
        told = Story()
        late = 0
        for record in self.records:
            late += bool(told.linkedids and told.over) or (self.cut is not None and record.id > self.cut)
            told.note(record)
        return late


def last_proof(records: Sequence[Record]) -> int:
    """Return the id of the last record that says that a linkedid is given up; 0 when none does."""
    return next((record.id for record in reversed(records) if record.event == LAST_EVENT), 0)
