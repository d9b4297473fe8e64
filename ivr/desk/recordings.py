"""Recordings are expected before they start and verified after they end.

Asterisk never says that a recording failed: an unwritable folder, a full disk and a crash all look like success. So the
journal's `recording` fact makes an expectation, and this use case compares it with the file that is really there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO, Literal, Protocol, TypeAlias

from ivr.desk.recording_path import folder_for, is_message, is_name, live_files, open_recording, place_of
from ivr.errors import DeskError

State: TypeAlias = Literal["expected", "ok", "partial", "failed", "recovered", "none", "expired"]
"""`none`: nobody talked on a line that records, so there is rightly nothing to keep. `expired`: it was removed when the
time was over for which the desk keeps recordings."""
STATES: tuple[State, ...] = ("expected", "ok", "partial", "failed", "recovered", "none", "expired")

_NO_TALK = "there was no talk to record"
ALLOWED = 1.0
"""Seconds that a recording may be shorter than the talk: the bridge is entered a little before the first frame."""
ALLOWED_SHARE = 0.02
"""Or this share of a long talk."""


Spans: TypeAlias = Sequence[tuple[float, float]]
"""Times in a recording, from and to, in seconds."""

_LONG_ENOUGH = 2.0
"""Seconds of a talk in which an agent says something, or his telephone's own noise is heard."""
_EDGE = 0.3
"""Seconds at either end of a talk that may be its neighbour's: ledger and recording differ by some frames."""


@dataclass(frozen=True, slots=True)
class Covered:
    """A talk that a recording is to hold."""

    agent: str
    place: int
    """Where in the recording it begins, in microseconds; `recorded_from` of its leg."""
    seconds: float

    @property
    def inside(self) -> tuple[float, float]:
        """The time in the recording that is this talk's alone."""
        begin = self.place / 1_000_000
        return begin + _EDGE, begin + self.seconds - _EDGE


@dataclass(frozen=True, slots=True)
class ExpectedRecording:
    """One recording without a last word: expected, or failed and worth another try."""

    name: str
    call_id: str
    began_at: float
    """The call's start, UTC seconds since 1970; its date names the folder."""
    talk_seconds: float
    """How long the caller talked with people on lines that record, or to the voicemail, by the ledger."""
    call_open: bool
    crashed: bool
    """The call was closed because Asterisk died or came back."""
    state: State = "expected"
    talks: Sequence[Covered] = ()
    private: Spans = ()
    """The talks that ran through it and are not to be recorded. Asterisk made it silent for them, unless the controller
    was away at that moment: what is in it then is taken out before it is kept."""


@dataclass(frozen=True, slots=True)
class Finished:
    """A finished recording as measured."""

    seconds: float
    sha256: str
    bytes: int
    peak_left: float
    """The caller's side: highest sample, 0 to 1."""
    peak_right: float
    """The agent's side; 0 in a message, which has one channel."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What became of an expected recording."""

    name: str
    state: State
    path: str = ""
    """Under the recordings folder; empty when there is no file to hear."""
    seconds: float = 0.0
    sha256: str = ""
    bytes: int = 0
    reason: str = ""
    """In words, when the state is not `ok`."""
    unheard: Sequence[int] = ()
    """The places of those talks of which the agent's side holds no sound at all."""


class RecordingStore(Protocol):
    """Where expectations and verdicts are kept."""

    def awaiting(self) -> Sequence[ExpectedRecording]:
        """Return the recordings that are expected, and the failed ones."""
        ...

    def settle(self, *verdicts: Verdict) -> None:
        """Keep verdicts, all or none; a later one replaces an earlier one."""
        ...


class RecordingAudio(Protocol):
    """The audio side."""

    def finalise(self, sources: Sequence[Path], out: Path, channels: int, private: Spans) -> Finished:
        """Turn what Asterisk wrote into the final file; the sources are removed only when it is safe on the disk.

        `channels`: 1 for a message, 2 for talks. `private` is made silent in it. Raises `OSError`, with the sources
        untouched.
        """
        ...

    def measure(self, file: BinaryIO) -> Finished:
        """Read a final file to its end; raises `ValueError` when it is damaged."""
        ...

    def silent(self, file: BinaryIO, spans: Spans) -> list[bool]:
        """Say of each time in a sound final file whether the agent's side holds nothing but zeros in it."""
        ...


def verify(expected: ExpectedRecording, root: Path, audio: RecordingAudio) -> Verdict:
    """Return what became of the recording of a closed call; the finished file then lies under `root`.

    Any trouble of the disk is a verdict `failed` with its reason, never an exception; Asterisk's file is kept then.
    """
    name = expected.name
    if not is_name(name):
        return Verdict(name, "failed", reason="the name is none of ours")
    path = place_of(name, expected.began_at)
    try:
        sources = live_files(root, name)
        if not sources:
            return _without_sources(expected, root, path, audio)
        if not any(source.stat().st_size for source in sources):
            return _empty(expected, sources)
        channels = 1 if is_message(name) else 2
        finished = audio.finalise(sources, folder_for(root, path), channels, expected.private)
        with open_recording(root, path) as file:
            return _judged(expected, path, finished, _unheard(expected, file, audio))
    except OSError as error:
        return Verdict(name, "failed", reason=f"it could not be kept: {error.strerror or error}")
    except DeskError as error:
        return Verdict(name, "failed", reason=f"the file cannot be read: {error}")


def _without_sources(expected: ExpectedRecording, root: Path, path: str, audio: RecordingAudio) -> Verdict:
    """Judge when Asterisk's file is gone: we finished it and died before the verdict, or there never was one."""
    if not (root / path).is_file():
        if _nobody_talked(expected):
            return Verdict(expected.name, "none", reason=_NO_TALK)
        return Verdict(expected.name, "failed", reason="Asterisk wrote no file; is recordings/live there and writable?")
    try:
        with open_recording(root, path) as file:
            finished = audio.measure(file)
            return _judged(expected, path, finished, _unheard(expected, file, audio))
    except (DeskError, ValueError) as error:
        return Verdict(expected.name, "failed", reason=f"the file cannot be read: {error}")


def _empty(expected: ExpectedRecording, sources: Sequence[Path]) -> Verdict:
    for source in sources:
        source.unlink()
    if _nobody_talked(expected):
        return Verdict(expected.name, "none", reason=_NO_TALK)
    why = (
        "Asterisk died before it wrote any of it"
        if expected.crashed
        else "Asterisk's file is empty; was the disk full?"
    )
    return Verdict(expected.name, "failed", reason=why)


def _unheard(expected: ExpectedRecording, file: BinaryIO, audio: RecordingAudio) -> list[Covered]:
    """Return the talks of which the agent's voice is not in the recording, though its length is right.

    Asterisk has left one out after an attended transfer, and said nothing; a telephone that is mute looks the same.
    """
    talks = [talk for talk in expected.talks if talk.seconds >= _LONG_ENOUGH]
    silent = audio.silent(file, [talk.inside for talk in talks]) if talks else []
    return [talk for talk, lost in zip(talks, silent, strict=True) if lost]


def _judged(expected: ExpectedRecording, path: str, finished: Finished, unheard: Sequence[Covered]) -> Verdict:
    missing = expected.talk_seconds - finished.seconds
    short = missing > max(ALLOWED, ALLOWED_SHARE * expected.talk_seconds)
    told = [f"{finished.seconds:.1f} s of {expected.talk_seconds:.1f} s of talk"] if short else []
    for talk in unheard:
        since = talk.place / 1_000_000
        told.append(f"no sound of agent {talk.agent} from {since:.1f} s to {since + talk.seconds:.1f} s")
    words = ", ".join(told)
    state: State = "partial" if told else "ok"
    if expected.crashed:
        state = "recovered"
        words = f"Asterisk died during the call{': ' + words if words else ''}"
    places = [talk.place for talk in unheard]
    return Verdict(expected.name, state, path, finished.seconds, finished.sha256, finished.bytes, words, places)


def _nobody_talked(expected: ExpectedRecording) -> bool:
    # A bridge of some milliseconds, when the caller hangs up as the agent answers, leaves no frame behind.
    return expected.talk_seconds < ALLOWED
