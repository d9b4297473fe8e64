"""From a voice as spoken, by an engine or a person, to the two files that Asterisk plays."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr

from ivr.errors import DeskError
from ivr.speech.level import Samples, levelled, loudness
from ivr.speech.wav import RATES, wav_bytes

_FRAME = 0.01
_KEPT = 0.06
"""Seconds of silence left at each end, so that no first consonant is cut."""
_QUIET = 36.0
"""dB under the loudest 10 ms: quieter is silence."""
_FADE = 0.005
_LONGEST = 600.0
"""Seconds: more is a mistake, not a prompt."""


@dataclass(frozen=True, slots=True)
class Sound:
    """A prompt at one rate, ready to be written."""

    wav: bytes
    seconds: float
    lufs: float

    @property
    def sha256(self) -> str:
        """Return the hash of the whole file."""
        return hashlib.sha256(self.wav).hexdigest()


def both_rates(samples: Samples, rate: int, name: str) -> dict[str, Sound]:
    """Return Asterisk's file extension -> the trimmed and levelled sound.

    Raises `DeskError` when nothing can be heard; `name` is what the message calls it.
    """
    spoken = trimmed(samples - float(np.mean(samples)) if len(samples) else samples, rate)
    if not len(spoken):
        raise DeskError(f"{name} is silent.", "Record or build it again.")
    return {extension: _sound(spoken, rate, wanted, name) for extension, wanted in RATES.items()}


def read_recording(path: Path) -> tuple[Samples, int, str]:
    """Return a person's recording as one channel, its rate and its name; raises `DeskError` when it cannot be read."""
    try:
        samples, rate = soundfile.read(path, dtype="float64", always_2d=True, frames=_frames(path))
    except (OSError, RuntimeError) as error:
        raise DeskError(f"{path} cannot be read as audio: {error}.", "Save it as WAV, FLAC or Ogg.") from error
    return np.asarray(samples.mean(axis=1), dtype=np.float64), int(rate), str(path)


def seconds_of_recording(path: Path) -> float | None:
    """Return the length of a person's recording, or None when it cannot be read."""
    try:
        return float(soundfile.info(path).duration)
    except (OSError, RuntimeError):
        return None


def trimmed(samples: Samples, rate: int) -> Samples:
    """Return the samples without the silence around the voice, but for 60 ms; empty when there is no voice."""
    size = max(1, round(_FRAME * rate))
    count = len(samples) // size
    power = np.mean(samples[: count * size].reshape(count, size) ** 2, axis=1) if count else np.zeros(0)
    loudest = float(np.max(power, initial=0.0))
    # Under -70 dB of full scale there is no voice at all, only a noise floor.
    if loudest < 1e-7:
        return samples[:0]
    voiced = np.flatnonzero(power > loudest * 10 ** (-_QUIET / 10))
    kept = round(_KEPT * rate)
    first = max(0, int(voiced[0]) * size - kept)
    last = min(len(samples), (int(voiced[-1]) + 1) * size + kept)
    return samples[first:last]


def _sound(spoken: Samples, rate: int, wanted: int, name: str) -> Sound:
    # Trimmed again: a last "s" lies above what 8 kHz can carry, and would be silence there.
    samples = trimmed(np.asarray(soxr.resample(spoken, rate, wanted, quality="VHQ"), dtype=np.float64), wanted)
    if not len(samples):
        raise DeskError(f"{name} has nothing that a telephone can carry.", "Record or build it again.")
    samples = _faded(samples, wanted)
    whole = np.clip(np.round(levelled(samples, wanted) * 32767), -32768, 32767).astype("<i2")
    return Sound(
        wav=wav_bytes(whole.tobytes(), wanted),
        seconds=round(len(whole) / wanted, 3),
        lufs=round(loudness(whole / 32768.0, wanted), 2),
    )


def _faded(samples: Samples, rate: int) -> Samples:
    size = min(round(_FADE * rate), len(samples) // 2)
    slope = np.linspace(0.0, 1.0, size, endpoint=False)
    faded = samples.copy()
    faded[:size] *= slope
    faded[len(faded) - size :] *= slope[::-1]
    return faded


def _frames(path: Path) -> int:
    found = soundfile.info(path)
    if found.duration > _LONGEST:
        raise DeskError(f"{path} is {found.duration:.0f} s long.", f"A prompt may be {_LONGEST:.0f} s at most; cut it.")
    return int(found.frames)
