"""Note a trouble when it begins and when it is over, also when the ledger itself is away meanwhile."""

from __future__ import annotations

import time
from collections import deque
from threading import Lock

import structlog

from ivr.desk.ports_ledger import LedgerAwayError
from ivr.desk.ports_proof import Gaps
from ivr.ledger.gap import Kind

MOST_WAITING = 1000
"""Notes that wait for the ledger; the oldest go first."""

_log = structlog.get_logger("ivr.gaps")


class Notes:
    """The troubles of one node as one process sees them. `tell` never waits; `keep` writes what was told."""

    def __init__(self, gaps: Gaps, node: str) -> None:
        self._gaps = gaps
        self._node = node
        self._now: dict[Kind, bool] = {}
        self._waiting: deque[tuple[Kind, int, str]] = deque(maxlen=MOST_WAITING)
        self._keeping = Lock()

    @property
    def waiting(self) -> bool:
        """Whether something is not kept yet."""
        return bool(self._waiting)

    def tell(self, kind: Kind, trouble: str, at: int | None = None) -> None:
        """Say how it stands: what is wrong, or "" for nothing. Only a change is noted and logged.

        The first time that all is well ends what an earlier process has left open. `at`: since when, UTC microseconds.
        """
        if self._now.get(kind) == bool(trouble):
            return
        if trouble:
            _log.error(f"{kind}.trouble", alarm=trouble)
        elif kind in self._now:
            _log.info(f"{kind}.over")
        self._now[kind] = bool(trouble)
        self._waiting.append((kind, time.time_ns() // 1000 if at is None else at, trouble))

    def keep(self) -> None:
        """Write what waits; while the ledger is away it goes on waiting. Two who keep at once take turns."""
        with self._keeping:
            while self._waiting:
                kind, at, trouble = self._waiting[0]
                try:
                    if trouble:
                        self._gaps.begin(self._node, kind, at, trouble)
                    else:
                        self._gaps.end(self._node, kind, at)
                except LedgerAwayError:
                    return
                self._waiting.popleft()
