"""Numbers outside: whom an agent called, or to whom a caller was sent, and what came of it."""

from __future__ import annotations

from collections.abc import Iterable

from ivr.ledger.call import CallFact, Leg
from ivr.ledger.channels import Channel

ENDPOINT = "outside"
"""The endpoint of every channel that rings a number outside."""
_STATUS = {"BUSY": "busy", "NOANSWER": "no answer", "CANCEL": "cancelled"}
"""What a DIALSTATUS means; any other means that it failed."""


class Dialled:
    """A number outside that was rung, put together from its channels."""

    __slots__ = ("began_at", "by", "number", "phone", "status", "unreached_at")

    def __init__(self, by: Channel, step: CallFact) -> None:
        self.by = by
        self.began_at = step.at
        self.number = step.fact.values.get("number", "")
        self.phone: Channel | None = None
        self.status = ""
        self.unreached_at: int | None = None

    @property
    def answered_at(self) -> int | None:
        """When somebody answered there."""
        return self.phone.answered_at if self.phone else None


def find_dialled(channels: Iterable[Channel]) -> list[Dialled]:
    """Return the numbers that were rung, each with its channel, in the order of their beginning."""
    channels = list(channels)
    found = [one for channel in channels for one in _begun(channel)]
    if found:
        found.sort(key=lambda one: one.began_at)
        phones = sorted((c for c in channels if is_outside(c)), key=lambda channel: channel.began_at)
        for phone in phones:
            mine = [one for one in found if one.phone is None and one.began_at <= phone.began_at]
            if mine:
                mine[-1].phone = phone
    return found


def is_outside(channel: Channel) -> bool:
    """Say whether the channel is a number outside that was rung."""
    return channel.endpoint == ENDPOINT


def dialled_leg(one: Dialled) -> Leg:
    """Return the leg of the ringing there: an offer of no agent's."""
    party = (one.phone or one.by).uniqueid
    answered, ended = one.answered_at, _ended_at(one)
    reason = "" if ended is None else _reason(one)
    ended = None if ended is None else max(ended, one.began_at)
    return Leg("offer", party, "", "", one.began_at, answered, ended, reason, target=one.number)


def _begun(channel: Channel) -> list[Dialled]:
    found: list[Dialled] = []
    for told in channel.facts:
        if told.fact.name == "dialled":
            found.append(Dialled(channel, told))
        elif told.fact.name == "unreached" and found:
            found[-1].status, found[-1].unreached_at = told.fact.values.get("status", ""), told.at
    return found


def _ended_at(one: Dialled) -> int | None:
    if one.answered_at is not None and one.phone:
        heard = (visit.at for visit in one.phone.visits if visit.kind == "enter")
        return next(heard, one.answered_at)
    ends = [one.unreached_at, one.phone.ended_at if one.phone else None, one.by.ended_at]
    return next((end for end in ends if end is not None), None)


def _reason(one: Dialled) -> str:
    if one.answered_at is not None:
        return "answered"
    cut = one.by.cut or (one.phone.cut if one.phone else "")
    if cut and not one.status:
        return cut
    status = one.status or one.by.status or ("CANCEL" if one.by.hung_up else "")
    return _STATUS.get(status, "failed")
