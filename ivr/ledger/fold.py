"""Records of one call to the call: a pure fold that can be replayed at any time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ivr.ledger.call import CRASH, Call, CallFact, Leg, Outcome
from ivr.ledger.channels import Channel, gather
from ivr.ledger.offers import SAME_MOMENT, Offer, find_offers, offer_leg, owns
from ivr.ledger.record import Record
from ivr.ledger.source import asked_source
from ivr.ledger.stages import Stages
from ivr.ledger.talks import Talk, talks
from ivr.telephony.number import clean_number

LAST_EVENT = "LINKEDID_END"
_NAME_LENGTH = 80
_OUTCOMES: dict[str, Outcome] = {
    "caller hung up": "abandoned in the menu",
    "closed": "closed",
    "goodbye": "goodbye",
    "abandoned": "abandoned in a line",
    # He was gone before the dialplan could take him on from the line.
    "timeout": "abandoned in a line",
    "full": "abandoned in a line",
    "empty": "abandoned in a line",
    "moved on": "abandoned in a line",
}
"""What a call without a talk came to, by the reason of its last stage; any other reason means that it failed."""
_NO_MESSAGE = ("hung up", "too short")
"""How a stay in the voicemail ends that leaves no message."""


def fold(records: Sequence[Record], *, crashed: bool = False) -> Call:
    """Return the call that these records tell of: all records of one linkedid, in the file's order, at least one.

    A call whose LINKEDID_END has not come is open: no end, no outcome. `crashed` says that it never will come, for
    Asterisk was started anew: whatever is open then ends with the call's last evidence.
    """
    over = crashed or any(record.event == LAST_EVENT for record in reversed(records))
    channels, facts = gather(records)
    if crashed:
        _cut(channels, max(record.at for record in records))
    caller = _caller(channels, records[0].linkedid)
    said = {told.fact.name: told.fact.values for told in facts}
    arrived = said.get("arrived", {})
    others = [channel for channel in channels.values() if channel is not caller]
    offers = find_offers(others)
    spoken = talks(caller, others)
    stages = Stages(caller)
    legs = _legs(caller, stages, offers, spoken, of_desk="arrived" in said)
    talked = [leg for leg in legs if leg.kind == "talk"]
    source, source_how = _source(said.get("source", {}), caller, offers)
    return Call(
        id=records[0].linkedid,
        node=records[0].linkedid.rpartition("-")[0],
        began_at=caller.began_at,
        ended_at=_ended_at(caller, records) if over else None,
        desk=arrived.get("desk", ""),
        number=arrived.get("number", "") or caller.dialled,
        caller=clean_number(caller.number),
        caller_name=_printable(caller.caller_name),
        category=said.get("category", {}).get("category", ""),
        source=source,
        source_how=source_how,
        language=said.get("language", {}).get("language", ""),
        version=arrived.get("version", ""),
        known=said.get("caller", {}).get("known", "") == "1",
        outcome=_outcome(stages, of_desk="arrived" in said, talked=bool(talked)) if over else "",
        end_reason=_end_reason(legs) if over else "",
        first_line=stages.lines[0] if stages.lines else "",
        last_line=stages.lines[-1] if stages.lines else "",
        answered_by=talked[0].agent if talked else "",
        connected_at=talked[0].began_at if talked else None,
        talked=sum(leg.ended_at - leg.began_at for leg in talked if leg.ended_at is not None),
        fallback=stages.fallback,
        crashed=crashed,
        first_record=records[0].id,
        last_record=records[-1].id,
        legs=legs,
        facts=facts,
        recordings=_recordings(facts),
    )


def _cut(channels: Mapping[str, Channel], last: int) -> None:
    for channel in channels.values():
        if channel.ended_at is None:
            channel.ended_at = max(last, channel.began_at)
            channel.crashed = True


def _caller(channels: Mapping[str, Channel], linkedid: str) -> Channel:
    """Return the channel that reached the desk; without a desk the one that the call is named after, or its first."""
    for channel in channels.values():
        if any(isinstance(step, CallFact) and step.fact.name == "arrived" for step in channel.steps):
            return channel
    return channels.get(linkedid) or next(iter(channels.values()))


def _legs(
    caller: Channel, stages: Stages, offers: Sequence[Offer], spoken: Sequence[Talk], *, of_desk: bool
) -> tuple[Leg, ...]:
    legs = list(stages.legs) if of_desk else []
    for offer in offers:
        gone = stages.waited_until(offer.began_at)
        legs.append(offer_leg(offer, spoken, caller_ended=caller.ended_at, queue_left=gone))
    legs += [_talk_leg(caller, talk, offers) for talk in spoken]
    return tuple(sorted(legs, key=lambda leg: leg.began_at))


def _talk_leg(caller: Channel, talk: Talk, offers: Sequence[Offer]) -> Leg:
    offer = next((offer for offer in offers if owns(offer, talk.other)), None)
    phone = (offer.phone if offer else None) or talk.other
    agent = offer.agent if offer else phone.endpoint
    reason = "" if talk.ended_at is None else _talk_end(caller, phone, talk.ended_at)
    line = offer.line if offer else ""
    return Leg("talk", phone.uniqueid, line, agent, talk.began_at, talk.began_at, talk.ended_at, reason)


def _talk_end(caller: Channel, phone: Channel, ended_at: int) -> str:
    if caller.crashed and ended_at == caller.ended_at:
        return CRASH
    if phone.hung_up:
        return "agent hung up"
    if caller.ended_at is not None and caller.ended_at - ended_at < SAME_MOMENT:
        return "caller hung up" if caller.hung_up else "cut off"
    return "moved on"


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
    own = [leg for leg in legs if leg.kind != "offer"]
    return own[-1].reason if own else ""


def _ended_at(caller: Channel, records: Sequence[Record]) -> int:
    """Return the end of the caller's channel; of the last record when it was not written."""
    return caller.ended_at or max(caller.began_at, *(record.at for record in records))


def _recordings(facts: Sequence[CallFact]) -> tuple[str, ...]:
    names = (fact.values.get("name", "") for fact in facts if fact.name == "recording")
    return tuple(dict.fromkeys(name for name in names if name))


def _printable(text: str) -> str:
    """Return a caller's name as a screen may show it: no control or invisible characters, at most 80 of them."""
    return "".join(letter for letter in text if letter.isprintable())[:_NAME_LENGTH].strip()
