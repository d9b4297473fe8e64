"""Ears: which prompts were spoken in a sound, from when to when, and whether they were cut short.

A prompt is found by the first 0.4 s of its sound, by normalised cross-correlation, and then followed piece by piece
to its end. Prompts that begin alike are followed side by side until all but one are wrong.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from ivr.phone.following import CLEAR, PATIENCE, Following, Prompt, likeness
from ivr.phone.g711 import RATE

Sound: TypeAlias = npt.NDArray[np.float32]

_STEP = 2000
"""New samples that make a search worth while: 0.25 s."""
_NEAR = 400
"""A beginning is the best match within this many samples on both sides."""
_TOGETHER = int(0.1 * RATE)
"""Followings that begin this close to each other compete."""
_UNSURE = int(0.5 * RATE)
"""How early, in a cut prompt's last moments, the next one may begin: where exactly it was cut is not certain."""


@dataclass(frozen=True, slots=True)
class Heard:
    """A prompt was spoken. Seconds on the sound's time line; `cut`: it was not spoken to its end."""

    prompt: str
    began: float
    ended: float
    cut: bool = False


class Listener:
    """Recognises prompts in audio that is fed to it as it arrives.

    `library`: prompt → its samples at 8 kHz (16-bit scale). `start`: the second at which the first block lies.
    A prompt is told at its end: once the last of it was heard, or `PATIENCE` after it was cut.
    """

    def __init__(self, library: Mapping[str, npt.ArrayLike], *, start: float = 0.0) -> None:
        self._prompts = [Prompt.of(name, np.asarray(sound, np.float32)) for name, sound in library.items()]
        self._prompts = [prompt for prompt in self._prompts if prompt.head.size]
        self._head = max((prompt.head.size for prompt in self._prompts), default=0)
        self._window = _STEP + 2 * _NEAR
        self._size = _good_size(self._window + self._head)
        heads = np.zeros((len(self._prompts), self._size), np.float32)
        for row, prompt in zip(heads, self._prompts, strict=True):
            row[: prompt.head.size] = prompt.head
        self._spectra = np.conj(np.fft.rfft(heads)).astype(np.complex64)
        self._sound = np.zeros(_NEAR, np.float32)
        self._first = round(start * RATE) - _NEAR
        self._searched = self._first
        self._following: list[Following] = []

    def feed(self, samples: npt.ArrayLike) -> list[Heard]:
        """Take the next block and return the prompts that have ended."""
        self._sound = np.concatenate([self._sound, np.asarray(samples, np.float32)])
        while self._prompts and self._end - self._searched >= self._window + self._head:
            self._search()
        for following in self._following:
            following.follow(self._sound, self._first)
        told = self._decide()
        self._forget()
        return told

    def finish(self) -> list[Heard]:
        """Return what was still being spoken when the sound ended."""
        told = self.feed(np.zeros(self._window + self._head + PATIENCE + _STEP, np.float32))
        for following in self._following:
            following.give_up()
        return told + self._decide()

    @property
    def _end(self) -> int:
        return self._first + self._sound.size

    def _search(self) -> None:
        """Look for beginnings in the next step of the sound."""
        offset = self._searched - self._first
        block = self._sound[offset : offset + self._window + self._head]
        scores = self._scores(block)
        centre = scores[:, _NEAR : _NEAR + _STEP]
        for row in np.flatnonzero(centre.max(axis=1) >= CLEAR):
            for place in np.flatnonzero(centre[row] >= CLEAR):
                around = scores[row, place : place + 2 * _NEAR + 1]
                if around.argmax() == _NEAR:
                    prompt = self._prompts[row]
                    began = self._searched + _NEAR + int(place)
                    self._following.append(Following(prompt, began, float(around[_NEAR])))
        self._searched += _STEP

    def _scores(self, block: Sound) -> Sound:
        spectrum = np.fft.rfft(block, self._size)
        products = np.fft.irfft(spectrum * self._spectra, self._size)[:, : self._window]
        energy = np.concatenate([[0.0], np.cumsum(block.astype(np.float64) ** 2)])
        scores = np.empty(products.shape, np.float32)
        for row, prompt in enumerate(self._prompts):
            spans = energy[prompt.head.size : prompt.head.size + self._window] - energy[: self._window]
            scores[row] = likeness(products[row], spans, prompt.energy)
        return scores

    def _decide(self) -> list[Heard]:
        """Tell the followings that are over and have no rival left, in the order of their beginning."""
        told = []
        self._following.sort(key=lambda following: following.began)
        while self._following:
            first = self._following[0].began
            rivals = [following for following in self._following if following.began - first <= _TOGETHER]
            if any(not rival.over for rival in rivals):
                break
            best = _best(rivals)
            left = [following for following in self._following if following not in rivals]
            if not best.doubtful:
                told.append(Heard(best.prompt.name, best.sound_began / RATE, best.ended / RATE, best.cut))
                inside = best.ended - (_UNSURE if best.cut else _TOGETHER)
                left = [following for following in left if following.began >= inside]
            self._following = left
        return told

    def _forget(self) -> None:
        needed = min([self._searched, *(following.needs for following in self._following)])
        if needed - self._first > RATE:
            self._sound = self._sound[needed - self._first :]
            self._first = needed


def recognise(samples: npt.ArrayLike, library: Mapping[str, npt.ArrayLike], *, start: float = 0.0) -> list[Heard]:
    """Return the prompts spoken in a whole sound."""
    listener = Listener(library, start=start)
    return [*listener.feed(samples), *listener.finish()]


def _best(rivals: list[Following]) -> Following:
    """Return the one that was heard longest; of those about as long, one that was heard to its end."""
    longest = max(rival.matched for rival in rivals)
    about = [rival for rival in rivals if rival.matched >= longest - PATIENCE]
    return max(about, key=lambda rival: (not rival.cut, rival.score))


def _good_size(least: int) -> int:
    """Return a length of small factors, which the FFT likes."""
    size = least
    while True:
        rest = size
        for factor in (2, 3, 5):
            while rest % factor == 0:
                rest //= factor
        if rest == 1:
            return size
        size += 1
