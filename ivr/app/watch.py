"""What the loader watches beside its work: room for journal and recordings, and records that Asterisk cannot write."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Mapping
from pathlib import Path

import structlog

from ivr.asterisk.console import CelQueue, cel_queue
from ivr.asterisk.control import control_dir
from ivr.desk.note_gaps import Notes
from ivr.settings import Settings

JOURNAL_DISK, RECORDINGS_DISK = "disk", "recordings_disk"
_LOST = {JOURNAL_DISK: "calls will leave no trace", RECORDINGS_DISK: "talks will not be recorded"}
LEAST_FREE = 200 << 20
"""Bytes."""
LEAST_SHARE = 0.05
LOOK_EVERY = 1.0
"""Seconds between two looks."""
STANDING = 100
"""Records that wait while none is written: the file is blocked. A busy moment has as many, but they move."""
MANY = 400
"""Records that wait, whatever moves. From some 3000 on Asterisk takes no more calls."""

_log = structlog.get_logger("ivr.watch")


class Watch:
    """Looks again and again; `health` is for the heartbeat."""

    def __init__(self, settings: Settings, notes: Notes) -> None:
        self._settings = settings
        self._console = control_dir(settings.home)
        self._notes = notes
        self._queue: CelQueue | None = None
        self._alarm = ""
        self._recordings_full = False

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
        disks = disk_alarms(self._settings)
        self._notes.tell("disk", disks.get(JOURNAL_DISK, ""))
        self._tell_recordings(disks.get(RECORDINGS_DISK, ""))
        self._notes.keep()

    def health(self) -> dict[str, object]:
        """Return alarms by name; empty when all is well."""
        return {**disk_alarms(self._settings), **({"queue": self._alarm} if self._alarm else {})}

    def _tell_recordings(self, alarm: str) -> None:
        """Log a change; it is no gap, for no record is missing."""
        if alarm and not self._recordings_full:
            _log.error("recordings_disk.trouble", alarm=alarm)
        elif self._recordings_full and not alarm:
            _log.info("recordings_disk.over")
        self._recordings_full = bool(alarm)


def blocked(before: CelQueue | None, now: CelQueue | None) -> str:
    """Return the alarm when Asterisk cannot write its journal, else ""."""
    if now is None:
        return ""
    stands = before is not None and before.written == now.written
    if now.waiting < (STANDING if stands else MANY):
        return ""
    return f"{now.waiting} records wait in Asterisk: its journal cannot be written, and soon it takes no more calls"


def disks_of(settings: Settings) -> Mapping[str, Path]:
    """Return a folder on each disk that must have room, by its alarm's name; one when both are on one disk.

    A folder that is not there yet stands for where it will be made.
    """
    places = {JOURNAL_DISK: _there(settings.journal.parent), RECORDINGS_DISK: _there(settings.recordings)}
    if _device(places[JOURNAL_DISK]) == _device(places[RECORDINGS_DISK]):
        del places[RECORDINGS_DISK]
    return places


def disk_alarms(settings: Settings) -> dict[str, str]:
    """Return an alarm for each disk that is nearly full; empty when all is well.

    On a full one Asterisk loses records, or talks, without a word.
    """
    return {name: alarm for name, place in disks_of(settings).items() if (alarm := _alarm(name, place))}


def _alarm(name: str, place: Path) -> str:
    try:
        space = shutil.disk_usage(place)
    except OSError as error:
        return f"{place} cannot be looked at: {error.strerror}"
    if space.free > LEAST_FREE and space.free > space.total * LEAST_SHARE:
        return ""
    return f"{space.free >> 20} MB free in {place}: free some, or {_LOST[name]}"


def _there(place: Path) -> Path:
    return next(one for one in (place, *place.absolute().parents) if one.exists())


def _device(place: Path) -> int:
    return place.stat().st_dev
