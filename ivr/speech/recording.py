"""From the raw audio that Asterisk leaves to a recording: a WAV file, caller left, agent right, never half-written."""

from __future__ import annotations

import hashlib
import os
import wave
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import BinaryIO

import numpy as np
import numpy.typing as npt

from ivr.desk.recordings import Finished, Spans

RATE = 8000
CHANNELS = 2
_SAMPLE = 2
_CHUNK = 32768
"""Frames read at once: 4 seconds, 128 KiB."""
_AROUND = 0.3
"""Seconds of silence before and behind a private talk: the ledger's times and the recording's differ by some frames."""
_LARGEST = 0xFFFFFFFF - 36
"""Bytes of audio that a WAV file's head can name: 37 hours."""


class DiskAudio:
    """Recordings on a disk."""

    def finalise(self, sources: Sequence[Path], out: Path, channels: int, private: Spans) -> Finished:
        """Write the final file from one source, or from the caller's and the agent's side."""
        return finalise(sources, out, channels, private)

    def measure(self, file: BinaryIO) -> Finished:
        """Read a final file to its end."""
        return measure(file)

    def silent(self, file: BinaryIO, spans: Spans) -> list[bool]:
        """Say of each time whether the agent's side holds no sound in it."""
        return silent(file, spans)


def finalise(sources: Sequence[Path], out: Path, channels: int = CHANNELS, private: Spans = ()) -> Finished:
    """Write `out` from raw 8 kHz s16le audio: one file with its channels interleaved, or one a side: caller, agent.

    `private` times, and a little before and behind them, are silent in it.
    A torn last frame (Asterisk was killed) is cut off, a shorter side is silent to the end. The sources are removed
    only when the file is whole on the disk and was read back. Raises `OSError` with the sources untouched. Doing it
    again after a crash in the middle gives the same bytes.
    """
    part = out.with_name(f".{out.name}.part")
    try:
        with ExitStack() as stack:
            files = [stack.enter_context(_open(source)) for source in sources]
            finished = _write(files, part, channels, private)
        _read_back(part, finished)
        part.replace(out)
    except BaseException:
        part.unlink(missing_ok=True)
        raise
    _sync_folder(out.parent)
    for source in sources:
        source.unlink()
    return finished


def measure(file: BinaryIO) -> Finished:
    """Read a recording from its beginning to its end; raises `ValueError` when it is not a whole WAV file of ours."""
    digest = hashlib.sha256()
    while block := file.read(_CHUNK * _SAMPLE):
        digest.update(block)
    size = file.tell()
    file.seek(0)
    frames = 0
    try:
        with wave.open(file, "rb") as sound:
            channels = sound.getnchannels()
            if channels not in (1, CHANNELS) or sound.getsampwidth() != _SAMPLE:
                raise ValueError("it has not one or two channels of 16 bits")
            rate, named = sound.getframerate(), sound.getnframes()
            peaks = np.zeros(channels, dtype=np.int32)
            while block := sound.readframes(_CHUNK):
                if len(block) % (channels * _SAMPLE):
                    break
                peaks = np.maximum(peaks, _peaks(block, channels))
                frames += len(block) // (channels * _SAMPLE)
    except (wave.Error, EOFError) as error:
        raise ValueError(str(error) or "it ends too early") from error
    if frames != named:
        raise ValueError(f"its head names {named} frames and it has {frames}")
    return _finished(frames / rate, digest.hexdigest(), size, peaks)


def silent(file: BinaryIO, spans: Spans) -> list[bool]:
    """Say of each time (seconds, from and to) in a recording whether its last channel, the agent's, is all zeros.

    False of a time that is not in it. Reads little of one that holds sound.
    """
    file.seek(0)
    with wave.open(file, "rb") as sound:
        return [_is_silent(sound, *(round(moment * sound.getframerate()) for moment in span)) for span in spans]


def _is_silent(sound: wave.Wave_read, since: int, until: int) -> bool:
    if not 0 <= since < min(until, sound.getnframes()):
        return False
    sound.setpos(since)
    while left := min(until, sound.getnframes()) - sound.tell():
        samples = np.frombuffer(sound.readframes(min(left, _CHUNK)), dtype="<i2").reshape(-1, sound.getnchannels())
        if samples[:, -1].any():
            return False
    return True


def _finished(seconds: float, sha256: str, size: int, peaks: npt.NDArray[np.int32]) -> Finished:
    right = float(peaks[1]) / 32768 if len(peaks) > 1 else 0.0
    return Finished(seconds, sha256, size, float(peaks[0]) / 32768, right)


def _read_back(part: Path, finished: Finished) -> None:
    try:
        with part.open("rb") as file:
            same = measure(file) == finished
    except ValueError as error:
        raise OSError(f"it cannot be read back: {error}") from error
    if not same:
        raise OSError("it reads back other than it was written")


def _write(files: Sequence[BinaryIO], part: Path, channels: int, private: Spans) -> Finished:
    frames = _frames(files, channels)
    if frames * channels * _SAMPLE > _LARGEST:
        raise OSError("the recording is longer than a WAV file can hold")
    digest = hashlib.sha256()
    peaks = np.zeros(channels, dtype=np.int32)
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC, 0o640)
    with os.fdopen(handle, "wb") as out:
        head = _head(frames, channels)
        digest.update(head)
        out.write(head)
        for block in _silenced(_blocks(files, frames, channels), channels, private):
            peaks = np.maximum(peaks, _peaks(block, channels))
            digest.update(block)
            out.write(block)
        out.flush()
        os.fsync(out.fileno())
    return _finished(frames / RATE, digest.hexdigest(), len(head) + frames * channels * _SAMPLE, peaks)


def _frames(files: Sequence[BinaryIO], channels: int) -> int:
    """Return the whole frames there are now; what Asterisk might still add would not be in the head."""
    sizes = [os.fstat(file.fileno()).st_size for file in files]
    return sizes[0] // (channels * _SAMPLE) if len(files) == 1 else max(sizes) // _SAMPLE


def _blocks(files: Sequence[BinaryIO], frames: int, channels: int) -> Iterator[bytes]:
    for start in range(0, frames, _CHUNK):
        wanted = min(_CHUNK, frames - start)
        if len(files) == 1:
            yield files[0].read(wanted * channels * _SAMPLE)
        else:
            yield np.stack([_side(file, wanted) for file in files], axis=1).tobytes()


def _silenced(blocks: Iterable[bytes], channels: int, private: Spans) -> Iterator[bytes]:
    """Yield the blocks, whose first frame is the recording's first, with silence in the private times."""
    frame = channels * _SAMPLE
    times = [(max(0, int((since - _AROUND) * RATE)), int((until + _AROUND) * RATE)) for since, until in private]
    start = 0
    for block in blocks:
        count = len(block) // frame
        told = bytearray(block)
        for since, until in times:
            first, behind = max(since - start, 0), min(until - start, count)
            if first < behind:
                told[first * frame : behind * frame] = bytes((behind - first) * frame)
        start += count
        yield bytes(told) if times else block


def _side(file: BinaryIO, wanted: int) -> npt.NDArray[np.int16]:
    block = file.read(wanted * _SAMPLE)
    samples = np.frombuffer(block[: len(block) // _SAMPLE * _SAMPLE], dtype="<i2")
    return np.asarray(np.pad(samples, (0, wanted - len(samples))), dtype="<i2")


def _peaks(block: bytes, channels: int) -> npt.NDArray[np.int32]:
    samples = np.frombuffer(block, dtype="<i2").reshape(-1, channels).astype(np.int32)
    return np.asarray(np.abs(samples).max(axis=0), dtype=np.int32)


def _head(frames: int, channels: int) -> bytes:
    frame = channels * _SAMPLE
    size = frames * frame
    words = (b"RIFF", 36 + size, b"WAVEfmt ", 16)
    head = b"".join(word if isinstance(word, bytes) else word.to_bytes(4, "little") for word in words)
    for number, width in ((1, 2), (channels, 2), (RATE, 4), (RATE * frame, 4), (frame, 2), (8 * _SAMPLE, 2)):
        head += number.to_bytes(width, "little")
    return head + b"data" + size.to_bytes(4, "little")


def _open(source: Path) -> BinaryIO:
    return os.fdopen(os.open(source, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC), "rb")


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
