"""Numbers that are dialled inside the house: each means one thing to who dials it."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from ivr.flows.model import Desk
from ivr.telephony.codes import PARKING, PLACES
from ivr.written.mistake import Mistake

_SUCH = f"{PARKING[0]} to {PARKING[1]} are such places"


def inside_mistakes(desk: Desk) -> Iterator[Mistake]:
    """Walk over numbers that two things inside would have, and those outside that nobody could dial for them."""
    for number in desk.agents:
        if number in PLACES:
            wrong = f"`{number}` is a place where callers are parked"
            yield Mistake(("agents", number), wrong, f"give the agent another number: {_SUCH}", at_key=True)
    for index, number in enumerate(desk.numbers):
        if number in PLACES:
            wrong = f"`{number}` is a place where callers are parked"
            yield Mistake(("numbers", str(index)), wrong, f"give the desk another number: {_SUCH}")
    yield from hidden_numbers(desk, {*desk.agents, *desk.numbers, *PLACES})


def hidden_numbers(desk: Desk, inside: Collection[str]) -> Iterator[Mistake]:
    """Walk over whole numbers outside that somebody inside has: `112` rings there, and nobody can call it."""
    for index, prefix in enumerate(desk.outbound.allow if desk.outbound else ()):
        if prefix in inside:
            wrong = f"who dials `{prefix}` reaches an agent, a desk or a parked caller inside"
            yield Mistake(("outbound", "allow", str(index)), wrong, "give that one another number, or delete this")
