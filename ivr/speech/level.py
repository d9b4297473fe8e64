"""Loudness of a prompt: measured, brought to the house level, peaks held down.

Loudness is ITU-R BS.1770 as pyloudnorm measures it. The level is that of Asterisk's own human prompts, so that ours
and Asterisk's can follow each other without a jump.
"""

from __future__ import annotations

import math
import warnings
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Samples: TypeAlias = npt.NDArray[np.float64]
"""One channel; full scale is 1.0."""

TARGET = -20.0
"""LUFS."""
CEILING = -1.0
"""dB of full scale, true peak."""
_BLOCK = 0.4
"""Seconds: BS.1770's gating block."""
_TURNS = 6
_ATTACK = 0.004
_OVERSAMPLED = 4


def loudness(samples: Samples, rate: int) -> float:
    """Return the loudness in LUFS; -inf for silence. A sound shorter than a gating block is one block."""
    import pyloudnorm  # noqa: PLC0415 - a second of import, paid by who measures

    if not np.any(samples):
        return -math.inf
    # Half a sample less: the meter multiplies again, and what it gets may be a hair more than there is.
    meter = pyloudnorm.Meter(rate, block_size=min(_BLOCK, (len(samples) - 0.5) / rate))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        return float(meter.integrated_loudness(samples))


def true_peak(samples: Samples, rate: int) -> float:
    """Return the highest peak between the samples too, in dB of full scale (four times oversampled)."""
    peak = float(np.max(_peaks(samples, rate), initial=0.0))
    return 20 * math.log10(peak) if peak > 0 else -math.inf


def levelled(samples: Samples, rate: int, target: float = TARGET) -> Samples:
    """Return the samples at the target loudness with no true peak over the ceiling."""
    sound = samples
    for _ in range(_TURNS):
        loud = loudness(sound, rate)
        if not math.isfinite(loud):
            return sound
        if abs(loud - target) < 0.05 and true_peak(sound, rate) <= CEILING:
            return sound
        # Holding the peaks down costs loudness, so both are done in turns.
        sound = _limited(sound * 10 ** ((target - loud) / 20), rate)
    return sound


def _limited(samples: Samples, rate: int) -> Samples:
    # A little under the ceiling, for rounding to 16 bits moves a peak too.
    ceiling = 10 ** ((CEILING - 0.1) / 20)
    peaks = _peaks(samples, rate)
    if float(np.max(peaks, initial=0.0)) <= ceiling:
        return samples
    needed = np.minimum(1.0, ceiling / np.maximum(peaks, 1e-9))
    reach = max(1, round(_ATTACK * rate))
    # The lowest gain needed anywhere within reach, then smoothed over the same reach: never above what is needed.
    held = np.lib.stride_tricks.sliding_window_view(np.pad(needed, reach, mode="edge"), 2 * reach + 1).min(axis=1)
    window = np.hanning(2 * reach + 1)
    gain = np.convolve(np.pad(held, reach, mode="edge"), window / window.sum(), mode="valid")
    return np.asarray(samples * gain, dtype=np.float64)


def _peaks(samples: Samples, rate: int) -> Samples:
    """Return for each sample the highest magnitude at it and up to its neighbours."""
    import soxr  # noqa: PLC0415 - as above

    if not len(samples):
        return samples
    fine = np.abs(soxr.resample(samples, rate, rate * _OVERSAMPLED, quality="HQ"))
    wanted = len(samples) * _OVERSAMPLED
    fine = np.pad(fine[:wanted], (0, max(0, wanted - len(fine))))
    peaks = fine.reshape(len(samples), _OVERSAMPLED).max(axis=1)
    # A peak between two samples belongs to both.
    return np.asarray(np.maximum(np.maximum(peaks, np.roll(peaks, 1)), np.abs(samples)), dtype=np.float64)
