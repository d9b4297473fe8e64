"""What the journal tells of one call: the call, its legs, its facts. All times are UTC microseconds since 1970."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from ivr.telephony.facts import Fact

Kind = Literal["ivr", "queue", "offer", "talk", "voicemail"]
Outcome = Literal[
    "",
    "answered",
    "abandoned in the menu",
    "abandoned in a line",
    "closed",
    "goodbye",
    "voicemail",
    "gave up",
    "failed",
    "no talk",
]
"""`voicemail`: nobody talked with him, and he left a message. `gave up`: the desk did, for patience was over or no line
had anybody. `no talk`: a call through no desk in which nobody spoke with anybody. Empty while the call goes on."""

CRASH = "asterisk crash"


class Leg(NamedTuple):
    """One stage of one party.

    Reasons of an end, by kind (empty while it goes on):
    ivr    `handed over` `controller absent` `controller lost` `caller hung up` `closed` `goodbye` `limit` `error`
           `cut off`
    queue  `answered` `abandoned` `timeout` `full` `empty` `moved on` `cut off`
    offer  `answered` `missed` `refused` `busy` `unreachable` `cancelled` `taken by another`
    voicemail `left` `too short` `hung up` (before the tone) `failed` `cut off`
    talk   `caller hung up` `agent hung up` `moved on` `cut off`
    any    `asterisk crash`: Asterisk died or was restarted; the end is the call's last evidence
    `controller …`: the dialplan handed the call over, for the engine was not there. `cut off`: neither party ended it.
    """

    kind: Kind
    party: str
    """Uniqueid of the channel whose stage it is: the agent's for offer and talk, the caller's for all others."""
    line: str
    agent: str
    began_at: int
    answered_at: int | None
    """ivr: Asterisk answered. queue: the caller was connected. offer: the agent picked up. talk: it began.
    voicemail: the tone, from which on he is recorded."""
    ended_at: int | None
    reason: str


class CallFact(NamedTuple):
    """A fact of the call, with the record that it came in and its place in it."""

    record: int
    place: int
    at: int
    fact: Fact

    @property
    def name(self) -> str:
        """The fact's name."""
        return self.fact.name

    @property
    def values(self) -> Mapping[str, str]:
        """The fact's values."""
        return self.fact.values


class Call(NamedTuple):
    """A caller's whole contact; empty text = not known, None = not yet."""

    id: str
    node: str
    began_at: int
    ended_at: int | None
    desk: str
    number: str
    caller: str
    caller_name: str
    category: str
    source: str
    source_how: str
    language: str
    version: str
    known: bool
    outcome: Outcome
    end_reason: str
    """The reason of the caller's last leg."""
    first_line: str
    last_line: str
    answered_by: str
    connected_at: int | None
    """When the caller first spoke with a person."""
    talked: int
    """Microseconds in conversation, all talks together; closed talks only."""
    fallback: str
    """Why the dialplan served the call alone: `absent`, `lost`, `deadline`, or empty."""
    crashed: bool
    """Closed because Asterisk died during it."""
    first_record: int
    last_record: int
    """Where the call stands in the journal: all its records lie between these two."""
    legs: tuple[Leg, ...]
    facts: tuple[CallFact, ...]
    recordings: tuple[str, ...]
