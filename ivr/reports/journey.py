"""A caller's way to a person, stage by stage, and what else its legs and facts say of the whole call."""

from __future__ import annotations

from typing import NamedTuple

from ivr.ledger.call import Call, CallFact, Leg

STAGES = ("informer", "menu", "question", "queue", "ring", "whisper")
"""informer  all before the first question begins, or is answered: the ringing, an announcement, what is said first
menu      from there to the line
question  the source question, where it is asked before the line
queue     waiting in lines while no telephone rings that was to answer him
ring      the telephone rang on which he was answered
whisper   that agent listened to the whisper"""
_ANSWERS = frozenset({"key", "wrong", "silent"})
SOURCE_NODE = "source"
"""The node name that the engine gives to the source question."""


class Journey(NamedTuple):
    """What the parts of a call say together. Times in microseconds."""

    stages: tuple[tuple[str, int], ...]
    """(stage, length) of a call that reached a person; their sum is its time to human exactly."""
    tier: int
    """The rank of the line on which the last talk was, from 1; 0 = on no line."""
    transfers: int
    to_record: int
    """Talk that a recording is to hold."""
    sources: bool
    """The source is known in two ways: asked and dialled, for example."""
    disagree: bool
    """… and they name two sources."""


def journey_of(call: Call) -> Journey:
    """Read the call's legs and facts once."""
    tiers: dict[str, int] = {}
    said: dict[str, str] = {call.source_how: call.source} if call.source else {}
    for told in call.facts:
        fact = told.fact
        if fact.name == "line":
            values = fact.values
            tiers[values.get("line", "")] = _number(values.get("tier", ""))
        elif fact.name == "source" and fact.values.get("source"):
            said.setdefault(fact.values.get("how", ""), fact.values["source"])
    talks = [leg for leg in call.legs if leg.kind == "talk"]
    return Journey(
        stages=_stages(call, call.connected_at) if call.connected_at is not None else (),
        tier=tiers.get(talks[-1].line, 0) if talks else 0,
        transfers=sum(leg.kind == "transfer" for leg in call.legs),
        to_record=sum(_length(leg) for leg in talks if leg.recording),
        sources=len(said) > 1,
        disagree=len(set(said.values())) > 1,
    )


def _stages(call: Call, connected: int) -> tuple[tuple[str, int], ...]:
    menu = ring = whisper = waited = 0
    for leg in call.legs:
        if leg.began_at > connected:
            continue
        ended = min(leg.ended_at if leg.ended_at is not None else connected, connected)
        if leg.kind == "ivr":
            menu += ended - leg.began_at
        elif leg.kind == "queue" and not leg.agent:
            waited += ended - leg.began_at
        elif leg.kind == "offer" and leg.reason == "answered" and leg.ended_at == connected:
            picked_up = min(leg.answered_at if leg.answered_at is not None else connected, connected)
            ring, whisper = picked_up - leg.began_at, connected - picked_up
    informer = min(_informer(call, connected), menu)
    question = min(_question(call.facts, connected), menu - informer)
    whole = connected - call.began_at
    return (
        ("informer", informer),
        ("menu", menu - informer - question),
        ("question", question),
        ("queue", whole - menu - ring - whisper),
        ("ring", ring),
        ("whisper", whisper),
    )


def _informer(call: Call, connected: int) -> int:
    """Return how long it was to the first question: as the controller told, else as the dialplan entered its node."""
    begins: int | None = None
    entered: dict[str, int] = {}
    for told in call.facts:
        if told.at > connected or told.fact.name == "line":
            break
        name, values = told.fact.name, told.fact.values
        if name == "question" and begins is None:
            begins = told.at + _number(values.get("after", "")) * 1000
        elif name == "entered":
            entered[values.get("node", "")] = told.at
        elif name in _ANSWERS or name == "script" or (name == "source" and values.get("how") == "asked"):
            node = SOURCE_NODE if name == "source" else values.get("node", "")
            if begins is None and node == SOURCE_NODE:
                begins = told.at - _question(call.facts, connected)
            return min(begins if begins is not None else entered.get(node, told.at), told.at) - call.began_at
    return connected - call.began_at if begins is None else begins - call.began_at


def _question(facts: tuple[CallFact, ...], connected: int) -> int:
    """Return how long the source question held the caller up: from the turn before its answer to the answer."""
    before = 0
    for told in facts:
        if told.at > connected:
            break
        fact = told.fact
        asked = fact.name in _ANSWERS and fact.values.get("node") == SOURCE_NODE
        if before and (asked or (fact.name == "source" and fact.values.get("how") == "asked")):
            return told.at - before
        before = told.at
    return 0


def _length(leg: Leg) -> int:
    return (leg.ended_at or leg.began_at) - leg.began_at


def _number(text: str) -> int:
    return int(text) if text.isascii() and text.isdecimal() and len(text) < 7 else 0
