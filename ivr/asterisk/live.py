"""What is going on now, folded from AMI's events: who waits, which keys he pressed, what the agents do.

It is a picture for the whisper and the live screens, never the record. Every part of it is bounded and forgotten with
its channel; `resync` replaces it after each reconnect.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Final, TypeAlias

Row: TypeAlias = dict[str, str]

MAX_CHANNELS: Final = 20_000
"""Channels kept; the oldest is forgotten first, since a node never carries so many."""
MAX_KEYS: Final = 64
"""Keys kept of one channel: the first ones count."""
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
    "Newchannel", "Hangup", "DTMFEnd", "QueueCallerJoin", "QueueCallerLeave", "QueueMemberRemoved",
    *sorted(_MEMBER_EVENTS),
)  # fmt: skip
"""The events that the picture is made of; `manager.conf` lets no other through to us."""


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


@dataclass(slots=True)
class Channel:
    """One live channel."""

    name: str
    linkedid: str
    keys: list[tuple[float, str, bool]] = field(default_factory=list)
    """When, which, and whether he was waiting in a queue."""


class Live:
    """The picture; `now` gives UTC seconds for events without a time stamp."""

    def __init__(self, now: Callable[[], float] = time.time) -> None:
        self._now = now
        self._channels: dict[str, Channel] = {}
        self._waiting: dict[str, Waiting] = {}
        self._members: dict[tuple[str, str], Member] = {}

    @property
    def channels(self) -> int:
        """How many channels live."""
        return len(self._channels)

    def keys(self, uniqueid: str) -> str:
        """Return the keys that this caller pressed while he waited in a queue, in order."""
        channel = self._channels.get(uniqueid)
        return "".join(digit for _, digit, waiting in channel.keys if waiting) if channel else ""

    def keys_since(self, uniqueid: str, since: float) -> str:
        """Return the keys that this channel pressed since a moment (UTC seconds), in order."""
        channel = self._channels.get(uniqueid)
        return "".join(digit for at, digit, _ in channel.keys if at >= since) if channel else ""

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
            case "Newchannel":
                self._new_channel(event)
            case "Hangup":
                self._hangup(event)
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

    def resync(self, channels: list[Row], queues: list[Row]) -> None:
        """Replace all: items of CoreShowChannels and of QueueStatus. Keys of channels that still live are kept."""
        before = self._channels
        self._channels, self._waiting, self._members = {}, {}, {}
        for row in channels:
            known = before.get(row["Uniqueid"])
            self._add(row["Uniqueid"], known or Channel(row.get("Channel", ""), row.get("Linkedid", "")))
        for row in queues:
            if row.get("Event") == "QueueEntry":
                since = self._now() - float(row.get("Wait", "0") or 0)
                self._waiting[row["Uniqueid"]] = _waiting(row, since)
            elif row.get("Event") == "QueueMember":
                self._set_member(row)

    def _add(self, uniqueid: str, channel: Channel) -> None:
        if len(self._channels) >= MAX_CHANNELS:
            oldest = next(iter(self._channels))
            del self._channels[oldest]
            self._waiting.pop(oldest, None)
        self._channels[uniqueid] = channel

    def _new_channel(self, event: Row) -> None:
        if event["Uniqueid"] not in self._channels:
            self._add(event["Uniqueid"], Channel(event.get("Channel", ""), event.get("Linkedid", "")))

    def _hangup(self, event: Row) -> None:
        self._channels.pop(event["Uniqueid"], None)
        self._waiting.pop(event["Uniqueid"], None)

    def _key(self, event: Row) -> None:
        channel = self._channels.get(event["Uniqueid"])
        if channel is not None and event.get("Direction", "Received") == "Received" and len(channel.keys) < MAX_KEYS:
            channel.keys.append((self._at(event), event["Digit"], event["Uniqueid"] in self._waiting))

    def _join(self, event: Row) -> None:
        if event["Uniqueid"] in self._channels:
            self._waiting[event["Uniqueid"]] = _waiting(event, self._at(event))

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
