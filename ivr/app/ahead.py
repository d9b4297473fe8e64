"""A process that reads and folds the journal ahead of a loader that is far behind, so that two processors share it.

It is asked for batch after batch by the loader (`Ahead`) and works one ahead of it; the loader alone writes into the
database. Whatever goes wrong here just ends it: the loader then does all by itself, and meets the same trouble.
`python -m ivr.app.ahead` is its other end. On its standard input come a line of JSON that says what to read, and then a
line for each batch that is wanted: about how many bytes. On its standard output go a byte when it is ready, and then
pickles of `_Frame`, None when nothing more is there.
"""

from __future__ import annotations

import fcntl
import gc
import json
import os
import pickle
import select
import subprocess
import sys
import threading
import time
from contextlib import suppress
from itertools import count
from pathlib import Path
from typing import IO, Any

import structlog
from sqlalchemy.exc import SQLAlchemyError

from ivr.app.parts import DIE_WITH_US
from ivr.asterisk.journal import Journal
from ivr.desk.ports_ledger import LedgerAwayError, Told
from ivr.errors import DeskError
from ivr.ledger.record import Position
from ivr.ledger.unfolding import Unfolding
from ivr.store.engine import open_database
from ivr.store.given import Given
from ivr.store.ledger import SqlLedger

_READY = b"."
_REST = 60.0
"""Seconds after a fault in which it is not started again."""
_LONGEST = 120.0
"""Seconds that a batch may take: who needs longer is stuck, and the loader would be too, unseen by its heartbeat."""
_FIRST, _STEPS = 1 << 20, 10
"""Bytes of its first batch, for which the loader must wait; each that follows may be twice as large, so many times."""
_Frame = tuple[Position, Position, Given]
"""Positions before and behind, and what the records between give."""
_COLLECT_EVERY = 32
"""Batches: what it leaves behind that needs a collector is little."""
_PIPE = 1 << 20
"""Bytes that may stand in the pipe; as many as Linux lets anybody have."""

_log = structlog.get_logger("ivr.loader")


class Ahead:
    """The loader's end of it; see the port."""

    command = (*DIE_WITH_US, sys.executable, "-m", "ivr.app.ahead")
    """A stuck one that outlived its loader would hold its output open, and the supervisor waits for the end of that."""

    def __init__(self, journal: Path, node: str, database_url: str, longest: float = _LONGEST) -> None:
        self._longest = longest
        self._what = json.dumps([str(journal.absolute()), node, database_url]).encode()
        self._process: subprocess.Popen[bytes] | None = None
        self._in: Any = None
        self._out: Any = None
        self._ready = False
        self._asked = self._asked_ever = 0
        self._rests_until = 0.0

    def start(self) -> None:
        """Start it, unless it runs or has failed lately. It ends with the thread that starts it, which must last."""
        if self._process is None and time.monotonic() >= self._rests_until:
            self._ready, self._asked, self._asked_ever = False, 0, 0
            try:
                self._process = subprocess.Popen(  # noqa: S603 - our own command
                    self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE
                )
                self._in, self._out = self._process.stdin, self._process.stdout
                with suppress(PermissionError):  # all pipes of a user have a limit together
                    fcntl.fcntl(self._out, fcntl.F_SETPIPE_SZ, _PIPE)
                self._send(self._what)
            except OSError as error:  # no memory, no descriptors
                self._fail(str(error))

    def ready(self) -> bool:
        """Say whether it has come up; never waits."""
        if self._process is None or self._ready:
            return self._ready
        if select.select([self._out], [], [], 0)[0]:
            self._ready = self._out.read(1) == _READY
            if not self._ready:
                self._fail("it did not come up")
        return self._ready

    def next(self, limit: int) -> Told | None:
        """Return the next batch; None when nothing more is there, or it has failed."""
        try:
            told = self._receive(limit)
        except Exception as error:  # noqa: BLE001 - half a frame, or one of another version, may raise anything
            self._fail(f"{type(error).__name__}: {error}")
            return None
        if told is None:
            self.stop()
        return told

    def _receive(self, limit: int) -> Told | None:
        while self._asked < 2:
            # One that has found nothing more has ended, and its last word waits for us.
            with suppress(BrokenPipeError):
                self._send(b"%d" % min(limit, _FIRST << self._asked_ever))
            self._asked, self._asked_ever = self._asked + 1, min(self._asked_ever + 1, _STEPS)
        frame = self._load()
        if frame is None:
            return None
        self._asked -= 1
        before, behind, given = frame
        if not isinstance(given, Given):
            raise TypeError(type(given))
        return Told(before, behind, given)

    def _load(self) -> _Frame | None:
        process = self._process
        if process is None:
            return None
        guard = threading.Timer(self._longest, process.kill)
        guard.daemon = True
        guard.start()
        try:
            frame: _Frame | None = pickle.load(self._out)  # noqa: S301 - of our own process
            return frame
        finally:
            guard.cancel()

    def stop(self) -> None:
        """End it."""
        if self._process is not None:
            process, self._process, self._ready = self._process, None, False
            process.kill()
            process.communicate()

    def _fail(self, why: str) -> None:
        _log.warning("loader.alone", why=why, cure="none is needed: the loader does all by itself")
        self._rests_until = time.monotonic() + _REST
        self.stop()

    def _send(self, line: bytes) -> None:
        self._in.write(line + b"\n")
        self._in.flush()


def read_ahead(ask: IO[bytes], tell: IO[bytes]) -> None:
    """Do what is asked until nothing more is wanted, or there."""
    path, node, url = json.loads(ask.readline())
    engine = open_database(url)
    journal, ledger = Journal(Path(path), node), SqlLedger(engine)
    tell.write(_READY)
    tell.flush()
    limit = ask.readline()
    position, open_calls = ledger.resume(node)
    calls = Unfolding(open_calls)
    # Of two batches everything is at hand, and a collector would walk through all of it again and again.
    gc.disable()
    for place in count():
        frame = _frame(journal, position, int(limit), calls, ledger) if limit else None
        if frame is None:
            break
        pickle.dump(frame, tell, 5)
        tell.flush()
        if place % _COLLECT_EVERY == _COLLECT_EVERY - 1:
            gc.collect()
        position = frame[1]
        limit = ask.readline()
    pickle.dump(None, tell)
    tell.flush()


def _frame(journal: Journal, position: Position, limit: int, calls: Unfolding, ledger: SqlLedger) -> _Frame | None:
    """Return the next batch as it is told; None when nothing more is there."""
    batch = journal.read(position, limit)
    if batch is None:
        return None
    given = Given(batch.records, batch.rejected)
    for _ in given.taking(calls.take(batch.records, ledger.stories)):
        pass
    given.make_ready(ledger.dialect)
    return position, batch.position, given


if __name__ == "__main__":
    try:
        # What anything prints goes where errors go, not among the frames.
        frames = os.fdopen(os.dup(1), "wb")
        os.dup2(2, 1)
        read_ahead(sys.stdin.buffer, frames)
    except (DeskError, LedgerAwayError, SQLAlchemyError, OSError, KeyboardInterrupt):
        # The loader meets the same itself, and says what is to be done. A loader that is gone is no fault.
        os._exit(1)
