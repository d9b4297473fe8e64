"""F18 on the real thing: the loader dies again and again while calls run, and the ledger is whole."""

from __future__ import annotations

import asyncio
import random
import signal

import pytest

from tests.faults.loaders import Loaders
from tests.faults.oracle import check, check_channels
from tests.faults.phones import calling, part_back, until

pytestmark = pytest.mark.asterisk

KILLS = 20


async def test_f18_a_loader_killed_20_times_while_calls_run_loses_nothing_and_tells_nothing_twice(
    desk, fresh, placed, tmp_path
):
    """Twice the supervisor brings it back; then 18 of the test's own die at random, some of them in a transaction."""
    chance = random.Random(18)
    over = asyncio.Event()
    async with desk.agent("1101", ring=0.1):
        rush = asyncio.create_task(_rush(desk, fresh, chance, over))
        try:
            for _ in range(2):
                await asyncio.sleep(chance.uniform(0.2, 1))
                before = desk.part("loader")
                desk.kill("loader")
                await part_back(desk, "loader", before)
            desk.process.send_signal(signal.SIGSTOP)  # or its pauses between two starts would be most of the test
            try:
                desk.kill("loader")
                with Loaders(tmp_path) as loaders:
                    for _ in range(KILLS - 3):
                        await _live_and_die(desk, loaders, chance.uniform(0.1, 0.9))
            finally:
                desk.process.send_signal(signal.SIGCONT)
        finally:
            over.set()
            await rush
    check_channels(check(desk, placed, tmp_path))
    assert len(placed) >= KILLS


async def _rush(desk, fresh, chance: random.Random, over: asyncio.Event) -> None:
    while not over.is_set():
        async with calling(desk, fresh(4), apart=0.2) as calls:
            await asyncio.gather(*(_live(call, chance) for call in calls.values()))


async def _live(call, chance: random.Random) -> None:
    await asyncio.sleep(chance.uniform(0.2, 1.5))
    if chance.random() < 0.6:
        await call.press("1")
    await asyncio.sleep(chance.uniform(0.2, 1.5))
    await call.hang_up()


async def _live_and_die(desk, loaders: Loaders, seconds: float) -> None:
    """Run a loader of our own, and kill it so many seconds after it has begun to work."""
    loader, output = loaders.start(desk.home, desk.settings.environment())
    try:
        await until(lambda: output.exists() and b"loader.ready" in output.read_bytes(), within=30)
        await asyncio.sleep(seconds)
    finally:
        await asyncio.to_thread(loaders.kill, loader)
