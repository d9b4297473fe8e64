"""Holds: times in which an agent kept his caller waiting, on his telephone, in a consultation, or parked."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import NamedTuple

from ivr.ledger.call import CallFact, Leg
from ivr.ledger.channels import Channel
from ivr.ledger.offers import SAME_MOMENT
from ivr.ledger.talks import stays

LATEST_NEWS = 70_000_000
"""Microseconds after which an act that tells of a hold is given up, and a little more."""
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
        at = _moment(told)
        if told.name == "hold" and since is None and (talk.ended_at is None or at < talk.ended_at):
            since = max(at, talk.began_at)
        elif told.name == "unhold" and since is not None:
            found.append(_taken_back(talk, since, max(at, since)))
            since = None
    if since is not None:
        found.append(_hold(talk, since, talk.ended_at, talk.reason))
    return found


def _moment(told: CallFact) -> int:
    """Return when a telephone held or took back its caller: the act that tells of it may be done a little later."""
    at = told.values.get("at", "")
    moment = int(at) if re.fullmatch(r"[0-9]{15,17}", at) else told.at
    return moment if told.at - LATEST_NEWS < moment <= told.at else told.at


def _taken_back(talk: Leg, since: int, at: int) -> Leg:
    """Return a hold that is over. Asterisk says so of who was sent on or has hung up, too: nobody took them back."""
    ended = talk.ended_at
    if ended is not None and at >= (ended - SAME_MOMENT if talk.reason == "transferred" else ended):
        return _hold(talk, since, ended, talk.reason)
    return _hold(talk, since, at, "resumed")


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
                    return Away(move.at, channel.ended_at, "parked", channel.cut)
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
            reason = caller.cut or ("caller hung up" if caller.hung_up else "cut off")
    ended = None if ended is None else max(ended, away.began_at)
    return Leg("hold", talk.party, talk.line, talk.agent, away.began_at, away.began_at, ended, reason, away.how)


def _hold(talk: Leg, began: int, ended: int | None, reason: str) -> Leg:
    return Leg("hold", talk.party, talk.line, talk.agent, began, began, ended, reason, "held")
