"""F18 on the real thing: the loader dies again and again while calls run, and the ledger is whole."""

from __future__ import annotations

import asyncio
import random
import signal
import subprocess
import sys

import pytest

from tests.faults.oracle import check, check_channels
from tests.faults.phones import calling, part_back
from tests.running import REPO

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
                for _ in range(KILLS - 3):
                    await _live_and_die(desk, chance.uniform(0.1, 0.9))
            finally:
                desk.process.send_signal(signal.SIGCONT)
        finally:
            over.set()
            await rush
    check_channels(check(desk, placed, tmp_path))
    assert len(placed) >= 40


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


async def _live_and_die(desk, seconds: float) -> None:
    """Run a loader of our own, and kill it so many seconds after it has begun to work."""
    loader = subprocess.Popen(
        ["setpriv", "--pdeathsig", "KILL", "--", sys.executable, "-m", "ivr", "loader"],
        cwd=REPO,
        env=desk.settings.environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )
    try:
        said = b""
        while b"loader.ready" not in said:
            line = await asyncio.to_thread(loader.stdout.readline)
            assert line, said.decode()
            said += line
        await asyncio.sleep(seconds)
    finally:
        loader.kill()
        loader.wait()
        loader.stdout.close()
