"""A look at something that may be slow, or never end: kept for some seconds, and never waited for long."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

import structlog

Seen = TypeVar("Seen")

_log = structlog.get_logger("ivr.exporter")


class Look(Generic[Seen]):
    """One look at once, in a thread of its own, which no end of the process waits for. Only for one event loop."""

    def __init__(self, name: str, look: Callable[[], Seen], *, keep: float, wait: float) -> None:
        """`keep`, `wait`: seconds that what was seen counts, and that `see` waits for it.

        `look` may raise anything: that is logged the first time. While a new one takes longer than `wait`, what was
        seen last counts for three times as long.
        """
        self._name = name
        self._look = look
        self._failed = False
        self._keep = keep
        self._wait = wait
        self._going: asyncio.Future[Seen | None] | None = None
        self._seen: Seen | None = None
        self._until = 0.0

    async def see(self) -> Seen | None:
        """Return what is seen now, or was a moment ago; None when that fails, or is not done in time."""
        if time.monotonic() < self._until:
            return self._seen
        old = self._seen if time.monotonic() < self._until + 2 * self._keep else None
        if self._going is None:
            self._going = asyncio.get_running_loop().create_future()
            threading.Thread(target=self._run, args=(self._going,), daemon=True).start()
        done, _ = await asyncio.wait([self._going], timeout=self._wait)
        return self._seen if done else old

    def _run(self, going: asyncio.Future[Seen | None]) -> None:
        try:
            seen = self._look()
        except Exception as error:  # noqa: BLE001 - what cannot be seen is not there; who looks has nothing to mend
            seen = None
            if not self._failed:
                _log.warning("look.failed", at=self._name, reason=_first_line(error))
        self._failed = seen is None
        try:
            going.get_loop().call_soon_threadsafe(self._done, going, seen)
        except RuntimeError:
            return  # the loop has ended meanwhile

    def _done(self, going: asyncio.Future[Seen | None], seen: Seen | None) -> None:
        self._seen, self._until, self._going = seen, time.monotonic() + self._keep, None
        going.set_result(seen)


def _first_line(error: Exception) -> str:
    return next(iter(str(error).splitlines()), type(error).__name__)
