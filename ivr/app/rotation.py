"""Logs that do not fill the disk: a log that has grown is renamed, a few old ones are kept, the oldest goes.

Nothing that is being written is lost: who writes the old file on writes it under its new name. The journal is no log:
it is the record of truth. It is renamed too when it has grown, and all its files are kept.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import structlog

from ivr.asterisk.console import ask_console
from ivr.asterisk.control import control_dir
from ivr.asterisk.journal import set_aside
from ivr.desk.load import Progress

MOST = 16 << 20
"""Bytes of a log before it is renamed."""
KEPT = 4
"""Old ones: each log takes 80 MB at most."""
LOOK_EVERY = 60.0
"""Seconds between two looks at Asterisk's logs, and at the journal."""
LONG = 1 << 30
"""Bytes of the journal before it is renamed: some 100,000 calls."""
FAR_TOO_LONG = 16 << 30
"""Bytes at which it is renamed even when the loader is not there yet: a record's identity has room for 64 GB."""
_ASTERISK = ("messages.log", "security.log")

_log = structlog.get_logger("ivr.rotation")


def rotate(path: Path) -> None:
    """Rename `log` to `log.1`, `log.1` to `log.2` and so on. Raises OSError.

    Killed in the middle, it loses no more than the oldest.
    """
    for place in range(KEPT, 0, -1):
        newer = path if place == 1 else _old(path, place - 1)
        if newer.exists():
            newer.replace(_old(path, place))


class AsteriskLogs:
    """Asterisk's own logs: it keeps its files open, so it is told when they were renamed."""

    def __init__(self, home: Path) -> None:
        self._logs = [home / "asterisk/log" / name for name in _ASTERISK]
        self._console = control_dir(home)
        self._untold = False

    async def keep(self) -> None:
        """Look until cancelled."""
        while True:
            await asyncio.sleep(LOOK_EVERY)
            await asyncio.to_thread(self.look)

    def look(self) -> None:
        """Rename what has grown, and let Asterisk begin anew; an Asterisk that is away is told the next time."""
        for log in self._logs:
            with _told_when_it_fails():
                if log.exists() and log.stat().st_size > MOST:
                    rotate(log)
                    self._untold = True
        with _told_when_it_fails():
            if self._untold:
                ask_console(self._console, "logger reload")
                self._untold = False


class JournalRotation:
    """The journal, renamed by the one process that loads it; Asterisk opens it anew for each row, and is told nothing.

    As long as the loader is in an older file the journal is let grow: so one file at most waits to be read to its end,
    and which is next is no question of clocks.
    """

    def __init__(self, journal: Path, progress: Progress) -> None:
        self._journal = journal
        self._progress = progress

    async def keep(self) -> None:
        """Look until cancelled."""
        while True:
            await asyncio.to_thread(self.look)
            await asyncio.sleep(LOOK_EVERY)

    def look(self) -> None:
        """Rename the journal if it has grown; what cannot be renamed is tried again at the next look."""
        with _told_when_it_fails():
            try:
                file = self._journal.stat()
            except FileNotFoundError:  # not begun, or renamed by a person
                return
            position = self._progress.position
            read = position is not None and position.inode == file.st_ino
            if file.st_size > (LONG if read else FAR_TOO_LONG):
                _log.info("journal.renamed", to=str(set_aside(self._journal, time.time())))


@contextmanager
def _told_when_it_fails() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        _log.warning("logs.not_rotated", reason=str(error), cure="it is tried again")


def logs_of(home: Path) -> Iterator[Path]:
    """Yield every log of a home, the old ones too."""
    for folder in (home / "log", home / "asterisk/log"):
        yield from folder.glob("*.log*")


def _old(path: Path, place: int) -> Path:
    return path.with_name(f"{path.name}.{place}")
