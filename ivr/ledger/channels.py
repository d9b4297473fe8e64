"""The channels of one call: what each one went through, in its own order.

Asterisk orders the journal per channel only. So each channel's steps are kept apart here, and everything that
concerns two channels (who spoke with whom) is decided later by time, never by the order of their records.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from functools import lru_cache
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


class Channel:
    """A channel and its steps. `source` is the channel that hung up; `status` its DIALSTATUS at the end."""

    __slots__ = (
        "answered_at",
        "began_at",
        "caller_name",
        "crashed",
        "dialled",
        "ended_at",
        "name",
        "number",
        "source",
        "status",
        "steps",
        "uniqueid",
    )

    def __init__(self, record: Record) -> None:
        self.uniqueid = record.uniqueid
        self.name = record.channel
        self.number = record.number
        self.caller_name = record.name
        self.dialled = record.exten
        self.began_at = record.at
        self.answered_at: int | None = None
        self.ended_at: int | None = None
        self.crashed = False
        self.source = ""
        self.status = ""
        self.steps: list[CallFact | Step] = []

    @property
    def hung_up(self) -> bool:
        """Whether this channel's own end of the telephone hung up."""
        return self.source == self.name

    @property
    def endpoint(self) -> str:
        """`PJSIP/201-0000000a` → `201`; empty for a Local channel."""
        technology, _, rest = self.name.partition("/")
        return "" if technology == "Local" else rest.rpartition("-")[0]


# The forms that Asterisk writes, read without a JSON parser; any other form goes through one.
_EXTRA = re.compile(r'\{"extra":"([^"\\]*)"\}').fullmatch
_HANGUP = re.compile(r'\{"hangupcause":\d+,"hangupsource":"([^"\\]*)","dialstatus":"([^"\\]*)"\}').fullmatch
_BRIDGE = re.compile(r'\{"bridge_id":"([^"\\]*)","bridge_technology":"[^"\\]*"\}').fullmatch


def gather(records: Iterable[Record]) -> tuple[dict[str, Channel], tuple[CallFact, ...]]:
    """Return the channels by uniqueid, in the order of their first record, and the call's facts in the file's order."""
    channels: dict[str, Channel] = {}
    facts: list[CallFact] = []
    for record in records:
        channel = channels.get(record.uniqueid)
        if channel is None:
            channel = channels[record.uniqueid] = Channel(record)
        if record.event == EVENT_NAME:
            for place, fact in enumerate(_facts(record.extra)):
                told = CallFact(record.id, place, record.at, fact)
                channel.steps.append(told)
                facts.append(told)
        elif take := _TAKES.get(record.event):
            take(channel, record)
    return channels, tuple(facts)


def _enter(channel: Channel, record: Record) -> None:
    channel.steps.append(Step("enter", record.at, _bridge(record.extra)))


def _exit(channel: Channel, record: Record) -> None:
    channel.steps.append(Step("exit", record.at, _bridge(record.extra)))


def _key(channel: Channel, record: Record) -> None:
    channel.steps.append(Step("key", record.at, str(_details(record.extra).get("digit", ""))))


def _answer(channel: Channel, record: Record) -> None:
    channel.answered_at = channel.answered_at or record.at


def _hang_up(channel: Channel, record: Record) -> None:
    channel.source, channel.status = _hangup(record.extra)


def _end(channel: Channel, record: Record) -> None:
    channel.ended_at = max(record.at, channel.began_at)


_TAKES: dict[str, Callable[[Channel, Record], None]] = {
    "BRIDGE_ENTER": _enter,
    "BRIDGE_EXIT": _exit,
    "DTMF": _key,
    "ANSWER": _answer,
    "HANGUP": _hang_up,
    "CHAN_END": _end,
}
"""What each event does to its channel; all others only show that the channel is there."""


@lru_cache(maxsize=4096)
def _facts(extra: str) -> tuple[Fact, ...]:
    found = _EXTRA(extra)
    text = found[1] if found else str(_details(extra).get("extra", ""))
    # A percent-encoded NUL would be one again after decoding, and PostgreSQL keeps none.
    return read_facts(text.replace("%00", "%EF%BF%BD"))


def _hangup(extra: str) -> tuple[str, str]:
    if found := _HANGUP(extra):
        return found[1], found[2]
    details = _details(extra)
    return str(details.get("hangupsource", "")), str(details.get("dialstatus", ""))


def _bridge(extra: str) -> str:
    if found := _BRIDGE(extra):
        return found[1]
    return str(_details(extra).get("bridge_id", ""))


def _details(extra: str) -> dict[str, Any]:
    """Read a record's EventExtra; whatever is no JSON object counts as empty."""
    try:
        details = json.loads(extra) if extra else {}
    except (ValueError, RecursionError):
        return {}
    return details if isinstance(details, dict) else {}
