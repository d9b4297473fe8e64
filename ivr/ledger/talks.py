"""Who spoke with the caller, when: from bridge membership, by time."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ivr.ledger.call import CallFact
from ivr.ledger.channels import Channel


class Stay(NamedTuple):
    """A channel's time in a bridge; `exited` is None while it lasts."""

    channel: Channel
    bridge: str
    entered: int
    exited: int | None


class Talk(NamedTuple):
    """A time in which the caller and another channel shared a bridge."""

    other: Channel
    began_at: int
    ended_at: int | None


def stays(channel: Channel) -> Iterator[Stay]:
    """Yield the channel's times in bridges. The end of the channel ends a stay whose exit was not written."""
    inside: dict[str, int] = {}
    for step in channel.steps:
        if isinstance(step, CallFact):
            continue
        if step.kind == "enter":
            inside.setdefault(step.word, step.at)
        elif step.kind == "exit" and step.word in inside:
            entered = inside.pop(step.word)
            yield Stay(channel, step.word, entered, max(entered, step.at))
    for bridge, entered in inside.items():
        yield Stay(channel, bridge, entered, channel.ended_at and max(entered, channel.ended_at))


def talks(caller: Channel, others: Iterable[Channel]) -> list[Talk]:
    """Return the caller's talks, in the order of their beginning."""
    own = list(stays(caller))
    if not own:
        return []
    bridges = {stay.bridge for stay in own}
    theirs = [stay for other in others for stay in stays(other) if stay.bridge in bridges]
    found = []
    for mine in own:
        for stay in theirs:
            if stay.bridge == mine.bridge:
                began, ended = max(mine.entered, stay.entered), _earlier(mine.exited, stay.exited)
                if ended is None or began < ended:
                    found.append(Talk(stay.channel, began, ended))
    return sorted(found, key=lambda talk: (talk.began_at, talk.other.uniqueid))


def _earlier(one: int | None, two: int | None) -> int | None:
    if one is None or two is None:
        return one or two
    return min(one, two)
