"""Sound files as 8 kHz samples, and back."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from ivr.errors import DeskError
from ivr.phone.g711 import RATE, Samples


def read_sound(path: Path) -> Samples:
    """Read any sound file, mixed to one channel and resampled to 8 kHz. Raises `DeskError` when it cannot be read."""
    import soundfile  # noqa: PLC0415 - a telephone that plays no file needs no sound library
    import soxr  # noqa: PLC0415 - same reason

    try:
        sound, rate = soundfile.read(path, dtype="float32", always_2d=True)
    except (OSError, RuntimeError) as failure:
        if not path.is_file():
            raise DeskError(f"There is no sound file {path}.", "Give the path of a WAV file.") from failure
        raise DeskError(f"{path} is not a sound file that can be read.", "Give a WAV file.") from failure
    mono = sound.mean(axis=1)
    if mono.size == 0:
        raise DeskError(f"{path} holds no sound.", "Give a WAV file with something in it.")
    if rate != RATE:
        mono = soxr.resample(mono, rate, RATE)
    return np.asarray(np.clip(np.rint(mono * 32768), -32768, 32767), np.int16)


def write_sound(path: Path, samples: Samples) -> None:
    """Write a WAV file, 8 kHz, 16 bits, one channel. Raises `DeskError` when it cannot be written."""
    import soundfile  # noqa: PLC0415 - same reason

    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        soundfile.write(path, samples, RATE, subtype="PCM_16", format="WAV")
    except (OSError, RuntimeError) as failure:
        raise DeskError(f"{path} cannot be written.", "Give a path in a folder that you may write to.") from failure
