"""What the controller adds to the caller's wait: from the INVITE to the first prompt, from his key to the next one.

Callers of the desk and of the hand-written dialplan ring the same Asterisk at the same time, in turns, so both meet the
same machine. Times of received packets are the kernel's.
"""

from __future__ import annotations

import asyncio
import itertools
import statistics
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ivr.errors import DeskError
from ivr.phone.call import CallOverError
from ivr.phone.g711 import Samples
from ivr.phone.outgoing import OutgoingCall
from ivr.phone.phone import Phone
from ivr.phone.timeline import Timeline
from ivr.speech.wav import seconds_of
from tests.bench.machine import load
from tests.bench.place import OURS, PLAIN, REPO, Place

CALLS = 62
"""Calls of each way."""
AT_ONCE = 10
"""Calls that are up together; half of them are ours."""
LIMIT = 3.0
"""Milliseconds."""
_AUDIBLE = 150
"""Loudest sample (of 32767) at which a packet is no silence."""
_PATIENCE = 3.0
_PROMPTS = REPO / "dialplans/ultralight/prompts/ru"


@dataclass(frozen=True, slots=True)
class Delays:
    """What one caller waited, in milliseconds."""

    first: float
    after_key: float


def run() -> list[dict[str, Any]]:
    """Measure; return the rows. Raises `DeskError` when too many calls did not give both times."""
    with Place() as place, place.controller():
        measured = asyncio.run(_measure(place))
    ours, plain = measured[OURS], measured[PLAIN]
    sys.stderr.write(f"  {len(ours)} + {len(plain)} calls, load {load():.1f}\n")
    return [
        _row("INVITE to the first prompt", [one.first for one in ours], [one.first for one in plain]),
        _row("key to the next prompt", [one.after_key for one in ours], [one.after_key for one in plain]),
    ]


def _row(name: str, ours: list[float], plain: list[float]) -> dict[str, Any]:
    value, peer = statistics.median(ours), statistics.median(plain)
    return {
        "name": f"{name}, median",
        "value": round(value, 2),
        "unit": "ms",
        "peer": "hand-written dialplan",
        "peer_value": round(peer, 2),
        "ratio": round(value - peer, 2),
        "limit": f"<= {LIMIT:g} ms more",
    }


async def _measure(place: Place) -> dict[str, list[Delays]]:
    measured: dict[str, list[Delays]] = {OURS: [], PLAIN: []}
    turns = iter([OURS, PLAIN] * (CALLS + AT_ONCE // 2))
    names = (f"+7812{number:07}" for number in itertools.count(1))
    server = ("127.0.0.1", place.settings.sip_port)
    async with Phone(server=server) as phone, asyncio.TaskGroup() as callers:
        for seat in range(AT_ONCE):
            callers.create_task(_sit(phone, turns, names, measured, seat * 1.13))
    for number, delays in measured.items():
        if len(delays) < 0.75 * CALLS:
            raise DeskError(f"Only {len(delays)} of {CALLS} calls to {number} could be timed.", "Look into Asterisk.")
    return measured


async def _sit(
    phone: Phone, turns: Iterator[str], names: Iterator[str], measured: dict[str, list[Delays]], begin: float
) -> None:
    """Call again and again, each time the next way; the first call of a seat only warms up."""
    await asyncio.sleep(begin)
    warm = True
    for number in turns:
        delays = await _call(phone, number, next(names))
        phone.forget_ended()
        if delays is not None and not warm:
            measured[number].append(delays)
        warm = False


async def _call(phone: Phone, number: str, caller: str) -> Delays | None:
    """Time one call; None when it did not come so far."""
    call = await phone.call(number, caller=caller)
    heard = _Onsets(call)
    call.media.timeline = heard
    try:
        await call.answered()
        first = await heard.audible_after(0.0)
        await asyncio.sleep(_menu_seconds())
        await call.press("1")
        released = call.now
        after_key = await heard.audible_after(released)
    except (CallOverError, TimeoutError):
        return None
    finally:
        await call.hang_up()
    return Delays(1000 * first, 1000 * (after_key - released))


class _Onsets(Timeline):
    """A time line that remembers when each audible packet came."""

    def __init__(self, call: OutgoingCall) -> None:
        super().__init__()
        self._call = call
        self._audible: list[float] = []

    def write(self, at: float, source: int, timestamp: int, samples: Samples) -> None:
        super().write(at, source, timestamp, samples)
        if abs(samples).max(initial=0) > _AUDIBLE:
            self._audible.append(at)

    async def audible_after(self, moment: float) -> float:
        """Return when (seconds after the INVITE) the first audible packet after a moment came."""
        end = time.monotonic() + _PATIENCE
        while not self._audible or self._audible[-1] <= moment:
            if time.monotonic() > end:
                raise TimeoutError
            await asyncio.sleep(0.02)
        return next(at for at in self._audible if at > moment)


def _menu_seconds() -> float:
    return sum(seconds_of(_PROMPTS / f"{name}.wav") for name in ("informer", "category")) + 0.3
