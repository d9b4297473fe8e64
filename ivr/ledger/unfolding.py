"""Open calls while the journal is read: which call each record belongs to, and when a call is over."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping

from ivr.ledger.call import Call
from ivr.ledger.fold import LAST_EVENT, fold
from ivr.ledger.record import Record


SELFTEST = "selftest"
"""The dialplan context in which `ivr up` places its test call: its records are kept, but it is nobody's call."""


class OpenCall:
    """A call in memory; `kept` says that the database has it, `over` that no more records are awaited."""

    __slots__ = ("crashed", "kept", "over", "records")

    def __init__(self, records: Iterable[Record] = (), *, crashed: bool = False, kept: bool = False) -> None:
        self.records = list(records)
        self.crashed = crashed
        self.kept = kept
        self.over = crashed or any(record.event == LAST_EVENT for record in self.records)


Earlier = Callable[[Collection[str]], Mapping[str, OpenCall]]
"""Returns those of the calls that the database has."""


class Unfolding:
    """Takes records in the journal's order; gives the calls that they touched."""

    def __init__(self, open_calls: Mapping[str, OpenCall]) -> None:
        self._open = dict(open_calls)

    @property
    def size(self) -> int:
        """How many calls are open."""
        return len(self._open)

    def take(self, records: Iterable[Record], earlier: Earlier) -> tuple[list[Call], list[Call]]:
        """Add records; return the calls that are new to the database, and those that changed."""
        touched: dict[str, OpenCall] = {}
        self._find_earlier(records, earlier)
        for record in records:
            call = touched.get(record.linkedid) or self._touch(record.linkedid, touched)
            call.records.append(record)
            if record.event == LAST_EVENT:
                call.over = True
            elif record.event == "CHAN_START" and record.uniqueid.endswith(".0"):
                self._asterisk_began(record, touched)
        new: list[Call] = []
        changed: list[Call] = []
        for name, call in touched.items():
            if call.records[0].context != SELFTEST:
                (changed if call.kept else new).append(fold(call.records, crashed=call.crashed))
                call.kept = True
            if call.over:
                del self._open[name]
        return new, changed

    def _find_earlier(self, records: Iterable[Record], earlier: Earlier) -> None:
        strangers = {record.linkedid for record in records} - self._open.keys()
        if strangers:
            self._open.update(earlier(strangers))

    def _touch(self, name: str, touched: dict[str, OpenCall]) -> OpenCall:
        call = touched[name] = self._open.setdefault(name, OpenCall())
        return call

    def _asterisk_began(self, first: Record, touched: dict[str, OpenCall]) -> None:
        """Close the calls of the process before: Asterisk counts its channels from 0, so this is a new process."""
        node, born = _birth(first.uniqueid)
        for name, call in self._open.items():
            its_node, its_birth = _birth(name)
            if not call.over and its_node == node and its_birth < born:
                call.crashed = call.over = True
                touched[name] = call


def _birth(uniqueid: str) -> tuple[str, int]:
    """`desk1-1795282454.0` → its node, and the second of its beginning."""
    node, _, rest = uniqueid.rpartition("-")
    seconds = rest.partition(".")[0]
    return node, int(seconds) if seconds.isdecimal() else 0
