"""Load the journal into the ledger: every record once, whatever dies in between."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import NamedTuple

import structlog

from ivr.desk.ports_ledger import JournalReader, Ledger, LedgerAwayError, ReaderAhead
from ivr.ledger.record import Batch, Position, Rejected, record_id
from ivr.ledger.unfolding import Unfolding

POLL = 0.05
"""Seconds between two looks at a journal that has nothing new."""
LONGEST_PAUSE = 5.0
"""Seconds between two tries while the database is away."""
SMALLEST, LARGEST = 1 << 21, 1 << 22
"""Bytes of the journal in one transaction."""
NOTE_EVERY = 10.0
"""Seconds between two notes that all is read, while nothing new comes."""
ON_THE_WAY = 1.0
"""Seconds that a record may need from Asterisk into the file."""
_QUICK, _SLOW = 0.5, 2.0
"""Seconds for a transaction: quicker ones grow, slower ones shrink, so that a slow database is not held long."""

_log = structlog.get_logger("ivr.loader")


class Loaded(NamedTuple):
    """What one step did."""

    records: int
    rejected: int
    calls: int
    position: Position


class Loader:
    """Reads from where the database says that it is; one transaction a step. Not for several threads."""

    def __init__(
        self,
        journal: JournalReader,
        ledger: Ledger,
        node: str,
        renew: Callable[[], int | None] = lambda: None,
        ahead: ReaderAhead | None = None,
    ) -> None:
        """`renew` derives the ledger anew when an older version of the fold did; it returns how many calls, if so.

        `ahead` shares the work while the loader is far behind.
        """
        self._journal = journal
        self._ledger = ledger
        self._node = node
        self._renew = renew
        self._ahead = ahead
        self._limit = SMALLEST
        self._state: tuple[Position, Unfolding] | None = None
        self._noted = time.monotonic()

    def step(self) -> Loaded | None:
        """Load what is new, one batch at most; None when nothing is.

        After any error the truth is asked of the database again: a commit may have succeeded though its answer was
        lost. `LedgerAwayError` = try again; `DeskError` = somebody must act.
        """
        try:
            with no_collection():
                return self._next() or self._step()
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        """Let go of the process that reads ahead."""
        if self._ahead:
            self._ahead.stop()

    def _next(self) -> Loaded | None:
        """Load what was read ahead, if any was; from then on it knows the open calls, and we do not."""
        if self._ahead is None or not self._ahead.ready():
            return None
        self._state = None
        told = self._ahead.next(self._limit)
        if told is None:
            return None
        with self._timed():
            self._ledger.save_made(*told)
        return Loaded(*told.made.counts, told.behind)

    def _step(self) -> Loaded | None:
        state, self._state = self._state or self._resume(), None
        position, calls = state
        looked_at = time.time()
        batch = self._journal.read(position, self._limit)
        if batch is None:
            self._state = state
            self._note_all_read(position, looked_at)
            return None
        if self._ahead and batch.position.offset - position.offset > self._limit // 2:
            self._ahead.start()
        with self._timed():
            kept = self._ledger.save(position, batch, calls.take(batch.records, self._ledger.stories))
        self._state = batch.position, calls
        return Loaded(len(batch.records), len(batch.rejected), kept, batch.position)

    @contextmanager
    def _timed(self) -> Iterator[None]:
        began = time.monotonic()
        yield
        self._adapt(time.monotonic() - began)

    def accept_gap(self) -> None:
        """Go on at the beginning of the present file, and keep a rejected record that says so."""
        position, _ = self._resume()
        reason = f"gap: what followed byte {position.offset} of the file before is lost"
        note = Rejected(record_id(position.file, position.offset), b"", reason)
        beginning = self._journal.after_gap(position)
        self._ledger.save(position, Batch([], [note], beginning), [])
        self._state = None
        _log.warning("loader.gap", node=self._node, offset=position.offset)

    def _resume(self) -> tuple[Position, Unfolding]:
        renewed = self._renew()
        if renewed is not None:
            _log.warning("loader.derived_anew", calls=renewed, why="this version tells calls otherwise")
        position, open_calls = self._ledger.resume(self._node)
        _log.info("loader.resumed", node=self._node, offset=position.offset, open_calls=len(open_calls))
        return position, Unfolding(open_calls)

    def _note_all_read(self, position: Position, looked_at: float) -> None:
        """Let the ledger be complete up to now, also while nobody calls."""
        if time.monotonic() - self._noted >= NOTE_EVERY:
            self._ledger.all_read(position, int((looked_at - ON_THE_WAY) * 1_000_000))
            self._noted = time.monotonic()

    def _adapt(self, took: float) -> None:
        if took > _SLOW:
            self._limit = max(SMALLEST, self._limit // 2)
        elif took < _QUICK:
            self._limit = min(LARGEST, self._limit * 2)


class Progress:
    """What a running loader tells of itself: `health()` for the heartbeat."""

    def __init__(self) -> None:
        self.records = 0
        self.rejected = 0
        self.calls = 0
        self.away = ""
        self.position: Position | None = None
        """How far the journal is loaded; None before the first step that loaded anything."""

    @property
    def offset(self) -> int:
        """The next byte of the journal's file."""
        return self.position.offset if self.position else 0

    def add(self, loaded: Loaded) -> None:
        """Count a step."""
        self.records += loaded.records
        self.rejected += loaded.rejected
        self.calls += loaded.calls
        self.position = loaded.position
        if loaded.rejected:
            _log.warning("loader.rejected", count=loaded.rejected, see="rejected_record")

    def health(self) -> dict[str, object]:
        """Return it as plain values."""
        told: dict[str, object] = {"records": self.records, "rejected": self.rejected, "offset": self.offset}
        return told | ({"database": self.away} if self.away else {})


async def load(
    loader: Loader,
    stop: asyncio.Event,
    progress: Progress,
    *,
    poll: float = POLL,
    read: Callable[[], None] = lambda: None,
) -> None:
    """Load until `stop`. A database that is away is waited for: the journal keeps everything meanwhile.

    `read` is called after each step in which the journal could be read.
    """
    pause = poll
    while not stop.is_set():
        try:
            loaded = await asyncio.to_thread(loader.step)
        except LedgerAwayError as error:
            pause = min(max(2 * pause, 0.1), LONGEST_PAUSE)
            if not progress.away:
                _log.error("loader.waits", error=str(error), cure="the journal keeps everything; it is loaded later")
            progress.away = str(error)
        else:
            pause = poll
            read()
            if progress.away:
                _log.info("loader.goes_on")
                progress.away = ""
            if loaded:
                progress.add(loaded)
                continue
        await _pause(stop, pause)


@contextmanager
def no_collection() -> Iterator[None]:
    """Keep the garbage collector from walking through a batch again and again: a third of the time."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


async def _pause(stop: asyncio.Event, seconds: float) -> None:
    try:
        async with asyncio.timeout(seconds):
            await stop.wait()
    except TimeoutError:
        return
