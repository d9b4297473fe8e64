"""Callers of the fault tests: many telephones at once, each with a number of its own."""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from typing import Any

from ivr.phone.outgoing import OutgoingCall
from ivr.phone.phone import Phone
from tests.faults.desks import NUMBER
from tests.running import RunningDesk

_fresh = itertools.count(79_210_000_001)


def fresh_numbers(count: int) -> list[str]:
    """Return callers' numbers that nobody has used yet."""
    return [str(next(_fresh)) for _ in range(count)]


@asynccontextmanager
async def calling(
    desk: RunningDesk, callers: Sequence[str], *, number: str = NUMBER, apart: float = 0.03
) -> AsyncIterator[dict[str, OutgoingCall]]:
    """Place a call for each caller's number, `apart` seconds after each other; all are hung up at the end."""
    async with Phone(server=desk.server) as phone:
        calls = {}
        for caller in callers:
            calls[caller] = await phone.call(number, caller=caller)
            await asyncio.sleep(apart)
        yield calls


async def all_answered(calls: dict[str, OutgoingCall], within: float = 10.0) -> None:
    """Wait until the desk has answered every call."""
    async with asyncio.timeout(within):
        for call in calls.values():
            await call.answered()


async def hang_up_all(calls: dict[str, OutgoingCall]) -> None:
    """End every call."""
    await asyncio.gather(*(call.hang_up() for call in calls.values()))


async def until(condition: Callable[[], Any], within: float = 15.0, every: float = 0.05) -> Any:
    """Wait until the condition is true, while telephones go on; return what it said."""
    end = time.monotonic() + within
    while not (said := condition()):
        assert time.monotonic() < end, f"not within {within} s"
        await asyncio.sleep(every)
    return said


def first_sound(call: OutgoingCall) -> float:
    """Return the seconds from the INVITE to the desk's first audio, by the kernel's stamps."""
    heard = [event.at for event in call.events if event.name == "audio"]
    assert heard, f"heard nothing: {call.events}"
    return heard[0]


def health(desk: RunningDesk, part: str = "controller") -> dict[str, Any]:
    """Return what a part told of itself last; empty when it tells nothing."""
    try:
        return json.loads((desk.home / "health" / f"{part}.json").read_text())
    except (OSError, ValueError):
        return {}


async def part_back(desk: RunningDesk, name: str, before: int, within: float = 15.0) -> None:
    """Wait until the supervisor has started a part anew and it tells that it lives."""

    def back() -> bool:
        try:
            fresh = desk.part(name) != before
        except AssertionError:
            return False
        return fresh and time.time() - health(desk, name).get("at", 0.0) < 1.5

    await until(back, within)


async def channels_gone(desk: RunningDesk, within: float = 5.0) -> None:
    """Wait until no channel is left in Asterisk."""
    end = time.monotonic() + within
    while not (said := await asyncio.to_thread(desk.asterisk, "core show channels count")).startswith("0 active chan"):
        assert time.monotonic() < end, said
        await asyncio.sleep(0.2)
