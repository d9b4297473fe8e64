"""The way of one caller through a call: every leg, put together from what each channel went through."""

from __future__ import annotations

from collections.abc import Sequence

from ivr.ledger.call import CallFact, Leg
from ivr.ledger.callbacks import callback_leg, placeholder_in
from ivr.ledger.channels import Channel
from ivr.ledger.coverage import Tape, Taping
from ivr.ledger.holds import away_leg, held, left
from ivr.ledger.offers import SAME_MOMENT, Offer, find_offers, offer_leg, owns
from ivr.ledger.outside import Dialled, dialled_leg, find_dialled, is_outside
from ivr.ledger.stages import Stages
from ivr.ledger.talks import Talk, talks
from ivr.ledger.transfers import Transfer, transfer_leg, transfers


class Way:
    """A caller, the other channels of his call, and what they make together."""

    __slots__ = (
        "_caller",
        "_facts",
        "_others",
        "_private",
        "_rung",
        "_sent",
        "_spoken",
        "_taping",
        "offers",
        "placeholder",
        "stages",
    )

    def __init__(
        self, caller: Channel, others: Sequence[Channel], facts: Sequence[CallFact], *, called_back: bool = False
    ) -> None:
        self._caller, self._others, self._facts = caller, others, facts
        self._spoken = talks(caller, others)
        self._taping = Taping(caller, facts) if self._spoken else None
        self._private = False
        """Whether the talk that was put together last is on a line that does not record."""
        moved = any(channel.moves for channel in others) or bool(caller.moves)
        self._sent: list[Transfer] = transfers((caller, *others), self._spoken) if moved else []
        self.offers: list[Offer] = find_offers((caller, *others))
        self._rung: list[Dialled] = []
        self.stages = Stages(caller)
        self.placeholder = placeholder_in((caller, *others)) if called_back else None

    def legs(self, *, of_desk: bool, holds: bool, outside: bool) -> tuple[Leg, ...]:
        """Return all legs in the order of their beginning. `holds`, `outside`: a fact tells that there are some."""
        if outside:
            self._rung = find_dialled((self._caller, *self._others))
        talked = [self._talk_leg(talk) for talk in self._spoken]
        offers = [self._offer_leg(offer) for offer in self.offers]
        legs = [self._on_time(leg) for leg in (self.stages.legs if of_desk else self._waits(self._caller))]
        legs += [*offers, *(dialled_leg(one) for one in self._rung)]
        left_talks = [self._left(talk, leg) for talk, leg in zip(self._spoken, talked, strict=True)]
        legs += [leg for found in left_talks for leg in found]
        if holds:
            legs += [hold for leg, *_ in left_talks for hold in held(leg, self._facts)]
        if self._sent:
            lines = {leg.party: leg.line for leg in talked}
            legs += [transfer_leg(sent, self._spoken, lines, offers, self._caller) for sent in self._sent]
        if self.placeholder:
            legs.append(callback_leg(self.placeholder))
        for channel in self._others:
            if not channel.rung:
                legs += self._waits(channel)
        return tuple(sorted(legs, key=lambda leg: leg.began_at))

    def _waits(self, channel: Channel) -> list[Leg]:
        """Return an agent's own waits in lines: he asks for a colleague there, or brings a caller."""
        lines = channel.agent and any(told.fact.name == "line" for told in channel.facts)
        return [self._replaced(leg) for leg in Stages(channel, channel.agent).legs] if lines else []

    def _replaced(self, leg: Leg) -> Leg:
        """Let an agent's wait end as it did when his caller took his place in the line."""
        ended = leg.ended_at
        if (
            ended is None
            or leg.reason != "cut off"
            or not any(abs(one.sent_at - ended) < SAME_MOMENT for one in self._sent)
        ):
            return leg
        return leg._replace(reason="moved on")

    def _on_time(self, leg: Leg) -> Leg:
        """Let a wait end when the caller hears the agent: that is when the last of their channels is there."""
        if leg.kind != "queue" or leg.reason != "answered" or leg.ended_at is None:
            return leg
        heard = (talk.began_at for talk in self._spoken if 0 <= talk.began_at - leg.ended_at < SAME_MOMENT)
        moment = next(heard, leg.ended_at)
        return leg if moment == leg.ended_at else leg._replace(answered_at=moment, ended_at=moment)

    def _offer_leg(self, offer: Offer) -> Leg:
        gone = self.stages.waited_until(offer.began_at)
        taken = self.placeholder is not None
        return offer_leg(offer, self._spoken, caller_ended=self._caller.ended_at, queue_left=gone, alone=taken)

    def _talk_leg(self, talk: Talk) -> Leg:
        phone = talk.other
        offer = next((offer for offer in self.offers if owns(offer, phone)), None) or self._taken_over(phone)
        line = offer.line if offer else ""
        number = next((one.number for one in self._rung if one.phone is phone), "")
        agent = "" if number else phone.agent or phone.endpoint
        reason = "" if talk.ended_at is None else self._talk_end(talk, talk.ended_at)
        began, ended = talk.began_at, talk.ended_at
        leg = Leg("talk", phone.uniqueid, line, agent, began, began, ended, reason, "", number)
        return leg if self._taping is None else self._recorded(leg, self._taping.at(began), offer)

    def _recorded(self, leg: Leg, tape: Tape, offer: Offer | None) -> Leg:
        """Return a talk's leg with its recording. Whom a colleague asks or sends to goes on as the talk before."""
        if offer and offer.of_line:
            told = (fact for fact in reversed(self._facts) if fact.name == "line" and fact.at <= offer.began_at)
            record = next((fact.values.get("record") for fact in told if fact.values.get("line") == offer.line), "")
            self._private = record == "0"
        if not tape.name:
            return leg
        if self._private or not tape.heard:
            return leg._replace(how="silenced", recorded_from=tape.before)
        return leg._replace(recording=tape.name, recorded_from=tape.before)

    def _taken_over(self, phone: Channel) -> Offer | None:
        """Return the offer to somebody else that this telephone picked up."""
        for offer in self.offers:
            for move in offer.phone.moves if offer.phone else ():
                if move.kind == "PICKUP" and move.told.get("pickup_channel_uniqueid") == phone.uniqueid:
                    return offer
        return None

    def _talk_end(self, talk: Talk, ended_at: int) -> str:
        caller, phone = self._caller, talk.other
        if caller.cut and ended_at == caller.ended_at:
            return caller.cut
        if any(sent.by is phone and abs(sent.sent_at - ended_at) < SAME_MOMENT for sent in self._sent):
            return "transferred"
        left = phone.ended_at is not None and phone.ended_at - ended_at < SAME_MOMENT
        if phone.hung_up and (left or ended_at == talk.began_at):
            return "outside hung up" if is_outside(phone) else "agent hung up"
        if caller.ended_at is not None and caller.ended_at - ended_at < SAME_MOMENT:
            hung_up = "outside hung up" if is_outside(caller) else "caller hung up"
            return hung_up if caller.hung_up else caller.cut or "cut off"
        return "moved on"

    def _of_unknown_end(self, leg: Leg) -> Leg:
        """Let a talk after which nothing is known of a caller end as he did."""
        caller, ended = self._caller, leg.ended_at
        if leg.reason != "moved on" or not caller.cut or ended is None:
            return leg
        if any(step.at > ended + SAME_MOMENT for step in caller.steps):
            return leg
        return leg._replace(reason=caller.cut)

    def _left(self, talk: Talk, leg: Leg) -> list[Leg]:
        """Return the talk's leg, and the time for which its agent left the caller waiting, if he did."""
        away = left(leg, talk.other, self._others) if leg.reason == "moved on" else None
        if away is None:
            return [self._of_unknown_end(leg)]
        leg = leg._replace(reason="parked" if away.how == "parked" else "held")
        later = next((later for later in self._spoken if later.began_at >= away.began_at), None)
        back = later.began_at if later and later.other is talk.other else None
        mine = (sent.sent_at for sent in self._sent if sent.by is talk.other and sent.sent_at >= away.began_at)
        return [leg, away_leg(leg, away, back, next(mine, None), self._caller)]
