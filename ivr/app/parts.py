"""The parts of a running system: child processes that are started, watched, started again and stopped in order."""

from __future__ import annotations

import asyncio
import os
import select
import signal
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

import structlog

from ivr.app.heartbeat import forget_beat, silence
from ivr.app.rotation import MOST, rotate

HUNG_AFTER = 6.0
"""Seconds without a heartbeat after which a part is killed and started again."""
LONGEST_PAUSE = 10.0
"""Seconds between two starts of a part that keeps dying."""
DIE_WITH_US = ("setpriv", "--pdeathsig", "KILL", "--")
"""A child must not outlive the supervisor, even a killed one: two Asterisks on one home would spoil the journal."""

_log = structlog.get_logger("ivr.up")


@dataclass(slots=True)
class Part:
    """One child process."""

    name: str
    argv: Sequence[str]
    environment: Mapping[str, str]
    log: Path
    echo: bool = True
    """Whether what it prints is shown on our terminal, too."""
    beats: Path | None = None
    """The home in which it tells that it lives."""
    hung_after: float = HUNG_AFTER
    stop_signal: signal.Signals = signal.SIGTERM
    apart: float = 0.0
    """Seconds that lie between its death and its next start at least."""
    restarted: Callable[[], Coroutine[None, None, None]] | None = None
    """What is done after it was started again."""
    wanted: bool = True
    process: asyncio.subprocess.Process | None = None
    starts: int = 0
    _started_at: float = 0.0
    _tasks: list[asyncio.Task[None]] = field(default_factory=list)

    async def start(self) -> None:
        """Start it and keep it running until `stop`."""
        self.wanted = True
        await self._spawn()
        self._tasks = [asyncio.create_task(self._keep())]
        if self.beats:
            self._tasks.append(asyncio.create_task(self._watch(self.beats)))

    async def stop(self, limit: float) -> None:
        """Ask it to end, wait `limit` seconds, then end it."""
        self.wanted = False
        process = self.process
        if process is not None and process.returncode is None:
            with suppress(ProcessLookupError):
                process.send_signal(self.stop_signal)
            try:
                async with asyncio.timeout(limit):
                    await process.wait()
            except TimeoutError:
                _log.warning("part.killed", part=self.name, after_s=limit)
                with suppress(ProcessLookupError):
                    process.kill()
                await process.wait()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def running(self) -> bool:
        """Whether its process lives."""
        return self.process is not None and self.process.returncode is None

    async def _spawn(self) -> None:
        self.starts += 1
        self._started_at = time.monotonic()
        if self.beats:
            forget_beat(self.beats, self.name)  # what a killed one left would speak for this one
        self.process = await asyncio.create_subprocess_exec(
            *DIE_WITH_US,
            *self.argv,
            env=dict(self.environment),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C is for the supervisor: it stops the parts in order
        )

    async def _keep(self) -> None:
        pause = 0.2
        while (process := self.process) is not None:
            await _copy_output(process, self.log, echo=self.echo)
            code = await process.wait()
            if not self.wanted:
                return
            _log.error("part.died", part=self.name, code=code, log=str(self.log), cure="it is started again")
            pause = 0.2 if time.monotonic() - self._started_at > LONGEST_PAUSE else min(pause * 2, LONGEST_PAUSE)
            await asyncio.sleep(max(pause, self.apart))
            await self._start_again()

    async def _start_again(self) -> None:
        while self.wanted:
            try:
                await self._spawn()
            except OSError as error:  # no memory, no descriptors: a bad moment must not be the end of the part
                _log.error("part.not_started", part=self.name, error=str(error))
                await asyncio.sleep(LONGEST_PAUSE)
            else:
                if self.restarted is not None:
                    self._tasks.append(asyncio.create_task(self.restarted()))
                return

    async def _watch(self, home: Path) -> None:
        """Kill a part whose event loop has stood still: it would keep calls that the dialplan could serve."""
        while True:
            await asyncio.sleep(1)
            quiet = silence(home, self.name)
            process = self.process
            if (
                process is not None
                and process.returncode is None
                and quiet > self.hung_after
                and time.monotonic() - self._started_at > self.hung_after
            ):
                _log.error("part.hung", part=self.name, quiet_s=round(quiet, 1), cure="it is killed and started again")
                process.kill()
                await asyncio.sleep(self.hung_after)


async def _copy_output(process: asyncio.subprocess.Process, path: Path, *, echo: bool) -> None:
    if process.stdout is None:
        return
    while line := await _line(process.stdout):
        # A full disk, or a terminal that is gone or stopped, must not stop the part.
        with suppress(OSError):
            with path.open("ab") as file:
                file.write(line)
                grown = file.tell() > MOST
            if grown:
                rotate(path)
        if echo:
            _echo(line)


def _echo(line: bytes) -> None:
    """Show a line where that is possible at once; the log has it anyway."""
    with suppress(OSError, ValueError):
        if select.select([], [1], [], 0)[1]:
            os.write(1, line)


async def _line(stream: asyncio.StreamReader) -> bytes:
    try:
        return await stream.readuntil()
    except asyncio.IncompleteReadError as error:
        return error.partial
    except asyncio.LimitOverrunError as error:
        return await stream.read(error.consumed)


async def until(condition: Callable[[], bool], limit: float) -> bool:
    """Wait until the condition holds, at most `limit` seconds; say whether it does."""
    end = time.monotonic() + limit
    while not condition():
        if time.monotonic() >= end:
            return False
        await asyncio.sleep(0.05)
    return True
