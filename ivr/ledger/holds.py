"""Holds: times in which an agent kept his caller waiting, on his telephone, in a consultation, or parked."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from ivr.ledger.call import CRASH, CallFact, Leg
from ivr.ledger.channels import Channel
from ivr.ledger.offers import SAME_MOMENT
from ivr.ledger.talks import stays

_PARK_ENDS = {"ParkedCallUnparked": "retrieved", "ParkedCallTimeout": "moved on", "ParkedCallGiveUp": "caller hung up"}


class Away(NamedTuple):
    """A time in which an agent had left his caller without a hang-up."""

    began_at: int
    ended_at: int | None
    how: str
    reason: str


def held(talk: Leg, facts: Iterable[CallFact]) -> list[Leg]:
    """Return the holds of a talk: it goes on beneath them. They come from the agent's telephone, as facts."""
    found: list[Leg] = []
    since: int | None = None
    for told in facts:
        if told.values.get("channel") != talk.party or told.at < talk.began_at:
            continue
        if told.name == "hold" and since is None and (talk.ended_at is None or told.at < talk.ended_at):
            since = told.at
        elif told.name == "unhold" and since is not None:
            ended = told.at if talk.ended_at is None else min(told.at, talk.ended_at)
            found.append(_hold(talk, since, ended, "resumed"))
            since = None
    if since is not None:
        found.append(_hold(talk, since, talk.ended_at, talk.reason))
    return found


def left(talk: Leg, agent: Channel, others: Iterable[Channel]) -> Away | None:
    """Return what the agent did when he left this talk: ask somebody (by a feature code), or park his caller."""
    if talk.ended_at is None:
        return None
    for channel in others:
        for place, move in enumerate(channel.moves):
            by = str(move.told.get("parker_dial_string", ""))
            if move.kind == "PARK_START" and by.endswith(agent.endpoint) and abs(move.at - talk.ended_at) < SAME_MOMENT:
                end = next((later for later in channel.moves[place:] if later.kind == "PARK_END"), None)
                if end is None:
                    return Away(move.at, channel.ended_at, "parked", CRASH if channel.crashed else "")
                return Away(move.at, end.at, "parked", _PARK_ENDS.get(str(end.told.get("reason")), "moved on"))
    for stay in stays(agent):
        if 0 <= stay.entered - talk.ended_at < SAME_MOMENT:
            return Away(talk.ended_at, stay.exited, "consulting", "")
    return None


def away_leg(talk: Leg, away: Away, back: int | None, sent: int | None, caller: Channel) -> Leg:
    """Return the hold of a caller who was left so. `back`: when somebody spoke with him again; `sent`: a transfer."""
    ended, reason = away.ended_at, away.reason
    if not reason:
        ends = [(at, word) for at, word in ((back, "resumed"), (sent, "transferred"), (caller.ended_at, "")) if at]
        ended, reason = min(ends, default=(None, ""))
        if ended is not None and not reason:
            reason = CRASH if caller.crashed else "caller hung up" if caller.hung_up else "cut off"
    ended = None if ended is None else max(ended, away.began_at)
    return Leg("hold", talk.party, talk.line, talk.agent, away.began_at, away.began_at, ended, reason, away.how)


def _hold(talk: Leg, began: int, ended: int | None, reason: str) -> Leg:
    return Leg("hold", talk.party, talk.line, talk.agent, began, began, ended, reason, "held")
