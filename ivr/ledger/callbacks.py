"""Callbacks: the placeholder that stands in a line for a customer, until an agent takes it and calls him.

A placeholder is a Local channel: half `;1` stands in the queue and carries the facts, half `;2` rings the customer.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from ivr.ledger.call import Leg
from ivr.ledger.channels import Channel
from ivr.ledger.offers import Offer

PLACEHOLDER = "placeholder"
"""The fact that makes a channel one."""
_ENDS = ("withdrawn", "unkept")
_DIGITS = 12


def placeholder_in(channels: Iterable[Channel]) -> Channel | None:
    """Return the half of a placeholder that stands in a line; None when there is none."""
    return next((one for one in channels if any(told.fact.name == PLACEHOLDER for told in one.facts)), None)


def callback_leg(placeholder: Channel) -> Leg:
    """Return the time for which a placeholder waited, in its line or apart from it."""
    facts = {told.fact.name: told for told in placeholder.facts}
    begun = facts[PLACEHOLDER]
    taken = next((visit.at for visit in placeholder.visits if visit.kind == "enter"), None)
    ended = placeholder.ended_at if taken is None else taken
    reason = "answered"
    if taken is None:
        said = next((name for name in _ENDS if name in facts), "")
        reason = "" if ended is None else said or placeholder.cut or "cut off"
    line = begun.fact.values.get("line", "")
    return Leg("callback", placeholder.uniqueid, line, "", begun.at, taken, ended, reason)


def promise_moment(text: str) -> int | None:
    """Return a moment of a promise's fact, seconds since 1970, in microseconds; None when it is none."""
    return int(text) * 1_000_000 if text.isdecimal() and len(text) <= _DIGITS else None


def called_back_by(offers: Sequence[Offer]) -> str:
    """Return the agent who took the placeholder; empty while nobody has."""
    return next((offer.agent for offer in offers if offer.bridged_at is not None), "")
