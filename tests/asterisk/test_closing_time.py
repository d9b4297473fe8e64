"""Closing time on real calls: who waits then is still served, who calls later hears that the desk is closed."""

from __future__ import annotations

import asyncio
import signal
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from tests.asterisk.front import Front, Told, serving
from tests.running import WORKER, RunningDesk, desk_folder, eventually

pytestmark = pytest.mark.asterisk

DESK = """
desk: evening-PLACE
numbers: ["69PLACE"]
language: en
time zone: Etc/UTC
hours:
  mon-sun: "OPENS-CLOSES"
  closed: {say: "We are closed.", then: hang up}
agents: {69PLACE9: Agent PLACE}
categories: {}
lines:
  first: {agents: [69PLACE9], ring: 8s, wait: 150s}
flow:
  hello: {say: "Hello.", then: first}
"""
DESKS = 4
"""Each closes a minute after the one before: a slow machine takes a later one."""
NEEDED = 8.0
"""Seconds before closing time that it takes until all wait."""
TALKS, SERVED, ALONE, LATE, LATE_ALONE = (f"+792100065{place:02}" for place in range(5))


@dataclass(frozen=True, slots=True)
class Evening:
    """What came of the callers about closing time."""

    closes: float
    """UTC seconds."""
    told: dict[str, Told]
    heard: dict[str, list[str]]
    """Of those who called later: the prompts."""


@pytest.fixture(scope="module")
def evening(tmp_path_factory) -> Iterator[Evening]:
    place = tmp_path_factory.mktemp("evening")
    minute = datetime.now(UTC).replace(second=0, microsecond=0)
    closings = [minute + timedelta(minutes=1 + number) for number in range(DESKS)]
    desks = {f"evening-{number}": _closing(number, closes) for number, closes in enumerate(closings)}
    running = RunningDesk(place / "home", 7800 + 10 * WORKER, desks=desk_folder(place / "desks", desks))
    with serving(running) as front:
        number = next(n for n, closes in enumerate(closings) if closes.timestamp() - time.time() > NEEDED)
        try:
            yield asyncio.run(_evening(front, str(number), closings[number].timestamp()))
        finally:
            _supervisor(running, signal.SIGCONT)


def _closing(number: int, closes: datetime) -> str:
    opens = closes - timedelta(hours=12)
    text = DESK.replace("PLACE", str(number)).replace("OPENS", f"{opens:%H:%M}")
    return text.replace("CLOSES", f"{closes:%H:%M}")


def _supervisor(running: RunningDesk, number: int) -> None:
    assert running.process is not None
    running.process.send_signal(number)


async def _evening(front: Front, place: str, closes: float) -> Evening:
    """One agent talks past closing time; two wait for him, of whom the dialplan alone has served the second."""
    number, agent = f"69{place}", f"69{place}9"
    heard = {}
    async with front.staff({agent: {"ring": 0.2}}), AsyncExitStack() as stack:
        talks = await stack.enter_async_context(front.caller(number, TALKS))
        await front.talking(agent)
        served = await stack.enter_async_context(front.waiting(number, SERVED))
        _supervisor(front.running, signal.SIGSTOP)
        front.running.kill("controller")
        await stack.enter_async_context(front.waiting(number, ALONE))
        await asyncio.sleep(closes - time.time())
        heard[LATE_ALONE] = await _calls_late(front, place, LATE_ALONE)
        await talks.hang_up()
        await _talks(front, SERVED)
        await served.hang_up()
        await _talks(front, ALONE)
    _supervisor(front.running, signal.SIGCONT)
    await front.controlled()
    heard[LATE] = await _calls_late(front, place, LATE)
    await front.settled()
    return Evening(closes, {caller: await front.told(caller) for caller in (SERVED, ALONE, LATE, LATE_ALONE)}, heard)


async def _talks(front: Front, caller: str) -> None:
    """Wait until somebody talks with the caller."""
    await eventually(lambda: any(leg.kind == "talk" for leg in front.now(caller).legs), 15)


async def _calls_late(front: Front, place: str, caller: str) -> list[str]:
    async with front.caller(f"69{place}", caller) as call:
        assert await call.over(10)
        found = await asyncio.to_thread(front.running.recognise, call.heard(), f"evening-{place}", "en")
    return [one.prompt for one in found]


@pytest.mark.parametrize(("caller", "fallback"), [(SERVED, ""), (ALONE, "absent")], ids=["controller", "alone"])
def test_who_waits_at_closing_time_is_still_served_when_the_agent_is_free_only_afterwards(evening, caller, fallback):
    told = evening.told[caller]
    assert (told.outcome, told.call["fallback"]) == ("answered", fallback)
    (talk,) = (leg for leg in told.story.legs if leg["kind"] == "talk")
    assert told.call["began_at"] / 1e6 < evening.closes < talk["began_at"] / 1e6


@pytest.mark.parametrize(("caller", "fallback"), [(LATE, ""), (LATE_ALONE, "absent")], ids=["controller", "alone"])
def test_who_calls_after_closing_time_hears_that_the_desk_is_closed(evening, caller, fallback):
    told = evening.told[caller]
    assert evening.heard[caller] == ["closed"]
    assert (told.outcome, told.call["fallback"]) == ("closed", fallback)
