"""Transfers: who sent a caller to whom, and what came of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import NamedTuple

from ivr.ledger.call import CallFact, Leg
from ivr.ledger.channels import Channel, Move, Step
from ivr.ledger.offers import SAME_MOMENT
from ivr.ledger.talks import Talk

_REFUSALS = frozenset({"missed", "busy", "unreachable", "refused"})
_ARRIVALS = frozenset({"line", "arrived"})


class Transfer(NamedTuple):
    """One transfer as the journal tells it."""

    by: Channel
    how: str
    target: str
    began_at: int
    """blind: when the caller was taken from the talk. The others: when the agent began to call whom he sends to."""
    sent_at: int
    """When the agent let go."""
    answered_at: int | None


def transfers(parties: Iterable[Channel], talks: Sequence[Talk]) -> list[Transfer]:
    """Return the transfers in the order of time; who parks a caller has not transferred him. `talks`: the caller's."""
    channels = {channel.uniqueid: channel for channel in parties}
    parkings = [move.at for channel in channels.values() for move in channel.moves if move.kind == "PARK_START"]
    found = []
    for channel in channels.values():
        for move in channel.moves:
            if move.kind == "BLINDTRANSFER" and not any(abs(move.at - at) < SAME_MOMENT for at in parkings):
                target = str(move.told.get("extension", ""))
                taken = _taken_at(channel, move.at, talks)
                found.append(Transfer(channel, "blind", target, taken, taken, None))
            elif move.kind == "ATTENDEDTRANSFER":
                found.append(_attended(channel, move, channels))
    return sorted(found, key=lambda transfer: transfer.sent_at)


def _taken_at(by: Channel, told_at: int, talks: Iterable[Talk]) -> int:
    """Return when the caller was taken from a blind transfer's talk.

    Asterisk tells of the transfer when it has sent the caller on already: what became of him may come before that.
    """
    ends = (talk.ended_at for talk in talks if talk.other is by and talk.ended_at is not None)
    return next((end for end in ends if abs(end - told_at) < SAME_MOMENT), told_at)


def _attended(by: Channel, move: Move, channels: Mapping[str, Channel]) -> Transfer:
    """Read an attended transfer: the agent's second call, or the Local channel that a feature code made for him."""
    second = channels.get(str(move.told.get("channel2_uniqueid", "")))
    if second is None or second is by:
        bridge = move.told.get("bridge2_id", "")
        others = (one for one in channels.values() if one is not by)
        second = next((one for one in others if any(_enters(visit, bridge) for visit in one.visits)), None)
    if second is None:
        return Transfer(by, "attended", "", move.at, move.at, None)
    target = second.dialled
    if second.half:
        target = second.name.removeprefix("Local/").partition("@")[0]
    answered = second.answered_at if second.half else connected_at(second)
    if answered is not None and answered > move.at:
        answered = None
    how = "blonde" if answered is None else "attended"
    return Transfer(by, how, target, min(second.began_at, move.at), move.at, answered)


def _enters(visit: Step, bridge: object) -> bool:
    return visit.kind == "enter" and visit.word == bridge


def connected_at(channel: Channel) -> int | None:
    """Return when a channel was connected with anybody for the first time."""
    return next((visit.at for visit in channel.visits if visit.kind == "enter"), None)


def transfer_leg(
    transfer: Transfer, talks: Sequence[Talk], lines: Mapping[str, str], offers: Sequence[Leg], caller: Channel
) -> Leg:
    """Return the transfer's leg. `lines`: the line of each talk, by the uniqueid of its telephone."""
    by, since = transfer.by, transfer.sent_at - SAME_MOMENT
    after = next((talk for talk in talks if talk.other is not by and talk.began_at >= since), None)
    onward = next((step for step in arrivals(caller) if step.at >= transfer.sent_at), None)
    line, answered, ended = "", transfer.answered_at, None
    if onward and (after is None or onward.at < after.began_at):
        ended, reason, line = onward.at, "handed over", onward.values.get("line", "")
    elif after is not None:
        ended, reason = max(after.began_at, transfer.began_at), "answered"
        answered = answered or ended
        line = lines.get(after.other.uniqueid, "")
    elif caller.ended_at is None:
        reason = ""
    else:
        ended = max(caller.ended_at, transfer.began_at)
        reason = _failure(caller, [leg for leg in offers if leg.began_at >= min(since, transfer.began_at)])
    began, how, target = transfer.began_at, transfer.how, transfer.target
    return Leg("transfer", by.uniqueid, line, by.agent, began, answered, ended, reason, how, target)


def _failure(caller: Channel, offers: Sequence[Leg]) -> str:
    if caller.cut:
        return caller.cut
    if caller.hung_up:
        return "abandoned"
    last = offers[-1].reason if offers else ""
    return last if last in _REFUSALS else "failed"


def arrivals(caller: Channel) -> Iterable[CallFact]:
    """Return where the caller came to by himself: lines and desks."""
    return [told for told in caller.facts if told.fact.name in _ARRIVALS]
