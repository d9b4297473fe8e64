"""The controller's eye on the ledger: what Asterisk shows against what the journal has. The difference should be 0."""

from __future__ import annotations

import asyncio
import time

import structlog
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from ivr.app.closing import Closing
from ivr.asterisk.ami import Ami
from ivr.desk.count_living import Living, Sightings
from ivr.desk.note_gaps import Notes
from ivr.desk.ports_ledger import LedgerAwayError
from ivr.desk.ports_proof import Counted
from ivr.errors import DeskError
from ivr.store.completeness import Counts, counts
from ivr.store.gaps import SqlGaps

EVERY = 10.0
"""Seconds between two looks."""
HOUR = 3600
MOST_KEPT = 10_000
"""Counts that wait for a ledger that is away; the oldest go first."""

_log = structlog.get_logger("ivr.counting")


class Health:
    """Asks Asterisk what lives, and compares it with the journal. `told` is for the heartbeat."""

    def __init__(self, ami: Ami, engine: Engine, node: str) -> None:
        self._ami = ami
        self._engine = engine
        self._node = node
        self._gaps = SqlGaps(engine)
        self._closing = Closing(ami, engine, node)
        self._notes = Notes(self._gaps, node)
        self._sightings = Sightings(node, time.time())
        self._waiting: list[Counted] = []
        self._down_since: int | None = None
        self._alarmed: set[tuple[str, int]] = set()
        self._counts: Counts | None = None

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await asyncio.sleep(EVERY)
            living = await self.look()
            await asyncio.to_thread(self._keep, living or [])
            await self._closing.take(living)

    async def look(self) -> list[Living] | None:
        """Return the channels that live; None when Asterisk cannot be asked, which is a gap after the second time."""
        now = time.time_ns() // 1000
        try:
            rows = await self._ami.action("CoreShowChannels")
        except DeskError as error:
            if self._down_since is not None:
                self._notes.tell("ami", error.sentence, at=self._down_since)
            self._down_since = self._down_since or now
            return None
        self._down_since = None
        self._notes.tell("ami", "")
        return [Living(row["Uniqueid"], row.get("Linkedid", "")) for row in rows if row.get("Uniqueid")]

    def told(self) -> dict[str, object]:
        """Return the last hour's counts as plain values; empty before they are known."""
        if self._counts is None:
            return {}
        told = {"shown": self._counts.shown, "in the journal": self._counts.kept, "channels lost": self._counts.lost}
        return {"calls in an hour": told}

    def _keep(self, living: list[Living]) -> None:
        self._waiting = [*self._waiting, *self._sightings.see(living)][-MOST_KEPT:]
        try:
            if self._waiting:
                self._gaps.count(self._waiting)
                self._waiting = []
            self._notes.keep()
            with self._engine.connect() as connection:
                self._counts = counts(connection, self._node, int((time.time() - HOUR) * 1_000_000))
        except (LedgerAwayError, SQLAlchemyError):
            return  # the next look writes what waits
        for gap in self._counts.wrong:
            if (gap.kind, gap.began_at) not in self._alarmed:
                self._alarmed.add((gap.kind, gap.began_at))
                _log.error("calls.lost", count=gap.missing, details=gap.details, see="ivr ledger gaps")
