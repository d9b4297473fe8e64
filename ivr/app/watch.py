"""What the loader watches beside its work: room for the journal, and records that Asterisk cannot write."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path

from ivr.asterisk.console import CelQueue, cel_queue
from ivr.asterisk.control import control_dir
from ivr.desk.note_gaps import Notes
from ivr.settings import Settings

LEAST_FREE = 200 << 20
"""Bytes."""
LEAST_SHARE = 0.05
LOOK_EVERY = 1.0
"""Seconds between two looks."""
STANDING = 100
"""Records that wait while none is written: the file is blocked. A busy moment has as many, but they move."""
MANY = 400
"""Records that wait, whatever moves. From some 3000 on Asterisk takes no more calls."""


class Watch:
    """Looks again and again; `health` is for the heartbeat."""

    def __init__(self, settings: Settings, notes: Notes) -> None:
        self._journal = settings.journal
        self._console = control_dir(settings.home)
        self._notes = notes
        self._queue: CelQueue | None = None
        self._alarm = ""

    async def run(self) -> None:
        """Look until cancelled."""
        while True:
            await asyncio.to_thread(self.look)
            await asyncio.sleep(LOOK_EVERY)

    def look(self) -> None:
        """Look once, and note what has changed."""
        before, self._queue = self._queue, cel_queue(self._console)
        self._alarm = blocked(before, self._queue)
        self._notes.tell("queue", self._alarm)
        self._notes.tell("disk", str(disk_health(self._journal).get("disk", "")))
        self._notes.keep()

    def health(self) -> dict[str, object]:
        """Return alarms by name; empty when all is well."""
        return disk_health(self._journal) | ({"queue": self._alarm} if self._alarm else {})


def blocked(before: CelQueue | None, now: CelQueue | None) -> str:
    """Return the alarm when Asterisk cannot write its journal, else ""."""
    if now is None:
        return ""
    stands = before is not None and before.written == now.written
    if now.waiting < (STANDING if stands else MANY):
        return ""
    return f"{now.waiting} records wait in Asterisk: its journal cannot be written, and soon it takes no more calls"


def disk_health(journal: Path) -> dict[str, object]:
    """Return {"disk": alarm} when the journal's disk is nearly full: Asterisk then loses records without a word."""
    try:
        space = shutil.disk_usage(journal.parent)
    except OSError as error:
        return {"disk": f"{journal.parent} cannot be looked at: {error.strerror}"}
    if space.free > LEAST_FREE and space.free > space.total * LEAST_SHARE:
        return {}
    return {"disk": f"{space.free >> 20} MB free in {journal.parent}: free some, or calls will leave no trace"}
