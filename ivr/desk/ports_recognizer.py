"""What writing messages out needs from the world: somebody who hears words, and a place to keep them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import BinaryIO, NamedTuple, Protocol

MOST_TRIES = 3
"""How often a message is begun at most."""


class Word(NamedTuple):
    """A word as it was understood."""

    text: str
    confidence: float
    """0 to 1, by the engine's own measure: two engines' are not to be compared."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What an engine understood of a message. Personal: it is what a caller said."""

    words: Sequence[Word]
    engine: str
    """With its version, as `vosk 0.3.45`."""
    model: str

    @property
    def text(self) -> str:
        """Return the words in one line; empty when nothing was understood."""
        return " ".join(word.text for word in self.words)

    @property
    def confidence(self) -> float:
        """Return the words' mean confidence; 0 of no words."""
        return sum(word.confidence for word in self.words) / len(self.words) if self.words else 0.0


class NotHeardError(Exception):
    """An engine ended without words: it failed, hung, or died. The text says in words what happened."""


class Recognizer(Protocol):
    """Hears words in sound. It must never hold up who asks, nor outlive it."""

    def languages(self, wanted: Collection[str]) -> frozenset[str]:
        """Return those of the languages that can be written out now."""
        ...

    async def hear(self, wav: BinaryIO, language: str, seconds: float) -> Heard:
        """Return the words of a WAV file that is open for reading; `seconds` is its length.

        Raises `NotHeardError`. Cancelled, it ends what it has begun.
        """
        ...


@dataclass(frozen=True, slots=True)
class Message:
    """A verified message that waits to be written out."""

    name: str
    call_id: str
    path: str
    """Under the recordings folder."""
    seconds: float
    language: str
    tries: int
    """How often it was begun before."""


class MessageTexts(Protocol):
    """Where the texts of messages are kept."""

    def next(self, languages: Collection[str], spoken: Mapping[str, str]) -> Message | None:
        """Return the message to be written out next; None when there is none.

        `spoken`: the language of each desk, for callers who picked no other one.
        """
        ...

    def begin(self, name: str) -> None:
        """Count a try before it is made, so that what kills us is counted too."""
        ...

    def give_back(self, name: str) -> None:
        """Take a try back that was broken off by our own stop."""
        ...

    def keep(self, name: str, language: str, heard: Heard) -> bool:
        """Keep the text; say whether its recording is still there: one that was removed meanwhile gets none."""
        ...

    def fail(self, name: str, reason: str) -> bool:
        """Note why a try gave no text; say whether it was the last one."""
        ...
