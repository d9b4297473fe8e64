"""Offers: each time that an agent's telephone was to ring, and how it ended.

An offer is a Local channel: half `;2` runs the agents' dialplan and carries the facts, half `;1` meets the caller,
and the agent's telephone is a third channel, known by its endpoint.
"""

from __future__ import annotations

from collections.abc import Iterable

from ivr.ledger.call import CallFact, Leg
from ivr.ledger.channels import Channel
from ivr.ledger.talks import Talk

_STATUS = {
    "BUSY": "busy",
    "CHANUNAVAIL": "unreachable",
    "CONGESTION": "unreachable",
    "INVALIDARGS": "unreachable",
    "NOANSWER": "missed",
}
SAME_MOMENT = 300_000
"""Microseconds in which the ends of one event arrive on its channels."""


class Offer:
    """An offer being put together from its channels."""

    __slots__ = ("agent", "began_at", "forwarded", "given_up_at", "line", "local", "phone", "refused", "status")

    def __init__(self, local: Channel, step: CallFact) -> None:
        self.local = local
        self.agent = step.fact.values.get("agent", "")
        self.line = step.fact.values.get("line", "")
        self.began_at = step.at
        self.phone: Channel | None = None
        self.refused = False
        self.status = ""
        self.given_up_at: int | None = None
        """When Asterisk stopped to ring it, as the dialplan says."""
        self.forwarded = False

    @property
    def ended_at(self) -> int | None:
        """When it was over without a talk: its telephone was released, or never rang."""
        if self.phone and self.phone.ended_at and not self.phone.answered_at:
            return self.phone.ended_at
        return self.given_up_at or self.local.ended_at

    @property
    def party(self) -> str:
        """Uniqueid of the agent's telephone, or of the offer while no telephone rang."""
        return self.phone.uniqueid if self.phone else self.local.uniqueid

    @property
    def picked_up_at(self) -> int | None:
        """When the agent answered his telephone, though perhaps not the caller."""
        return self.phone.answered_at if self.phone else None

    @property
    def bridged_at(self) -> int | None:
        """When the telephone was connected with anybody for the first time."""
        visits = self.phone.visits if self.phone else ()
        return next((visit.at for visit in visits if visit.kind == "enter"), None)

    @property
    def of_line(self) -> bool:
        """Whether a line offered it, and not a colleague who called or sent somebody."""
        return self.local.of_line

    @property
    def missed_by(self) -> str:
        """What the dialplan or the channel's own end says of it: a DIALSTATUS."""
        return self.status or self.local.status


def find_offers(channels: Iterable[Channel]) -> list[Offer]:
    """Return the offers, each with its agent's telephone, in the order of their beginning."""
    channels = list(channels)
    offers = [offer for channel in channels for offer in _begun(channel)]
    if offers:
        offers.sort(key=lambda offer: offer.began_at)
        for channel in channels:
            _attach(channel, offers)
    return offers


def offer_leg(
    offer: Offer, talks: Iterable[Talk], *, caller_ended: int | None, queue_left: int | None, alone: bool = False
) -> Leg:
    """Return the offer's leg.

    `queue_left`: when the caller stopped waiting without a talk of this offer. `alone`: it may be answered without a
    talk, for who is called back is rung only then.
    """
    picked_up = offer.picked_up_at
    own = [talk.began_at for talk in talks if owns(offer, talk.other)]
    with_agent = offer.bridged_at
    if own or (with_agent and (alone or not offer.of_line)):
        # A colleague's question comes before the caller's talk, and may be all.
        ended = own[0] if own and not (with_agent and own[0] - with_agent > SAME_MOMENT) else with_agent or own[0]
        ended, reason = max(ended, offer.began_at), "answered"
        picked_up = min(picked_up, ended) if picked_up else ended
    elif (ended_at := offer.ended_at) is None:
        return Leg("offer", offer.party, offer.line, offer.agent, offer.began_at, picked_up, None, "")
    else:
        ended = max(ended_at, offer.began_at)
        reason = _reason(offer, ended, [talk.began_at for talk in talks], caller_ended, queue_left)
    return Leg("offer", offer.party, offer.line, offer.agent, offer.began_at, picked_up, ended, reason)


def owns(offer: Offer, channel: Channel) -> bool:
    """Whether the channel is this offer's telephone."""
    return channel is offer.phone


def _begun(channel: Channel) -> list[Offer]:
    found = []
    for told in channel.facts:
        if told.fact.name == "offer":
            found.append(Offer(channel, told))
        elif told.fact.name == "missed" and found:
            found[-1].status = told.fact.values.get("status", "")
            found[-1].given_up_at = told.at
    for move in channel.moves:
        if move.kind == "FORWARD" and found:
            found[-1].forwarded = True
    return found


def _attach(channel: Channel, offers: list[Offer]) -> None:
    agent = channel.agent
    if not agent or not channel.rung:
        return
    mine = [o for o in offers if o.agent == agent and o.phone is None and o.began_at <= channel.began_at]
    if mine:
        mine[-1].phone = channel
        mine[-1].refused = any(told.fact.name == "refused" for told in channel.facts)


def _reason(offer: Offer, ended: int, talks: list[int], caller_ended: int | None, queue_left: int | None) -> str:
    if offer.local.cut:
        return offer.local.cut
    if offer.forwarded or offer.refused:
        return "forwarded" if offer.forwarded else "refused"
    if offer.missed_by in _STATUS and not offer.picked_up_at:  # Dial says CONGESTION of who hangs up in the whisper
        return _STATUS[offer.missed_by]
    if any(offer.began_at <= began <= ended + SAME_MOMENT for began in talks):
        return "taken by another"
    gone = [at for at in (caller_ended, queue_left) if at is not None]
    if any(at <= ended + SAME_MOMENT for at in gone):
        return "cancelled"
    return "refused" if offer.picked_up_at else "missed"
