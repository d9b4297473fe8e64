"""Records of one call to the call: a pure fold that can be replayed at any time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ivr.ledger.call import CRASH, LOST, Call, CallFact, Direction, Leg, Outcome
from ivr.ledger.callbacks import PLACEHOLDER, called_back_by
from ivr.ledger.channels import Channel, gather
from ivr.ledger.offers import Offer
from ivr.ledger.record import Record
from ivr.ledger.source import asked_source
from ivr.ledger.stages import Stages
from ivr.ledger.story import Story
from ivr.ledger.verdict import seen_at
from ivr.ledger.way import Way
from ivr.telephony.number import clean_number

FOLD_VERSION = 11
"""Counts the changes of what the same records give: tables that another version derived are derived anew."""
_NOTHING: Mapping[str, str] = {}
_NAME_LENGTH = 80
_OUTCOMES: dict[str, Outcome] = {
    "caller hung up": "abandoned in the menu",
    "closed": "closed",
    "goodbye": "goodbye",
    "abandoned": "abandoned in a line",
    "callback": "to be called back",
    # He was gone before the dialplan could take him on from the line.
    "timeout": "abandoned in a line",
    "full": "abandoned in a line",
    "empty": "abandoned in a line",
    "moved on": "abandoned in a line",
}
"""What a call without a talk came to, by the reason of its last stage; any other reason means that it failed."""
_NO_MESSAGE = ("hung up", "too short")
"""How a stay in the voicemail ends that leaves no message."""


def fold(records: Sequence[Record], *, cut: int | None = None) -> Call:
    """Return the call that these records tell of: all records of its linkedids, in the file's order, at least one.

    A call whose end has not come is open: no end, no outcome. `cut`: the id of the record that proves that it never
    will come, for Asterisk was started anew: whatever is open then ends with the call's last evidence.
    """
    return fold_story(Story(records, cut=cut))


def fold_story(story: Story) -> Call:
    """Return the call that a story of at least one record tells of."""
    records, over = story.records, story.over
    proof, evidence = story.proof if over else ("", 0)
    channels, facts = _gathered(story)
    placer = _caller(channels, records[0].linkedid)
    said = {told.fact.name: told.fact.values for told in facts}
    arrived = _first_arrival(facts)
    of_desk = "arrived" in said
    direction = _direction(placer, channels, of_desk=of_desk)
    caller = _called(channels) if direction == "out" else placer
    called_back = PLACEHOLDER in said
    others = [channel for channel in channels.values() if channel is not caller]
    way = Way(caller, others, facts, called_back=called_back)
    legs = way.legs(of_desk=of_desk, holds="hold" in said, outside="dialled" in said)
    if direction == "internal" and not called_back:
        legs = _unlined(legs)
    talked = [leg for leg in legs if leg.kind == "talk"]
    placed_by = called_back_by(way.offers) if called_back else placer.agent
    source, source_how = _source(said.get("source", {}), caller, way.offers)
    stages = way.stages
    return Call(
        id=records[0].linkedid,
        node=records[0].linkedid.rpartition("-")[0],
        began_at=placer.began_at,
        ended_at=max(_ended_at(placer, channels), _ended_at(caller, channels)) if over else None,
        desk=arrived.get("desk", ""),
        number=arrived.get("number", "") or placer.dialled,
        caller=placed_by if called_back else clean_number(placer.number),
        caller_name=_printable(placer.caller_name),
        category=(said.get("category") or said.get(PLACEHOLDER, _NOTHING)).get("category", ""),
        source=source,
        source_how=source_how,
        language=said.get("language", {}).get("language", ""),
        version=arrived.get("version", ""),
        known=said.get("caller", {}).get("known", "") == "1",
        outcome=_outcome(stages, of_desk=of_desk, talked=bool(talked)) if over else "",
        end_reason=_end_reason(legs) if over else "",
        first_line=stages.lines[0] if stages.lines else "",
        last_line=stages.lines[-1] if stages.lines else "",
        answered_by=talked[0].agent if talked and direction != "out" else "",
        connected_at=talked[0].began_at if talked else None,
        talked=sum(leg.ended_at - leg.began_at for leg in talked if leg.ended_at is not None),
        fallback=stages.fallback,
        crashed=story.cut is not None,
        direction=direction,
        agent="" if direction == "in" else placed_by,
        transfers=sum(leg.kind == "transfer" for leg in legs),
        held=sum(leg.ended_at - leg.began_at for leg in legs if leg.kind == "hold" and leg.ended_at is not None),
        closed_by=proof,
        evidence=evidence,
        reopened=story.late(),
        first_record=records[0].id,
        last_record=records[-1].id,
        legs=legs,
        facts=facts,
        recordings=_recordings(facts) if "recording" in said else (),
        linkedids=_linkedids(records) if len(story.linkedids) > 1 else (),
    )


def _first_arrival(facts: Sequence[CallFact]) -> Mapping[str, str]:
    """Return what was said when the call came to a desk first, or left by one: a transfer may bring it to one again."""
    said = [told.fact for told in facts if told.fact.name in ("arrived", "dialled", PLACEHOLDER)]
    return next((fact.values for fact in (*(f for f in said if f.name == "arrived"), *said)), _NOTHING)


def _linkedids(records: Sequence[Record]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(record.linkedid for record in records))[1:]


def _gathered(story: Story) -> tuple[dict[str, Channel], tuple[CallFact, ...]]:
    """Return channels and facts; what is open ends with the last evidence when its own end will never come."""
    channels, facts = gather(story.records)
    own = story.records
    if story.judges:
        own = story.own
        channels, _ = gather(own)
    if story.cut is not None or story.verdict is not None:
        last, reason = max(record.at for record in own), CRASH
        if story.cut is None:
            seen = next(seen_at(record) for record in story.records if record.id == story.verdict)
            last, reason = max(last, seen), LOST
        for channel in channels.values():
            if channel.ended_at is None:
                channel.ended_at = max(last, channel.began_at)
                channel.cut = reason
    return channels, facts


def _caller(channels: Mapping[str, Channel], linkedid: str) -> Channel:
    """Return the channel that reached the desk; without a desk the one that the call is named after, or its first."""
    for channel in channels.values():
        if "arrived" in [told.fact.name for told in channel.facts]:
            return channel
    return channels.get(linkedid) or next(iter(channels.values()))


def _called(channels: Mapping[str, Channel]) -> Channel:
    """Return the number outside that an agent called: for him as for a caller the agents are there."""
    return next(channel for channel in channels.values() if channel.endpoint and not channel.agent and channel.rung)


def _direction(caller: Channel, channels: Mapping[str, Channel], *, of_desk: bool) -> Direction:
    if of_desk or (caller.endpoint and not caller.agent):
        return "in"
    outside = (channel for channel in channels.values() if channel.endpoint and not channel.agent)
    return "out" if any(channel.rung for channel in outside) else "internal"


def _unlined(legs: tuple[Leg, ...]) -> tuple[Leg, ...]:
    """Take the line from what agents talk among themselves, unless one called a line."""
    lines = {leg.line for leg in legs if leg.kind == "queue"}
    return tuple(leg if leg.line in lines else leg._replace(line="") for leg in legs)


def _source(said: Mapping[str, str], caller: Channel, offers: Sequence[Offer]) -> tuple[str, str]:
    if said.get("source"):
        return said["source"], said.get("how", "")
    source = asked_source(caller, [offer.phone for offer in offers if offer.phone])
    return source, "asked" if source else ""


def _outcome(stages: Stages, *, of_desk: bool, talked: bool) -> Outcome:
    if talked:
        return "answered"
    if not of_desk:
        return "no talk"
    if any(leg.kind == "voicemail" and leg.reason == "left" for leg in stages.legs):
        return "voicemail"
    if stages.exhausted:
        return "gave up"
    if stages.legs and stages.legs[-1].reason in _NO_MESSAGE:
        where: Outcome = "abandoned in a line" if stages.lines else "abandoned in the menu"
        return "closed" if stages.shut else where
    return _OUTCOMES.get(stages.legs[-1].reason, "failed") if stages.legs else "failed"


def _end_reason(legs: Sequence[Leg]) -> str:
    own = [leg for leg in legs if leg.kind != "offer"] or list(legs)
    return own[-1].reason if own else ""


def _ended_at(caller: Channel, channels: Mapping[str, Channel]) -> int:
    """Return the end of the caller's channel; of the last one when it was not written."""
    return caller.ended_at or max(channel.ended_at or channel.began_at for channel in channels.values())


def _recordings(facts: Sequence[CallFact]) -> tuple[str, ...]:
    names = (fact.values.get("name", "") for fact in facts if fact.name == "recording")
    return tuple(dict.fromkeys(name for name in names if name))


def _printable(text: str) -> str:
    """Return a caller's name as a screen may show it: no control or invisible characters, at most 80 of them."""
    return "".join(letter for letter in text if letter.isprintable())[:_NAME_LENGTH].strip()
