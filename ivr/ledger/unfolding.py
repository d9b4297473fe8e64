"""Open calls while the journal is read: which call each record belongs to, and when a call is over."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from typing import NamedTuple

from ivr.ledger.agents import ACTS
from ivr.ledger.call import Call
from ivr.ledger.fold import LAST_EVENT, fold
from ivr.ledger.record import Record
from ivr.telephony.codes import is_code

SELFTEST = "selftest"
"""The dialplan context in which `ivr up` places its test call: its records are kept, but it is nobody's call."""
_NOBODYS = frozenset({SELFTEST, ACTS})


class OpenCall:
    """A call in memory; `kept` says that the database has it, `over` that no more records are awaited."""

    __slots__ = ("crashed", "kept", "over", "records")

    def __init__(self, records: Iterable[Record] = (), *, crashed: bool = False, kept: bool = False) -> None:
        self.records = list(records)
        self.crashed = crashed
        self.kept = kept
        self.over = crashed or _ends(self.records)


class Unfolded(NamedTuple):
    """A call that records touched; `kept`: the database has an earlier state of it."""

    call: Call
    kept: bool


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

    def take(self, records: Iterable[Record], earlier: Earlier) -> Iterator[Unfolded]:
        """Add records; return the calls that they touched, each folded when it is asked for.

        All of them must be asked for before more records are taken.
        """
        parts = _by_call(records)
        if strangers := parts.keys() - self._open.keys():
            self._open.update(earlier(strangers))
        for name, part in parts.items():
            call = self._open.get(name)
            if call is None:
                call = self._open[name] = OpenCall()
            call.records += part
            call.over = call.over or _ends(part)
        touched = dict.fromkeys(parts)
        for name, part in parts.items():
            # Asterisk counts its channels from 0: this is a new process, and nothing of the one before goes on.
            if name.endswith(".0") and part[0].event == "CHAN_START":
                touched.update(dict.fromkeys(self._cut_before(name)))
        return self._fold(touched)

    def _fold(self, names: Iterable[str]) -> Iterator[Unfolded]:
        for name in names:
            call = self._open[name]
            if call.over:
                del self._open[name]
            if not is_nobodys(call.records[0]):
                kept, call.kept = call.kept, True
                yield Unfolded(fold(call.records, crashed=call.crashed), kept)

    def _cut_before(self, first: str) -> list[str]:
        """Close the calls of the process before the one whose first channel this is; return their names."""
        node, born = _birth(first)
        cut = []
        for name, call in self._open.items():
            its_node, its_birth = _birth(name)
            if not call.over and its_node == node and its_birth < born:
                call.crashed = call.over = True
                cut.append(name)
        return cut


def is_nobodys(first: Record) -> bool:
    """Say whether a call that begins with this record is none of the ledger's: the self-test's, or an agent's act."""
    return first.context in _NOBODYS or (first.exten[:1] == "*" and is_code(first.exten))


def _by_call(records: Iterable[Record]) -> dict[str, list[Record]]:
    parts: dict[str, list[Record]] = {}
    for record in records:
        part = parts.get(record.linkedid)
        if part is None:
            parts[record.linkedid] = [record]
        else:
            part.append(record)
    return parts


def _ends(records: list[Record]) -> bool:
    return any(record.event == LAST_EVENT for record in reversed(records))


def _birth(uniqueid: str) -> tuple[str, int]:
    """`desk1-1795282454.0` → its node, and the second of its beginning."""
    node, _, rest = uniqueid.rpartition("-")
    seconds = rest.partition(".")[0]
    return node, int(seconds) if seconds.isdecimal() else 0
