"""What the journal tells of one call: the call, its legs, its facts. All times are UTC microseconds since 1970."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal, NamedTuple

from ivr.telephony.facts import Fact

Kind = Literal["ivr", "queue", "offer", "talk", "hold", "transfer", "voicemail", "callback"]
Direction = Literal["in", "out", "internal"]
"""Through a desk, or from outside at all; from an agent to outside; between agents."""
Proof = Literal["", "journal", "asterisk crash", "reconciled"]
"""Why we know that a call is over: its own end; Asterisk was started anew; Asterisk has none of its channels any more.
Empty while it goes on."""
Outcome = Literal[
    "",
    "answered",
    "abandoned in the menu",
    "abandoned in a line",
    "closed",
    "goodbye",
    "voicemail",
    "to be called back",
    "gave up",
    "failed",
    "no talk",
]
"""`voicemail`: nobody talked with him, and he left a message. `to be called back`: he chose that. `gave up`: the desk
did, for patience was over or no line had anybody. `no talk`: a call through no desk in which nobody spoke with anybody.
Empty while the call goes on."""

CRASH = "asterisk crash"
LOST = "end lost"
CUTS = (CRASH, LOST)
"""Ends that no record tells of; they are put where the call's last evidence is."""


class Leg(NamedTuple):
    """One stage of one party.

    Reasons of an end, by kind (empty while it goes on):
    ivr    `handed over` `controller absent` `controller lost` `caller hung up` `closed` `goodbye` `limit` `error`
           `cut off`
    queue  `answered` `abandoned` `callback` `timeout` `full` `empty` `moved on` `cut off`
    callback  a placeholder's wait: `answered` `withdrawn` (he was talked with meanwhile) `unkept` `cut off`
    offer  `answered` `missed` `refused` `busy` `unreachable` `cancelled` `taken by another` `forwarded`; of a number
           outside, which has no agent, `answered` `busy` `no answer` `failed` `cancelled`
    voicemail `left` `too short` `hung up` (before the tone) `failed` `cut off`
    talk   `caller hung up` `agent hung up` `outside hung up` `transferred` `held` (he asks another) `parked`
           `moved on` `cut off`
    hold   `resumed` `transferred` `retrieved`, or how the talk ended
    transfer  `answered` `handed over` (to a line or desk) `abandoned` `missed` `refused` `busy` `unreachable` `failed`
    any    `asterisk crash`: Asterisk died or was restarted. `end lost`: no record tells of it, and Asterisk has none
           of the call's channels any more. Both times the end is the call's last evidence
    `controller …`: the dialplan handed the call over, for the engine was not there. `cut off`: neither party ended it.
    """

    kind: Kind
    party: str
    """Uniqueid of the channel whose stage it is: the agent's for offer, talk, hold and transfer, the caller's for all
    others. An agent who waits in a line for a colleague has a queue leg of his own, with his number."""
    line: str
    agent: str
    began_at: int
    answered_at: int | None
    """ivr: Asterisk answered. queue: the caller was connected. offer: the agent picked up. talk, hold: it began.
    voicemail: the tone, from which on he is recorded. transfer: the one to whom it goes answered."""
    ended_at: int | None
    reason: str
    how: str = ""
    """transfer: `blind`, `attended` or `blonde` (he left while it rang). hold: `held`, `consulting` or `parked`.
    talk: `silenced` when it is not to be recorded though the call's recording runs: it is silent for this talk."""
    target: str = ""
    """transfer: what the agent dialled. offer, talk: the number outside, when it is one."""
    recording: str = ""
    """talk: the recording that is to hold it; empty when it is not to be recorded."""
    recorded_from: int = 0
    """talk: microseconds of that recording before it; of the one that is silent for it, too."""


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
    """What was dialled first."""
    caller: str
    """Who dialled it; an agent's number in a call that did not come from outside."""
    caller_name: str
    category: str
    source: str
    source_how: str
    language: str
    version: str
    known: bool
    outcome: Outcome
    end_reason: str
    """The reason of the last leg that is no offer; without any, of the last offer."""
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
    direction: Direction
    agent: str
    """Who placed it; empty when it came from outside."""
    transfers: int
    held: int
    """Microseconds on hold, parked or waiting for a consultation, all together; closed ones only."""
    closed_by: Proof
    evidence: int
    """Id of the journal's record that says that it is over; 0 while it goes on."""
    reopened: int
    """Records that came when it was over already."""
    first_record: int
    last_record: int
    """Where the call stands in the journal: all its records lie between these two."""
    legs: tuple[Leg, ...]
    facts: tuple[CallFact, ...]
    recordings: tuple[str, ...]
    linkedids: tuple[str, ...] = ()
    """Asterisk's other linkedids of it: calls that a transfer, a pick-up or a parking made one with it."""
