"""WAV files of 16-bit samples: heads read without decoding anything, files written whole or not at all."""

from __future__ import annotations

import os
import tempfile
import wave
from pathlib import Path

SAMPLE_BYTES = 2
_PLAIN = b"WAVEfmt \x10\0\0\0\x01\0"
"""PCM, and nothing more told of its form."""
RATES = {".wav": 8000, ".wav16": 16000}
"""Asterisk's file extension of a prompt -> Hz."""


def seconds_of(path: Path) -> float:
    """Return the length of a WAV file in seconds, from its head alone.

    Raises `OSError` when it cannot be opened and `ValueError` when it is no PCM WAV file.
    """
    with open(path, "rb") as file:  # noqa: PTH123 - a large desk has hundreds, and each is read by every check
        head = file.read(44)
    if (plain := _seconds_of_plain(head)) is not None:
        return plain
    try:
        with wave.open(os.fspath(path), "rb") as sound:
            return sound.getnframes() / sound.getframerate()
    except (wave.Error, EOFError, ZeroDivisionError) as error:
        raise ValueError(f"{path} is no WAV file: {error}") from error


def _seconds_of_plain(head: bytes) -> float | None:
    """Return the length by a head such as `wav_bytes` writes; None by any other, of which `wave` knows more."""
    if len(head) < 44 or (head[:4], head[8:22], head[36:40]) != (b"RIFF", _PLAIN, b"data"):
        return None
    channels, rate, bits = (int.from_bytes(head[at:end], "little") for at, end in ((22, 24), (24, 28), (34, 36)))
    frame = channels * ((bits + 7) // 8)
    return int.from_bytes(head[40:44], "little") // frame / rate if frame and rate else None


def wav_bytes(samples: bytes, rate: int) -> bytes:
    """Return a one-channel WAV file of 16-bit little-endian samples, with the plain head that Asterisk reads."""
    head = b"RIFF" + (36 + len(samples)).to_bytes(4, "little") + b"WAVEfmt " + (16).to_bytes(4, "little")
    head += (1).to_bytes(2, "little") + (1).to_bytes(2, "little") + rate.to_bytes(4, "little")
    head += (
        (rate * SAMPLE_BYTES).to_bytes(4, "little") + SAMPLE_BYTES.to_bytes(2, "little") + (16).to_bytes(2, "little")
    )
    return head + b"data" + len(samples).to_bytes(4, "little") + samples


def write_whole(path: Path, content: bytes) -> None:
    """Write a file so that a reader sees the old one or the new one, never a half; folders are made."""
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).chmod(0o644)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
