"""Recordings of an older system -> a desk's recordings of a person."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import soxr

from ivr.speech.library import RECORDED
from ivr.speech.voice import read_recording
from ivr.speech.wav import wav_bytes

_OLD_HOME = "/var/lib/asterisk/sounds/"


def find_old(folder: Path, name: str, language: str) -> Path | None:
    """Return the file of a recording such as `custom/welcome` in a folder of sounds; never one outside of it."""
    plain = name.removeprefix(_OLD_HOME)
    for place in (folder / language, folder):
        for extension in RECORDED:
            file = place / f"{plain}{extension}"
            try:
                if file.resolve().is_relative_to(folder.resolve()) and file.is_file():
                    return file
            except (OSError, ValueError):
                continue
    return None


def joined(files: Sequence[Path]) -> bytes:
    """Return recordings, one after the other, as one WAV file. Raises `DeskError` when one cannot be read."""
    read = [read_recording(file)[:2] for file in files]
    rate = max(rate for _, rate in read)
    parts = [samples if own == rate else soxr.resample(samples, own, rate) for samples, own in read]
    whole = np.clip(np.round(np.concatenate(parts) * 32767), -32768, 32767).astype("<i2")
    return wav_bytes(whole.tobytes(), rate)
