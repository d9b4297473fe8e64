"""Tones: voices for callers and robots that can be told apart, and the measure of a tone in a sound."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
import numpy.typing as npt

from ivr.phone.g711 import RATE, Samples

CALLER_HZ = 440
_FIRST_AGENT_HZ = 600
_AGENT_STEP_HZ = 20


def agent_pitches(agents: Iterable[str]) -> dict[str, int]:
    """Give every agent a pitch of his own in Hz, the same for everybody who knows the same agents."""
    return {agent: _FIRST_AGENT_HZ + _AGENT_STEP_HZ * place for place, agent in enumerate(sorted(set(agents)))}


def tone(hz: float, seconds: float, level: float = 0.25) -> Samples:
    """Return a plain sine; `level` 1 is the loudest that 16 bits hold."""
    time = np.arange(round(seconds * RATE)) / RATE
    return np.asarray(np.sin(2 * np.pi * hz * time) * level * 32767, np.int16)


def voice(hz: float, seconds: float = 1.0, level: float = 0.25) -> Samples:
    """Return a soft pulse of the pitch and, far quieter, its twelfth: one syllable a second, fit for looping."""
    time = np.arange(round(seconds * RATE)) / RATE
    swell = 0.55 - 0.45 * np.cos(2 * np.pi * time)
    chord = np.sin(2 * np.pi * hz * time) + 0.1 * np.sin(2 * np.pi * 3 * hz * time)
    return np.asarray(chord * swell * level * 32767 / 1.1, np.int16)


def tone_level(samples: npt.ArrayLike, hz: float) -> float:
    """Return the share of the sound's energy at this pitch, 0 to 1 (Goertzel's measure; a pure tone gives 1)."""
    sound = np.asarray(samples, np.float64)
    energy = float(sound @ sound)
    if energy == 0.0:
        return 0.0
    turns = np.exp(-2j * np.pi * hz / RATE * np.arange(sound.size))
    return min(1.0, 2.0 * float(abs(sound @ turns)) ** 2 / (sound.size * energy))


def loudness(samples: npt.ArrayLike) -> float:
    """Return the root mean square, 0 to 1."""
    sound = np.asarray(samples, np.float64)
    return float(np.sqrt(np.mean(sound**2)) / 32767) if sound.size else 0.0
