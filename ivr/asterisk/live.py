"""What is going on now, folded from AMI's events: who waits, which keys he pressed, what the agents do.

It is a picture for the whisper and the live screens, never the record. Every part of it is bounded; `resync` replaces
it after each reconnect. It asks for as few events as it can, because Asterisk and we pay for each of them in each call.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Final, TypeAlias

Row: TypeAlias = dict[str, str]

MAX_CALLERS: Final = 20_000
"""Callers whose keys are kept; who came first is forgotten first, long after his call."""
MAX_KEYS: Final = 64
"""Keys kept of one caller: the first ones count."""
STATUS: Final = {
    "0": "unknown",
    "1": "free",
    "2": "talking",
    "3": "busy",
    "4": "invalid",
    "5": "absent",
    "6": "ringing",
    "7": "ringing while talking",
    "8": "on hold",
}
"""Asterisk's device states of a queue member, in the desk's words."""
_MEMBER_EVENTS: Final = frozenset(f"QueueMember{what}" for what in ("Added", "Status", "Pause", "Ringinuse", "Penalty"))
LIVE_EVENTS: Final = (
    "DTMFEnd", "QueueCallerJoin", "QueueCallerLeave", "QueueMemberRemoved", *sorted(_MEMBER_EVENTS)
)  # fmt: skip
"""The events that the picture is made of; `manager.conf` lets no other through to us."""
WATCHED_EVENTS: Final = ("Hold", "Unhold", "AttendedTransfer")
"""But these, which are for `ivr.asterisk.watch` alone."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """A caller in a line's queue."""

    uniqueid: str
    queue: str
    position: int
    since: float
    """UTC, seconds since 1970."""
    number: str
    name: str


@dataclass(frozen=True, slots=True)
class Member:
    """An agent in a line's queue."""

    queue: str
    interface: str
    name: str
    status: str
    """One of `STATUS`."""
    paused: bool
    in_call: bool
    calls: int


class Live:
    """The picture; `now` gives UTC seconds for events without a time stamp."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._keys: dict[str, list[tuple[float, str]]] = {}
        self._waiting: dict[str, Waiting] = {}
        self._members: dict[tuple[str, str], Member] = {}

    def keys_since(self, uniqueid: str, since: float) -> str:
        """Return the keys that this caller pressed since a moment (UTC seconds) from his first line on, in order."""
        return "".join(digit for at, digit in self._keys.get(uniqueid, ()) if at >= since)

    def waiting(self, queue: str = "") -> tuple[Waiting, ...]:
        """Return who waits, in one queue or in all, by queue and place."""
        found = [caller for caller in self._waiting.values() if not queue or caller.queue == queue]
        return tuple(sorted(found, key=lambda caller: (caller.queue, caller.position)))

    def members(self, queue: str = "") -> tuple[Member, ...]:
        """Return the agents of one queue or of all."""
        return tuple(member for member in self._members.values() if not queue or member.queue == queue)

    def feed(self, event: Row) -> None:
        """Take one event; what the picture does not show is passed over. KeyError or ValueError: it is broken."""
        match event.get("Event", ""):
            case "DTMFEnd":
                self._key(event)
            case "QueueCallerJoin":
                self._join(event)
            case "QueueCallerLeave":
                self._leave(event)
            case "QueueMemberRemoved":
                self._drop_member(event)
            case kind if kind in _MEMBER_EVENTS:
                self._set_member(event)

    def resync(self, queues: list[Row]) -> None:
        """Replace all by the items of QueueStatus. Keys are kept, though some may be missing."""
        self._waiting, self._members = {}, {}
        for row in queues:
            if row.get("Event") == "QueueEntry":
                since = self._now() - float(row.get("Wait", "0") or 0)
                self._wait(_waiting(row, since))
            elif row.get("Event") == "QueueMember":
                self._set_member(row)

    def _wait(self, caller: Waiting) -> None:
        self._waiting[caller.uniqueid] = caller
        self._keys.setdefault(caller.uniqueid, [])
        if len(self._keys) > MAX_CALLERS:
            oldest = next(iter(self._keys))
            del self._keys[oldest]
            self._waiting.pop(oldest, None)

    def _key(self, event: Row) -> None:
        keys = self._keys.get(event["Uniqueid"])
        if keys is not None and event.get("Direction", "Received") == "Received" and len(keys) < MAX_KEYS:
            keys.append((self._at(event), event["Digit"]))

    def _join(self, event: Row) -> None:
        self._wait(_waiting(event, self._at(event)))

    def _leave(self, event: Row) -> None:
        gone = self._waiting.pop(event["Uniqueid"], None)
        for uniqueid, caller in self._waiting.items():
            if gone and caller.queue == gone.queue and caller.position > gone.position:
                self._waiting[uniqueid] = replace(caller, position=caller.position - 1)

    def _set_member(self, event: Row) -> None:
        interface = event.get("Interface") or event["Location"]
        self._members[event["Queue"], interface] = Member(
            queue=event["Queue"],
            interface=interface,
            name=event.get("MemberName") or event.get("Name", ""),
            status=STATUS.get(event.get("Status", ""), "unknown"),
            paused=event.get("Paused") == "1",
            in_call=event.get("InCall") == "1",
            calls=int(event.get("CallsTaken", "0") or 0),
        )

    def _drop_member(self, event: Row) -> None:
        self._members.pop((event["Queue"], event.get("Interface", "")), None)

    def _at(self, event: Row) -> float:
        stamp = event.get("Timestamp", "")
        return float(stamp) if stamp else self._now()


def _waiting(row: Row, since: float) -> Waiting:
    return Waiting(
        uniqueid=row["Uniqueid"],
        queue=row["Queue"],
        position=int(row["Position"]),
        since=since,
        number=_known(row.get("CallerIDNum", "")),
        name=_known(row.get("CallerIDName", "")),
    )


def _known(text: str) -> str:
    return "" if text == "<unknown>" else text
