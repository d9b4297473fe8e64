"""What talks that are to be recorded contribute: their time, what of it has audio, and what became of recordings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import NamedTuple

from ivr.ledger.call import Call, Leg
from ivr.reports.split import split
from ivr.reports.tally import Tally, quarter_of, tally

ALLOWED = 1_000_000
"""Microseconds that may be missing: a bridge is entered a little before the first frame."""
EXPIRED = "expired"


class Audio(NamedTuple):
    """What is known of a recording."""

    state: str
    """`ivr.desk.recordings.State`."""
    length: int
    """Microseconds of audio, as measured; of an expired one as it was measured."""
    reason: str = ""
    unheard: frozenset[int] = frozenset()
    """`recorded_from` of the talks of which the agent's voice is not in it."""


Recorded = Mapping[str, Audio]
"""Recordings by name."""
AWAITED = Audio("expected", 0)


def recorded_talks(call: Call) -> Iterator[Leg]:
    """Yield the talks that policy says to record."""
    return (leg for leg in call.legs if leg.kind == "talk" and leg.recording)


def with_audio(leg: Leg, audio: Audio) -> int:
    """Return the microseconds of the talk that its recording holds: it holds its talks one behind the other.

    One voice alone is no recording of a talk.
    """
    if leg.recorded_from in audio.unheard:
        return 0
    return max(0, min(_length(leg), audio.length - leg.recorded_from))


def lacks(leg: Leg, audio: Audio) -> bool:
    """Say whether more of the talk is missing than is allowed; of an expired recording nothing is asked any more."""
    return audio.state != EXPIRED and _length(leg) - with_audio(leg, audio) > ALLOWED


def recording_tallies(call: Call, known: Recorded) -> list[Tally]:
    """Return what the call contributes to the totals of source `recording`; nothing while it goes on.

    `known`: its recordings by name. The state of a recording is booked to its first talk.
    """
    if call.ended_at is None:
        return []
    found: list[Tally] = []
    told: set[str] = set()
    for leg in recorded_talks(call):
        audio = known.get(leg.recording, AWAITED)
        keys = (call.desk, leg.line, call.caller if call.direction == "out" else leg.agent)
        began = quarter_of(leg.began_at)
        found.append(tally(("recording", began, keys, "talks", 1)))
        found += (tally(("recording", at, keys, "to_record", part)) for at, part in _parts(leg, _length(leg)))
        found += (tally(("recording", at, keys, "recorded", part)) for at, part in _parts(leg, with_audio(leg, audio)))
        if lacks(leg, audio):
            found.append(tally(("recording", began, keys, "lacking", 1)))
        if leg.recording not in told:
            told.add(leg.recording)
            found.append(tally(("recording", began, keys, f"state.{audio.state}", 1)))
    return found


def _parts(leg: Leg, length: int) -> Iterator[tuple[int, int]]:
    return split(leg.began_at, leg.began_at + length)


def _length(leg: Leg) -> int:
    return max(0, (leg.ended_at or leg.began_at) - leg.began_at)
