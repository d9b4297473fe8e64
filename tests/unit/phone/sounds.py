"""Sounds made for the tests: something like speech, something like music, and a telephone line between."""

from __future__ import annotations

import numpy as np

from ivr.phone.g711 import decode, encode


def speech(seed: int, seconds: float) -> np.ndarray:
    """Syllables of changing pitch and vowel with short pauses; every seed another sentence."""
    chance = np.random.default_rng(seed)
    parts = []
    while sum(part.size for part in parts) < seconds * 8000:
        time = np.arange(int(chance.uniform(0.12, 0.3) * 8000)) / 8000
        pitch = chance.uniform(90, 220) * (1 + chance.uniform(-0.3, 0.3) * time)
        phase = 2 * np.pi * np.cumsum(pitch) / 8000
        vowel = sum(chance.uniform(0, 1) * np.sin(phase * harmonic) for harmonic in range(1, 14))
        noise = chance.normal(0, chance.uniform(0, 0.6), time.size)
        parts += [(vowel + noise) * np.hanning(time.size), np.zeros(int(chance.uniform(0, 0.08) * 8000))]
    sound = np.concatenate(parts)[: int(seconds * 8000)]
    return (sound / np.abs(sound).max() * 12000).astype(np.int16)


def music(seconds: float) -> np.ndarray:
    """Chords that change every half second."""
    chance = np.random.default_rng(99)
    chords = []
    for _ in range(int(seconds * 2)):
        time = np.arange(4000) / 8000
        notes = chance.choice([220, 247, 262, 294, 330, 349, 392, 440], 3, replace=False)
        chords.append(sum(np.sin(2 * np.pi * note * time) for note in notes) * np.exp(-time))
    return (np.concatenate(chords) * 4000).astype(np.int16)


def line(sound: np.ndarray, noise: float = 0.0) -> np.ndarray:
    """Return what arrives through a noisy mu-law telephone line."""
    hiss = np.random.default_rng(7).normal(0, noise, sound.size) if noise else 0.0
    return decode(encode(np.clip(sound + hiss, -32768, 32767).astype(np.int16), "PCMU"), "PCMU")


def silence(seconds: float) -> np.ndarray:
    return np.zeros(int(seconds * 8000), np.int16)
