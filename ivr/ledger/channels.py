"""The channels of one call: what each one went through, in its own order.

Asterisk orders the journal per channel only. So each channel's steps are kept apart here, and everything that
concerns two channels (who spoke with whom) is decided later by time, never by the order of their records.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache, partial
from typing import Any, Literal, NamedTuple

from ivr.ledger.call import CallFact
from ivr.ledger.record import Record
from ivr.telephony.facts import EVENT_NAME, Fact, read_facts


class Step(NamedTuple):
    """One thing on a channel that is no fact: a key pressed, or its way into or out of a bridge."""

    kind: Literal["key", "enter", "exit"]
    at: int
    word: str
    """The key, or the bridge's id."""


class Move(NamedTuple):
    """A transfer, a pick-up or a parking that the journal tells on this channel, with its particulars."""

    kind: str
    at: int
    told: Mapping[str, Any]


class Channel:
    """A channel and its steps, being put together."""

    # Defaults of the class, not slots: a journal has many channels, and most of them change few of these.
    answered_at: int | None = None
    ended_at: int | None = None
    cut = ""
    """Why its end is in no record: the reason of whatever it was in."""
    source = ""
    """The channel that hung up."""
    status = ""
    """Its DIALSTATUS at the end."""
    moves: tuple[Move, ...] = ()

    def __init__(self, record: Record) -> None:
        _, _, self.began_at, self.uniqueid, _, self.name, self.caller_name, self.number, self.dialled, *_ = record
        self.steps: list[CallFact | Step] = []
        self.facts: list[CallFact] = []
        """Those of its steps that are facts …"""
        self.visits: list[Step] = []
        """… and those that are its ways into and out of bridges."""
        self.endpoint = self.agent = self.half = ""
        name = self.name
        if name.startswith("Local/"):
            self.half = name[:-1] + ("2" if name[-1] == "1" else "1")
            """The name of a Local channel's other half; empty for any other."""
        else:
            self.endpoint = name.partition("/")[2].rpartition("-")[0]
            """`PJSIP/201-0000000a` → `201`; empty for a Local channel."""
            number = self.endpoint.removesuffix("-web")
            self.agent = number if number.isdecimal() else ""
            """The agent whose telephone it is, on his desk or in his browser; empty for any other channel."""

    @property
    def hung_up(self) -> bool:
        """Whether this channel's own end of the telephone hung up."""
        return self.source == self.name

    @property
    def of_line(self) -> bool:
        """Whether it is half of a line's offer to an agent."""
        return "@agents-" in self.name

    @property
    def rung(self) -> bool:
        """Whether Asterisk called this telephone, and not this telephone Asterisk."""
        return self.dialled == "s"


# The forms that Asterisk writes, read without a JSON parser; any other form goes through one.
_EXTRA = re.compile(r'\{"extra":"([^"\\]*)"\}').fullmatch
_HANGUP = re.compile(r'\{"hangupcause":\d+,"hangupsource":"([^"\\]*)","dialstatus":"([^"\\]*)"\}').fullmatch
_BRIDGE = re.compile(r'\{"bridge_id":"([^"\\]*)","bridge_technology":"([^"\\]*)"\}').fullmatch
_HOLDING = "holding_bridge"
"""Where parked callers wait beside each other: nobody hears anybody in it."""

# Named tuples made without their Python constructor: there are as many of them as records.
_told: Callable[[tuple[int, int, int, Fact]], CallFact] = partial(tuple.__new__, CallFact)
_step: Callable[[tuple[str, int, str]], Step] = partial(tuple.__new__, Step)


def gather(records: Iterable[Record]) -> tuple[dict[str, Channel], tuple[CallFact, ...]]:
    """Return the channels by uniqueid, in the order of their first record, and the call's facts in the file's order."""
    channels: dict[str, Channel] = {}
    facts: list[CallFact] = []
    for record in records:
        event, uniqueid = record[1], record[3]
        channel = channels.get(uniqueid)
        if channel is None:
            channel = channels[uniqueid] = Channel(record)
        if event == EVENT_NAME:
            identity, at = record[0], record[2]
            told = [_told((identity, place, at, fact)) for place, fact in enumerate(facts_of(record[13]))]
            channel.steps += told
            channel.facts += told
            facts += told
        elif take := _TAKES.get(event):
            take(channel, record[2], record[13])
    return channels, tuple(facts)


def _enter(channel: Channel, at: int, extra: str) -> None:
    if bridge := bridge_of(extra):
        _visit(channel, _step(("enter", at, bridge)))


def _exit(channel: Channel, at: int, extra: str) -> None:
    if bridge := bridge_of(extra):
        _visit(channel, _step(("exit", at, bridge)))


def _visit(channel: Channel, step: Step) -> None:
    channel.steps.append(step)
    channel.visits.append(step)


def _key(channel: Channel, at: int, extra: str) -> None:
    channel.steps.append(Step("key", at, str(_details(extra).get("digit", ""))))


def _answer(channel: Channel, at: int, _extra: str) -> None:
    channel.answered_at = channel.answered_at or at


def _hang_up(channel: Channel, _at: int, extra: str) -> None:
    channel.source, channel.status = _hangup(extra)


def _end(channel: Channel, at: int, _extra: str) -> None:
    channel.ended_at = max(at, channel.began_at)


def _move(kind: str, channel: Channel, at: int, extra: str) -> None:
    channel.moves = (*channel.moves, Move(kind, at, _details(extra)))


MOVES = ("BLINDTRANSFER", "ATTENDEDTRANSFER", "PICKUP", "PARK_START", "PARK_END", "FORWARD")
_TAKES: Mapping[str, Callable[[Channel, int, str], None]] = {
    "BRIDGE_ENTER": _enter,
    "BRIDGE_EXIT": _exit,
    "DTMF": _key,
    "ANSWER": _answer,
    "HANGUP": _hang_up,
    "CHAN_END": _end,
    **{kind: partial(_move, kind) for kind in MOVES},
}
"""What each event does to its channel; all others only show that the channel is there."""


@lru_cache(maxsize=4096)
def facts_of(extra: str) -> tuple[Fact, ...]:
    """Return the facts of one of our own events."""
    found = _EXTRA(extra)
    text = found[1] if found else str(_details(extra).get("extra", ""))
    return read_facts(text)


def _hangup(extra: str) -> tuple[str, str]:
    if found := _HANGUP(extra):
        return found[1], found[2]
    details = _details(extra)
    return str(details.get("hangupsource", "")), str(details.get("dialstatus", ""))


def bridge_of(extra: str) -> str:
    """Return the bridge that a channel enters or leaves; empty for one in which nobody speaks with anybody."""
    if found := _BRIDGE(extra):
        return "" if found[2] == _HOLDING else found[1]
    details = _details(extra)
    return "" if details.get("bridge_technology") == _HOLDING else str(details.get("bridge_id", ""))


def _details(extra: str) -> dict[str, Any]:
    """Read a record's EventExtra; whatever is no JSON object counts as empty."""
    try:
        details = json.loads(extra) if extra else {}
    except (ValueError, RecursionError):
        return {}
    return details if isinstance(details, dict) else {}
