"""F6 on the real thing: callers who hang up at random moments of every kind of command."""

from __future__ import annotations

import asyncio
import random
from collections import Counter

import pytest

from tests.faults.desks import NUMBER
from tests.faults.oracle import check, check_channels
from tests.faults.phones import calling, channels_gone, health, until

pytestmark = [pytest.mark.asterisk, pytest.mark.alone]

AT_ONCE = 50


async def test_f6_100_callers_who_hang_up_at_random_end_their_sessions_once(desk, fresh, placed, tmp_path):
    """While prompts, a question, a pyst2 handler or a line keeps them: one hang-up each, none out of step or left."""
    chance = random.Random(6)
    for number in (NUMBER, "600"):
        callers = fresh(AT_ONCE)
        async with calling(desk, callers, number=number, apart=0.03) as calls:
            stays = (
                _stay(call, "1" if place % 2 else "", chance.uniform(0, 6)) for place, call in enumerate(calls.values())
            )
            await asyncio.gather(*stays)
    await channels_gone(desk)
    await until(lambda: health(desk)["sessions"] == 0, within=3)
    kept = check(desk, placed, tmp_path)
    check_channels(kept)
    hang_ups = Counter(row["uniqueid"] for row in kept.rows["journal_record"] if row["event"] == "HANGUP")
    assert set(hang_ups.values()) == {1}
    nodes = Counter(row["details"] for row in kept.rows["fact"] if row["name"] == "entered")
    assert {'{"node": "handler"}', '{"node": "pick"}', '{"node": "category"}'} <= nodes.keys()
    said = (desk.home / "log/controller.log").read_text()
    assert "session_failed" not in said
    assert "Traceback" not in said
    failed = [line for line in said.splitlines() if "script.failed" in line]
    assert all("or hangup" in line for line in failed), failed  # pyst2's own words for a caller who is gone


async def _stay(call, keys: str, seconds: float) -> None:
    """Be in the call for so long, pressing the keys in the middle, and leave; perhaps before the answer."""
    if keys:
        await asyncio.sleep(seconds * 0.6)
        if call.answered_at is not None and call.ended is None:
            await call.press(keys)
        await asyncio.sleep(seconds * 0.4)
    else:
        await asyncio.sleep(seconds)
    await call.hang_up()
