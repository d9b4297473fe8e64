"""Following one prompt through a sound, piece by piece, from its beginning to its end or to where it was cut."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Self

import numpy as np
import numpy.typing as npt

from ivr.phone.g711 import RATE

CLEAR = 0.7
"""Likeness from which a beginning is recognised: a signal as loud as the noise on it still reaches this."""
PATIENCE = int(0.3 * RATE)
"""A prompt may be interrupted this long (a server that stood still) and is still the same."""
_UNDOUBTED = 0.9
_SURE = 0.3
"""Likeness from which a later piece is the prompt's: at a known place, other sounds stay far below."""
_SURE_OF_FRAME = 0.5
"""The same for 20 ms, which resemble more by chance."""
_HEAD = int(0.4 * RATE)
_PIECE = int(0.2 * RATE)
_FRAME = 160
_AUDIBLE = 0.02
"""Share of a prompt's loudest sample from which it is heard."""
_QUIET = 0.12
"""A piece whose level is below this share of its prompt's is a pause between words."""
_CUT = int(0.25 * RATE)
"""A prompt that lacks less than this of its end counts as spoken."""
_NOTHING = 4.0
"""A level, of 16 bits, that no law of G.711 can tell from silence."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt without the silence around it."""

    name: str
    sound: npt.NDArray[np.float32]
    lead: int
    """Samples of silence before the sound."""
    level: float
    head: npt.NDArray[np.float32]
    energy: float
    """The head's."""

    @classmethod
    def of(cls, name: str, samples: npt.NDArray[np.float32]) -> Self:
        """Prepare a prompt; one that cannot be heard has an empty head."""
        loud = np.flatnonzero(np.abs(samples) > _AUDIBLE * np.abs(samples).max(initial=0.0))
        first, last = (int(loud[0]), int(loud[-1]) + 1) if loud.size else (0, 0)
        sound = samples[first:last]
        head = sound[:_HEAD]
        return cls(name, sound, first, level_of(sound), head, float(head @ head))


@dataclass(slots=True)
class Following:
    """A prompt whose beginning was heard at sample `began`."""

    prompt: Prompt
    began: int
    score: float
    over: bool = False
    matched: int = field(init=False)
    """Samples of the prompt that were heard."""
    _delay: int = 0
    """By how much the rest comes late."""
    _voiced: int = field(init=False)
    """Samples of the prompt until its last sound that was heard: a pause alone proves nothing."""

    def __post_init__(self) -> None:
        self.matched = self._voiced = self.prompt.head.size
        self.over = self.matched == self.prompt.sound.size

    @property
    def cut(self) -> bool:
        """Whether its end was not heard."""
        return self.prompt.sound.size - self.matched >= _CUT

    @property
    def sound_began(self) -> int:
        """Where the prompt began, its leading silence included."""
        return self.began - self.prompt.lead

    @property
    def ended(self) -> int:
        """Where it stopped being heard."""
        return self.began + self._delay + self.matched

    @property
    def needs(self) -> int:
        """The first sample that is still of interest."""
        return self.ended

    def follow(self, sound: npt.NDArray[np.float32], first: int) -> None:
        """Go on as far as the sound allows; sample `first` is its beginning."""
        while not self.over:
            piece = self._next_piece()
            place = self.ended - first
            heard = sound[place : place + piece.size]
            if heard.size < piece.size:
                return
            if self._fits(piece, heard, _SURE):
                self._take(piece)
                self.over = self.matched == self.prompt.sound.size
            elif sound.size - place < piece.size + PATIENCE:
                return
            elif late := self._late(piece, sound[place : place + piece.size + PATIENCE]):
                self._delay += late
            else:
                self._end_within(piece, heard)

    @property
    def doubtful(self) -> bool:
        """Whether no more than a beginning was heard, and not a clear one: chance, or other words that begin so."""
        return self.cut and self.matched <= self.prompt.head.size and self.score < _UNDOUBTED

    def give_up(self) -> None:
        """Take what was heard so far for all of it."""
        self.matched, self.over = self._voiced, True

    def _next_piece(self) -> npt.NDArray[np.float32]:
        # A short rest is taken together with the piece before it: few samples resemble anything.
        left = self.prompt.sound[self.matched :]
        return left if left.size < 2 * _PIECE else left[:_PIECE]

    def _fits(self, piece: npt.NDArray[np.float32], heard: npt.NDArray[np.float32], sure: float) -> bool:
        if self._is_pause(piece):
            return level_of(heard) < self.prompt.level
        return float(likeness(piece @ heard, heard @ heard, piece @ piece)) >= sure

    def _late(self, piece: npt.NDArray[np.float32], ahead: npt.NDArray[np.float32]) -> int:
        """Return by how many samples the piece comes late, 0 when it does not come."""
        products = np.correlate(ahead, piece, "valid")
        energy = np.concatenate([[0.0], np.cumsum(ahead.astype(np.float64) ** 2)])
        scores = likeness(products, energy[piece.size :] - energy[: -piece.size], piece @ piece)
        best = int(scores.argmax())
        return best if scores[best] >= CLEAR else 0

    def _end_within(self, piece: npt.NDArray[np.float32], heard: npt.NDArray[np.float32]) -> None:
        """Find the last frame that was still the prompt's."""
        for start in range(0, piece.size, _FRAME):
            if not self._fits(piece[start : start + _FRAME], heard[start : start + _FRAME], _SURE_OF_FRAME):
                break
            self._take(piece[start : start + _FRAME])
        self.give_up()

    def _take(self, piece: npt.NDArray[np.float32]) -> None:
        self.matched += piece.size
        if not self._is_pause(piece):
            self._voiced = self.matched

    def _is_pause(self, piece: npt.NDArray[np.float32]) -> bool:
        return level_of(piece) < max(_QUIET * self.prompt.level, _NOTHING)


def likeness(product: npt.ArrayLike, energy: npt.ArrayLike, other: npt.ArrayLike) -> npt.NDArray[np.float64]:
    """Return the normalised correlation of sounds with these products and energies; next to silence it is 0."""
    lower = np.maximum(np.asarray(energy, np.float64), 1e-9)
    scores = np.asarray(product, np.float64) / np.sqrt(lower * np.maximum(np.asarray(other, np.float64), 1e-9))
    return np.where(lower > _NOTHING**2 * _FRAME, scores, 0.0)


def level_of(sound: npt.NDArray[np.float32]) -> float:
    """Return the root mean square."""
    return float(np.sqrt(np.mean(sound.astype(np.float64) ** 2))) if sound.size else 0.0
