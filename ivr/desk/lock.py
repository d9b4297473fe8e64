"""One desk on one home."""

from __future__ import annotations

import os
import shutil
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

from ivr.errors import DeskError

ROOM = 200 * 1024 * 1024
"""Bytes that must be free to start: a full disk loses journal rows without a word."""


class HomeLock:
    """Holds a home for one process, as a context: `with HomeLock(home): …`. The kernel lets go when the process dies.

    Entering raises `DeskError` when the home cannot be written, its disk is nearly full, or another desk runs on it.
    """

    def __init__(self, home: Path, room: int = ROOM) -> None:
        self.home = home
        self.room = room
        self._file: TextIO | None = None

    def __enter__(self) -> Self:
        file = self._open()
        try:
            self._take(file)
            self._check_room()
        except BaseException:
            file.close()
            raise
        file.seek(0)
        file.truncate()
        file.write(f"{os.getpid()}\n")
        file.flush()
        self._file = file
        return self

    def __exit__(
        self, kind: type[BaseException] | None, mistake: BaseException | None, trace: TracebackType | None
    ) -> None:
        # The file stays: whoever removed it would let a third desk in beside a second that waits on the old file.
        if self._file:
            self._file.close()
            self._file = None

    def _open(self) -> TextIO:
        try:
            self.home.mkdir(parents=True, exist_ok=True)
            return (self.home / "lock").open("a+")
        except OSError as mistake:
            raise DeskError(
                f"The home {self.home} cannot be written: {mistake.strerror}.",
                "Give a folder of yours by --home.",
            ) from mistake

    def _take(self, file: TextIO) -> None:
        try:
            flock(file.fileno(), LOCK_EX | LOCK_NB)
        except BlockingIOError as mistake:
            file.seek(0)
            holder = file.read().strip() or "unknown"
            raise DeskError(
                f"Another desk runs on {self.home} (pid {holder}).",
                "Stop it, or give this one a home and ports of its own: --home OTHER --shift 100.",
            ) from mistake

    def _check_room(self) -> None:
        free = shutil.disk_usage(self.home).free
        if free < self.room:
            raise DeskError(
                f"The disk that holds {self.home} has {free >> 20} MB free; the desk needs {self.room >> 20} MB.",
                "Free some, or give a folder on another disk by --home.",
            )
