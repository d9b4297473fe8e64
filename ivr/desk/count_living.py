"""Channels and calls that Asterisk itself shows, counted by the minute of their birth: a witness beside the journal."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from ivr.desk.ports_proof import Counted
from ivr.ledger.numbering import read_uniqueid


class Living(NamedTuple):
    """A channel that Asterisk shows."""

    uniqueid: str
    linkedid: str


class Sightings:
    """Counts each channel once, when it is seen first. Who lived before `began_at` (UTC seconds) was seen before."""

    def __init__(self, node: str, began_at: float) -> None:
        self._node = node
        self._began_at = began_at
        self._known: set[str] = set()

    def see(self, living: Iterable[Living]) -> list[Counted]:
        """Take all channels that live now; return what is new, by minute."""
        counts: dict[int, list[int]] = {}
        known = set()
        for uniqueid, linkedid in living:
            known.add(uniqueid)
            birth = read_uniqueid(uniqueid)
            if uniqueid in self._known or birth is None or birth.node != self._node or birth.second < self._began_at:
                continue
            count = counts.setdefault(birth.minute, [0, 0])
            count[0] += 1
            count[1] += uniqueid == linkedid
        self._known = known
        return [Counted(self._node, minute, *count) for minute, count in sorted(counts.items())]
