"""What a caller cannot hear, read from the journal while the call goes on: his category, his line, his agent."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from ivr.ledger.parse import parse
from ivr.ledger.record import Record
from ivr.phone.call import Call, Event
from ivr.phone.caller import ASKED
from ivr.telephony.facts import EVENT_NAME, Fact, read_facts
from ivr.telephony.number import clean_number

_AGENT = re.compile(r"Local/([0-9]+)@agents-|PJSIP/([0-9]+)(?:-web)?-")
_CLOCKS = 1.0
"""Seconds before our INVITE from which a channel may be ours."""


class JournalWitness:
    """Follows one call in the journal from now on. `uniqueid` is the desk's name for it, once known."""

    def __init__(self, journal: Path, number: str, caller: str) -> None:
        self.uniqueid = ""
        self._path = journal
        self._number, self._caller = number, clean_number(caller)
        self._inode, self._offset = _end_of(journal)
        self._offered = ""

    def seen(self, call: Call) -> Sequence[Event]:
        """Return what the journal tells of the call since the last time."""
        found = []
        for record in self._read():
            at = record.at / 1e6 - call.began
            if not self.uniqueid and self._is_ours(record, at):
                self.uniqueid = record.uniqueid
            if self.uniqueid and record.linkedid == self.uniqueid:
                found += [Event(round(at, 3), name, detail) for name, detail in self._told(record)]
        return found

    def _read(self) -> list[Record]:
        inode, _ = _end_of(self._path)
        if inode != self._inode:  # rotated: what follows is in the new file
            self._inode, self._offset = inode, 0
        try:
            with self._path.open("rb") as file:
                file.seek(self._offset)
                data = file.read()
        except OSError:
            return []
        records, _, used = parse(data, 0)
        self._offset += used
        return records

    def _is_ours(self, record: Record, at: float) -> bool:
        return (
            record.event == "CHAN_START"
            and at > -_CLOCKS
            and record.exten == self._number
            and clean_number(record.number) == self._caller
        )

    def _told(self, record: Record) -> Iterator[tuple[str, str]]:
        if record.event == EVENT_NAME:
            for fact in read_facts(_text(record.extra)):
                yield from self._of_fact(fact)
        elif record.event == "BRIDGE_ENTER" and record.uniqueid == self.uniqueid:
            named = _AGENT.search(record.peer)
            agent = (named[1] or named[2]) if named else self._offered
            yield "answered by", f"agent {agent}".rstrip()

    def _of_fact(self, fact: Fact) -> Iterator[tuple[str, str]]:
        values = fact.values
        match fact.name:
            case "category" | "source" | "line":
                yield fact.name, values.get(fact.name, "")
                if fact.name == "line" and values.get("ask") == "waiting":
                    yield ASKED, "source"
            case "offer":
                self._offered = values.get("agent", "")
                yield "rings", f"agent {self._offered}"
            case "refused" | "missed":
                yield fact.name, f"by agent {values.get('agent', '')}"
            case "fallback":
                yield "fallback", values.get("why", "")
            case "closed" | "exhausted":
                yield fact.name, ""


def _end_of(path: Path) -> tuple[int, int]:
    try:
        found = path.stat()
    except OSError:
        return 0, 0
    return found.st_ino, found.st_size


def _text(extra: str) -> str:
    """Return a user event's text; what is none gives no fact."""
    try:
        told = json.loads(extra)
    except ValueError:
        return ""
    return str(told.get("extra", "")) if isinstance(told, dict) else ""
