"""The end of a desk's day: no new calls from outside, and time for those in progress.

Asterisk itself is not asked to stop before: one that stops gracefully makes no channel any more, so nobody who waits in
a line would be served, and its console tells nothing.
"""

from __future__ import annotations

import asyncio

from ivr.app.parts import Part
from ivr.app.prepare import Prepared
from ivr.app.selftest import living_channels, refuse_calls

LOOK_EVERY = 0.5
"""Seconds."""


async def drain(prepared: Prepared, asterisk: Part, again: asyncio.Event) -> None:
    """Refuse new calls, and wait until none is left, the setting's time is over, or `again` is set."""
    asterisk.wanted = False  # from here on its end is no accident
    await refuse_calls(prepared)
    end = asyncio.get_running_loop().time() + prepared.settings.drain
    while asterisk.running and not again.is_set() and asyncio.get_running_loop().time() < end:
        channels = await living_channels(prepared)
        if channels is not None and not channels:
            return
        await asyncio.sleep(LOOK_EVERY)
