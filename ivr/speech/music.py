"""Music on hold of our own: a slow broken chord, computed, so that nobody's rights are in it.

Run `python -m ivr.speech.music FOLDER` to make the files again; the same program makes the same bytes.
"""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import soxr

from ivr.speech.level import Samples, levelled
from ivr.speech.wav import RATES, wav_bytes, write_whole

NAME = "evening"
LOUDNESS = -26.0
"""LUFS: under the prompts, so that a question over it is understood."""
_RATE = 32000
_BEAT = 0.46875
"""Seconds between notes; eight notes a chord and eight chords are 30 s."""
_PATTERN = (0, 1, 2, 3, 4, 3, 2, 1)
_CHORDS = (
    (48, 55, 60, 64, 67),
    (45, 52, 57, 60, 64),
    (41, 48, 57, 60, 65),
    (43, 50, 55, 59, 62),
    (40, 47, 55, 59, 64),
    (45, 52, 57, 60, 64),
    (38, 45, 53, 57, 62),
    (43, 50, 55, 59, 65),
)
"""MIDI notes: C, Am, F, G, Em, Am, Dm, G7, so that the end leads into the beginning."""
_PARTIALS = ((1, 1.0, 1.9), (2, 0.32, 1.3), (3, 0.11, 0.8), (4, 0.04, 0.5))
"""Harmonic, strength, seconds until it has faded to a third: a soft, plucked sound below 4 kHz."""


def compose() -> Samples:
    """Return the piece at 32 kHz, 30 s, its end sounding on into its beginning."""
    step = round(_BEAT * _RATE)
    piece = np.zeros(step * len(_PATTERN) * len(_CHORDS))
    for bar, chord in enumerate(_CHORDS):
        start = bar * len(_PATTERN) * step
        _add(piece, start, _note(chord[0] - 12, 4.0) * 0.5)
        for place, voice in enumerate(_PATTERN):
            accent = 1.0 if place == 0 else 0.72 + 0.06 * (place % 2)
            _add(piece, start + place * step, _note(chord[voice] + 12, 3.0) * accent)
    return piece


def write(folder: Path) -> None:
    """Write the piece at both rates into the folder."""
    piece = compose()
    for extension, rate in RATES.items():
        # Three rounds, of which the middle one is kept: the resampler meets no edge, and the loop has no click.
        rounds = np.asarray(soxr.resample(np.tile(piece, 3), _RATE, rate, quality="VHQ"), dtype=np.float64)
        length = len(piece) * rate // _RATE
        sound = levelled(rounds[length : 2 * length], rate, LOUDNESS)
        write_whole(folder / f"{NAME}{extension}", wav_bytes((sound * 32767).round().astype("<i2").tobytes(), rate))


def _note(midi: int, seconds: float) -> Samples:
    time = np.arange(round(seconds * _RATE)) / _RATE
    pitch = 440.0 * 2 ** ((midi - 69) / 12)
    sound = np.zeros(len(time))
    for harmonic, strength, fade in _PARTIALS:
        sound += strength * np.exp(-time / fade) * np.sin(2 * np.pi * pitch * harmonic * time)
    # A soft beginning, and an end at nothing: neither clicks.
    rise = np.minimum(1.0, time / 0.012)
    fall = np.minimum(1.0, (seconds - time) / 0.25)
    return np.asarray(sound * rise * fall, dtype=np.float64)


def _add(piece: Samples, start: int, sound: Samples) -> None:
    places = (start + np.arange(len(sound))) % len(piece)
    np.add.at(piece, places, sound)


if __name__ == "__main__":
    write(Path(sys.argv[1]))
