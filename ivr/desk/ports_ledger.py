"""What the loader needs from the world: a journal to read and a ledger to keep."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import NamedTuple, Protocol

from ivr.ledger.record import Batch, Position
from ivr.ledger.story import Story
from ivr.ledger.unfolding import Unfolded


class LedgerAwayError(Exception):
    """The database cannot be used now. Nothing of the last save is certain: resume, then go on."""


class Made(Protocol):
    """What a batch gives, made ready for the ledger that is to keep it."""

    @property
    def counts(self) -> tuple[int, int, int]:
        """Return how many records, rejected pieces and calls."""


class Told(NamedTuple):
    """What another process has made of a batch, and the positions before and behind it."""

    before: Position
    behind: Position
    made: Made


class JournalReader(Protocol):
    """A node's journal."""

    def read(self, position: Position, limit: int) -> Batch | None:
        """Return what follows the position, about `limit` bytes at most; None when nothing new is there.

        Raises `DeskError` when bytes were lost.
        """

    def after_gap(self, position: Position) -> Position:
        """Return the beginning of the present file."""


class Ledger(Protocol):
    """The ledger's database, as its one writer sees it. Every method may raise `LedgerAwayError`."""

    def resume(self, node: str) -> tuple[Position, Sequence[Story]]:
        """Return where the node's journal is loaded to, and its open calls."""

    def stories(self, linkedids: Collection[str]) -> Sequence[Story]:
        """Return the calls of these linkedids that are kept already."""

    def save(self, before: Position, batch: Batch, calls: Iterable[Unfolded]) -> int:
        """Keep records, calls and position in one transaction; return how many calls.

        A call may be folded only when it is asked for, while the database is busy with the records. Raises `DeskError`
        when the position is no longer `before`: another loader is at work.
        """

    def save_made(self, before: Position, behind: Position, made: Made) -> None:
        """Keep what was made of a batch as `save` does; it is this kind of ledger's own."""

    def all_read(self, position: Position, until: int) -> None:
        """Note that nothing which happened before `until` (UTC microseconds) stands behind the position."""


class ReaderAhead(Protocol):
    """Another process that reads and folds, while the loader writes what it has read before.

    It begins where the ledger says that the journal is loaded to. Nobody needs it: without it the loader does the same.
    """

    def start(self) -> None:
        """Let it come up; returns at once."""

    def ready(self) -> bool:
        """Say whether it has come up, without waiting."""

    def next(self, limit: int) -> Told | None:
        """Return the next batch, of about `limit` bytes; None when nothing more is there, or it is gone."""

    def stop(self) -> None:
        """End it; the next one begins anew."""
