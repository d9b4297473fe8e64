"""One call's records while it is being told: which of its channels live, and whether it is over."""

from __future__ import annotations

from collections.abc import Iterable

from ivr.ledger.call import Proof
from ivr.ledger.record import Record
from ivr.ledger.verdict import judged_call

LAST_EVENT = "LINKEDID_END"
CHANNEL_END = "CHAN_END"
SIGNS_OF_LIFE = frozenset({"CHAN_START", "BRIDGE_ENTER"})


class Story:
    """All records of one call so far, in the journal's order.

    A call is the connected set of linkedids that share a uniqueid or a bridge; it is named after its first record's.
    `cut`: the id of the record that proves that Asterisk was started anew, so that no more is to come; else None.
    `kept`: the database has a row of it.
    """

    __slots__ = ("add", "bridges", "cut", "ended", "judges", "kept", "linkedids", "living", "records", "verdict")

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
        self.verdict: int | None = None
        """Id of the record that says that no channel of it lives any more; void once one of its own follows."""
        self.judges: set[str] = set()
        """Linkedids of the acts that said so: they are of its records, but no part of it."""
        for record in self.records:
            self.note(record)

    @property
    def name(self) -> str:
        """The call's id."""
        return self.records[0].linkedid

    @property
    def over(self) -> bool:
        """Whether no more records are awaited: every linkedid is given up, and no channel lives elsewhere."""
        ended = not self.living and len(self.ended) == len(self.linkedids)
        return ended or self.cut is not None or self.verdict is not None

    @property
    def own(self) -> list[Record]:
        """Its records, without those of the acts that said that it is over."""
        if not self.judges:
            return self.records
        return [record for record in self.records if record.linkedid not in self.judges]

    @property
    def proof(self) -> tuple[Proof, int]:
        """Why we know that it is over, and the id of the record that says so; only for one that is."""
        if self.cut is not None:
            return "asterisk crash", self.cut
        if self.verdict is not None:
            return "reconciled", self.verdict
        return "journal", next((record[0] for record in reversed(self.own) if record[1] == LAST_EVENT), 0)

    def note(self, record: Record) -> None:
        """Learn from a record what it says of linkedids and channels."""
        _, event, _, uniqueid, linkedid, *_ = record
        self.linkedids.add(linkedid)
        self.judge(record)
        if event in SIGNS_OF_LIFE:
            self.living.add(uniqueid)
        elif event == CHANNEL_END:
            self.living.discard(uniqueid)
        elif event == LAST_EVENT:
            self.ended.add(linkedid)

    def judge(self, record: Record) -> None:
        """Learn whether a record says that the call is over, or that it was not when that was said."""
        if record.linkedid not in self.judges:
            self.verdict = None
            called = judged_call(record)
            if called and called != record.linkedid and called in self.linkedids:
                self.verdict = record.id
                self.judges.add(record.linkedid)

    def join(self, younger: Story) -> None:
        """Take in another call: the two were one."""
        self.records = sorted(self.records + younger.records)
        self.add = self.records.append
        self.cut = self.cut if younger.cut is None else younger.cut
        self.linkedids |= younger.linkedids
        self.living |= younger.living
        self.ended |= younger.ended
        self.bridges |= younger.bridges
        self.judges |= younger.judges

    def late(self) -> int:
        """Return how many records came when the call was over already: 0 for nearly all."""
        if self.cut is None and not self.judges and LAST_EVENT not in [record[1] for record in self.records[:-1]]:
            return 0
        told = Story()
        late = 0
        for record in self.records:
            if record.linkedid not in self.judges:
                late += bool(told.linkedids and told.over) or (self.cut is not None and record.id > self.cut)
            told.note(record)
        return late
