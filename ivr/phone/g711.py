"""G.711: the telephone network's two laws, as tables (ITU-T G.711)."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from ivr.phone.sdp import Law

Samples = npt.NDArray[np.int16]

RATE = 8000
"""Samples a second."""


def decode(payload: bytes, law: Law) -> Samples:
    """Return the 16-bit samples of a payload."""
    return _LEVELS[law][np.frombuffer(payload, np.uint8)]


def encode(samples: Samples, law: Law) -> bytes:
    """Return the payload of 16-bit samples: each becomes the nearest level of the law."""
    return _CODES[law][samples.view(np.uint16)].tobytes()


def _mu_law_levels() -> Samples:
    code = ~np.arange(256, dtype=np.uint8)
    magnitude = ((((code & 0x0F).astype(np.int32) << 3) + 0x84) << ((code & 0x70) >> 4)) - 0x84
    return np.where(code & 0x80, -magnitude, magnitude).astype(np.int16)


def _a_law_levels() -> Samples:
    code = np.arange(256, dtype=np.uint8) ^ 0x55
    segment = ((code & 0x70) >> 4).astype(np.int32)
    step = ((code & 0x0F).astype(np.int32) << 4) + 8
    magnitude = np.where(segment == 0, step, (step + 0x100) << np.maximum(segment - 1, 0))
    return np.where(code & 0x80, magnitude, -magnitude).astype(np.int16)


def _codes(levels: Samples) -> npt.NDArray[np.uint8]:
    """Return the code of the nearest level for every 16-bit sample, indexed by the sample's bits."""
    order = np.argsort(levels, kind="stable")
    ordered = levels[order].astype(np.float64)
    every = np.arange(65536, dtype=np.uint16).view(np.int16).astype(np.float64)
    return order[np.searchsorted((ordered[1:] + ordered[:-1]) / 2, every)].astype(np.uint8)


_LEVELS: dict[Law, Samples] = {"PCMU": _mu_law_levels(), "PCMA": _a_law_levels()}
_CODES: dict[Law, npt.NDArray[np.uint8]] = {law: _codes(levels) for law, levels in _LEVELS.items()}
