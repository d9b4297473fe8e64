"""Who spoke with the caller, when: from bridge membership, by time.

Two channels hear each other while they share a bridge; the halves of a Local channel hand on what they hear. So whom a
caller hears is found by walking from his bridges through Local channels to telephones, and cutting the times of each
stay with the one before.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import NamedTuple

from ivr.ledger.channels import Channel

SWAP = 50_000
"""Microseconds in which Asterisk takes a channel out of one bridge and puts it into another: nothing of it is heard."""


class Stay(NamedTuple):
    """A channel's time in a bridge; `exited` is None while it lasts."""

    channel: Channel
    bridge: str
    entered: int
    exited: int | None


class Talk(NamedTuple):
    """A time in which the caller and another telephone heard each other; of no length when the other had just left."""

    other: Channel
    began_at: int
    ended_at: int | None


def stays(channel: Channel) -> Iterator[Stay]:
    """Yield the channel's times in bridges. The end of the channel ends a stay whose exit was not written."""
    inside: dict[str, int] = {}
    for kind, at, bridge in channel.visits:
        if kind == "enter":
            inside.setdefault(bridge, at)
        elif bridge in inside:
            entered = inside.pop(bridge)
            yield Stay(channel, bridge, entered, max(entered, at))
    for bridge, entered in inside.items():
        yield Stay(channel, bridge, entered, channel.ended_at and max(entered, channel.ended_at))


def talks(caller: Channel, others: Iterable[Channel]) -> list[Talk]:
    """Return the caller's talks, in the order of their beginning."""
    own = list(stays(caller))
    if not own:
        return []
    theirs: dict[str, list[Stay]] = {}
    halves: dict[str, list[Stay]] = {}
    for other in others:
        found = list(stays(other))
        for stay in found:
            theirs.setdefault(stay.bridge, []).append(stay)
        if other.half:
            halves[other.name] = found
    heard: list[Talk] = []
    for stay in own:
        met = list(_heard(stay, theirs, halves, (caller.name,)))
        heard += met or _too_late(stay, theirs, halves)
    return _joined(heard)


def _heard(
    mine: Stay, theirs: Mapping[str, Sequence[Stay]], halves: Mapping[str, Sequence[Stay]], way: tuple[str, ...]
) -> Iterator[Talk]:
    """Yield whom the channel of a stay hears in it. `way`: the channels that lead here: none is passed twice."""
    for stay in theirs.get(mine.bridge, ()):
        name, half = stay.channel.name, stay.channel.half
        began, ended = max(mine.entered, stay.entered), _earlier(mine.exited, stay.exited)
        if name in way or not _lasts(began, ended, cut=bool(stay.channel.cut)):
            continue
        if not half:
            yield Talk(stay.channel, began, ended)
            continue
        for beyond in halves.get(half, ()):
            since, until = max(began, beyond.entered), _earlier(ended, beyond.exited)
            if _lasts(since, until, cut=bool(stay.channel.cut)):
                yield from _heard(Stay(beyond.channel, beyond.bridge, since, until), theirs, halves, (*way, name, half))


def _too_late(mine: Stay, theirs: Mapping[str, Sequence[Stay]], halves: Mapping[str, Sequence[Stay]]) -> Iterator[Talk]:
    """Yield an agent of a line who took the call, and hung up before Asterisk had let the caller in to him."""
    for stay in theirs.get(mine.bridge, ()):
        for beyond in halves.get(stay.channel.half, ()) if stay.channel.of_line else ():
            for there in theirs[beyond.bridge]:
                gone = there.channel.hung_up or there.channel.cut
                if gone and beyond.exited is not None and beyond.exited <= mine.entered:
                    yield Talk(there.channel, mine.entered, mine.entered)


def _lasts(began: int, ended: int | None, *, cut: bool) -> bool:
    """Whether it is a time. `cut`: nothing is known of its end, so that its beginning may be the last that is known."""
    return ended is None or began < ended or (cut and began == ended)


def _joined(heard: list[Talk]) -> list[Talk]:
    """Join the pieces of each talk that Asterisk cut by moving its channels about."""
    if len(heard) == 1:
        return heard
    pieces = sorted(heard, key=lambda talk: (talk.other.uniqueid, talk.began_at))
    joined: list[Talk] = []
    for piece in pieces:
        last = joined[-1] if joined else piece
        if last is not piece and _goes_on(last, piece):
            joined[-1] = last._replace(ended_at=_later(last.ended_at, piece.ended_at))
        else:
            joined.append(piece)
    return sorted(joined, key=lambda talk: (talk.began_at, talk.other.uniqueid))


def _goes_on(last: Talk, piece: Talk) -> bool:
    return last.other is piece.other and (last.ended_at is None or piece.began_at - last.ended_at <= SWAP)


def _later(one: int | None, two: int | None) -> int | None:
    return None if one is None or two is None else max(one, two)


def _earlier(one: int | None, two: int | None) -> int | None:
    if one is None or two is None:
        return one or two
    return min(one, two)
