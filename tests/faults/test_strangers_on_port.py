"""F8 on the real thing: strangers on the controller's port while calls run."""

from __future__ import annotations

import asyncio
import contextlib
import json
import random
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.oracle import check, check_channels
from tests.faults.phones import all_answered, calling, channels_gone, first_sound, hang_up_all, health, until

pytestmark = [pytest.mark.asterisk, pytest.mark.alone]

STRANGERS = Path(__file__).with_name("strangers.py")
KINDS = {"close": 1000, "silent": 300, "slow": 150, "large": 20}
GARBAGE = (
    b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(256)),
    b"GET / HTTP/1.1\r\nHost: desk\r\n\r\n",
    b"\n" * 5000,
    b"agi_network: yes\nagi_request\n\n",
    b"agi_request: agi://127.0.0.1/answer\nagi_uniqueid: x\n\n200 result=0\n" * 50,
    bytes(random.Random(8).randbytes(20000)),
)


async def test_f8_no_prompt_is_late_while_strangers_scan_stare_dribble_and_shout(desk, fresh, placed, tmp_path):
    """Every caller hears his prompt within a second, strangers are sent away at 5 s, and no session is left."""
    controller = desk.part("controller")
    already = set(placed)
    before = await _sounds(desk, fresh(10))
    strangers = [asyncio.create_task(_attack(desk.settings.agi_port, kind, count)) for kind, count in KINDS.items()]
    rubbish = asyncio.create_task(_rubbish(desk.settings.agi_port, 8.0))
    during: list[float] = []
    while not all(task.done() for task in strangers):
        during += await _sounds(desk, fresh(5))
    await rubbish
    seen = {task.result()["kind"]: task.result() for task in strangers}
    assert {kind: told["closed"] for kind, told in seen.items()} == KINDS
    assert all(4.5 <= seen[kind]["first"] <= seen[kind]["last"] <= 6.5 for kind in ("silent", "slow")), seen
    assert len(during) >= 15
    assert max(before) < 1.0
    assert max(during) < 1.0, (sorted(before), sorted(during))
    assert desk.part("controller") == controller
    await channels_gone(desk)
    await until(lambda: health(desk)["sessions"] == 0, within=3)
    assert sum(health(desk)["refused"].values()) > 300
    kept = check(desk, placed, tmp_path)
    check_channels(kept)
    assert {row["fallback"] for row in kept.calls if row["caller"] not in already} == {""}


async def _sounds(desk, callers: list[str]) -> list[float]:
    """Return the seconds from each caller's INVITE to the first audio that he heard."""
    async with calling(desk, callers, apart=0.1) as calls:
        await all_answered(calls)
        await asyncio.sleep(0.7)
        await hang_up_all(calls)
        return [first_sound(call) for call in calls.values()]


async def _attack(port: int, kind: str, count: int) -> dict:
    process = await asyncio.create_subprocess_exec(
        sys.executable, STRANGERS, str(port), kind, str(count), stdout=subprocess.PIPE
    )
    out, _ = await asyncio.wait_for(process.communicate(), 60)
    return json.loads(out) | {"kind": kind}


async def _rubbish(port: int, seconds: float) -> None:
    """Say what no Asterisk says, again and again."""
    chance = random.Random(9)
    end = asyncio.get_running_loop().time() + seconds
    while asyncio.get_running_loop().time() < end:
        with contextlib.suppress(ConnectionError):
            _, writer = await asyncio.open_connection("127.0.0.1", port, family=socket.AF_INET)
            writer.write(chance.choice(GARBAGE))
            with contextlib.suppress(ConnectionError):
                await writer.drain()
            await asyncio.sleep(chance.uniform(0, 0.05))
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()
