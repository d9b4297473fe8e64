"""What the ledger knows of a caller, asked beside the call: the event loop never waits for the database."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import structlog

from ivr.engine.inputs import Caller

_THREADS = 4
_log = structlog.get_logger("ivr.callers")


class LedgerCallers:
    """`ivr.desk.answer.Callers` over a blocking query. With the database away nothing is known of anybody."""

    def __init__(self, query: Callable[[str, str], tuple[str | None, str]]) -> None:
        self._query = query
        self._threads = ThreadPoolExecutor(_THREADS, "callers")
        self._busy = 0

    async def known(self, desk: str, number: str) -> Caller:
        """Return whether an earlier call of the number was answered, by whom, and how he heard of us."""
        if self._busy >= _THREADS:
            return Caller()
        self._busy += 1
        asked = asyncio.get_running_loop().run_in_executor(self._threads, self._query, desk, number)
        asked.add_done_callback(self._answered)
        try:
            agent, source = await asyncio.shield(asked)
        except Exception as error:  # noqa: BLE001 — whatever the database does, the call goes on
            _log.warning("callers.unknown", error=str(error))
            return Caller()
        return Caller(agent is not None, source, agent or "")

    def _answered(self, asked: asyncio.Future[tuple[str | None, str]]) -> None:
        self._busy -= 1
        if not asked.cancelled():
            asked.exception()
