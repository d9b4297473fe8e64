"""The loop that verifies each recording within seconds after its call closed, and removes the ones that are too old.

It runs beside the loader. Both are one loop, so that no file is made and removed at once.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import structlog

from ivr.desk.recording_path import live_files
from ivr.desk.recordings import ExpectedRecording, RecordingAudio, RecordingStore, Verdict, verify

EVERY = 1.0
"""Seconds between two looks."""
STILL = 1.0
"""Seconds without a write after which Asterisk has closed its file: its recording thread ends after the call does."""
GRACE = 5.0
"""Seconds after the close in which a file may still appear, or grow from nothing."""
RETRY = 60.0
"""Seconds between two tries of a failed recording whose audio is still there."""
TOGETHER = 100
"""Verdicts that are kept in one transaction."""

EXPIRE_EVERY = 3600.0
"""Seconds between two looks for recordings that are too old."""

_log = structlog.get_logger("ivr.recordings")


class Keeper:
    """Looks at what is awaited, and remembers when it saw each first; the truth is in the store and on the disk."""

    def __init__(self, store: RecordingStore, root: Path, audio: RecordingAudio, clock: Callable[[], float]) -> None:
        self._store = store
        self._root = root
        self._audio = audio
        self._clock = clock
        self._closed: dict[str, float] = {}
        self._tried: dict[str, float] = {}

    def look(self) -> int:
        """Verify what is ready; return how many verdicts were given. The clock is monotonic, in seconds."""
        awaiting = self._store.awaiting()
        names = {expected.name for expected in awaiting}
        for memory in (self._closed, self._tried):
            for gone in memory.keys() - names:
                del memory[gone]
        ready = [expected for expected in awaiting if not expected.call_open and self._is_ready(expected)]
        return sum(self._settle(ready[at : at + TOGETHER]) for at in range(0, len(ready), TOGETHER))

    def _settle(self, ready: Sequence[ExpectedRecording]) -> int:
        verdicts: list[tuple[str, Verdict]] = []
        try:
            for expected in ready:
                verdict = verify(expected, self._root, self._audio)
                self._tried[expected.name] = self._clock()
                if not verdict.state == expected.state == "failed":
                    verdicts.append((expected.call_id, verdict))
        finally:  # what is wrong with one must not cost the others their verdicts
            if verdicts:
                self._store.settle(*(verdict for _, verdict in verdicts))
        for call_id, verdict in verdicts:
            tell = _log.warning if verdict.state == "failed" else _log.info
            tell("recording_verified", call_id=call_id, state=verdict.state, reason=verdict.reason)
        return len(verdicts)

    def _is_ready(self, expected: ExpectedRecording) -> bool:
        now = self._clock()
        sources = self._sources(expected.name)
        if expected.state == "failed":
            # Without audio there is nothing to try again with.
            return bool(sources) and now - self._tried.get(expected.name, now - RETRY) >= RETRY
        waited = now - self._closed.setdefault(expected.name, now)
        if expected.crashed or waited >= GRACE:
            return True
        return any(source.stat().st_size for source in sources) and all(map(_is_still, sources))

    def _sources(self, name: str) -> tuple[Path, ...]:
        try:
            return live_files(self._root, name)
        except OSError:
            return ()


async def keep(
    store: RecordingStore,
    root: Path,
    audio: RecordingAudio,
    *,
    expire: Callable[[], object] = lambda: None,
    every: float = EVERY,
    clock: Callable[[], float] = time.monotonic,
) -> None:
    """Verify recordings until cancelled, and `expire` them at the start and once an hour.

    A database or disk that is away is told in the log, and tried again.
    """
    keeper = Keeper(store, root, audio, clock)
    away = False
    due = clock()
    while True:
        try:
            await asyncio.to_thread(keeper.look)
            if clock() >= due:
                due = clock() + RETRY  # when it goes wrong
                await asyncio.to_thread(expire)
                due = clock() + EXPIRE_EVERY
            away = False
        except Exception as error:  # noqa: BLE001 - one bad moment must not end the verification of all later calls
            if not away:
                _log.error("recordings_not_verified", error=str(error))
            away = True
        await asyncio.sleep(every)


def _is_still(path: Path) -> bool:
    # A file from the future, after the clock was set back, is not waited for.
    return not 0 <= time.time() - path.stat().st_mtime < STILL
