"""The end of a desk's day: no new calls, and time for those in progress."""

from __future__ import annotations

import asyncio
from contextlib import suppress

from ivr.app.parts import Part
from ivr.app.prepare import Prepared
from ivr.app.selftest import living_channels, stop_gracefully
from ivr.asterisk.journal import Journal
from ivr.errors import DeskError
from ivr.settings import Settings

LOOK_EVERY = 0.5
"""Seconds."""


class Remaining:
    """Who is left, while Asterisk stops and tells nobody: the channels of before, less those that the journal ends."""

    def __init__(self, settings: Settings) -> None:
        """Look from now on. Make it before the channels are asked for."""
        self._journal = Journal(settings.journal, settings.node)
        self._position = self._journal.end()
        self.channels: set[str] = set()

    def look(self) -> set[str]:
        """Return the channels that have not ended. A journal that cannot be read on ends none."""
        with suppress(DeskError, OSError):
            while batch := self._journal.read(self._position):
                self._position = batch.position
                for record in batch.records:
                    if record.event == "CHAN_START":  # born before new ones were refused
                        self.channels.add(record.uniqueid)
                    elif record.event == "CHAN_END":
                        self.channels.discard(record.uniqueid)
        return self.channels

    def close(self) -> None:
        """Let go of the journal."""
        self._journal.close()


async def drain(prepared: Prepared, asterisk: Part, again: asyncio.Event) -> None:
    """Refuse new calls, and wait until none is left, the setting's time is over, or `again` is set."""
    asterisk.wanted = False  # from here on its end is no accident
    remaining = Remaining(prepared.settings)
    remaining.channels |= await living_channels(prepared)
    # Its console answers only when the last channel has ended, and a placeholder may wait for hours.
    refusing = asyncio.create_task(stop_gracefully(prepared))
    end = asyncio.get_running_loop().time() + prepared.settings.drain
    try:
        while asterisk.running and not again.is_set() and asyncio.get_running_loop().time() < end:
            if not await asyncio.to_thread(remaining.look):
                return
            await asyncio.sleep(LOOK_EVERY)
    finally:
        remaining.close()
        refusing.cancel()
        await asyncio.gather(refusing, return_exceptions=True)
