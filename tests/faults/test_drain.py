"""What a stop does to calls, and what a journal that is renamed does to none of them, on the real thing."""

from __future__ import annotations

import asyncio
import signal
import time
from dataclasses import replace

import pytest

from ivr.asterisk.journal import set_aside
from tests.faults.conftest import prepared
from tests.faults.desks import FIRST
from tests.faults.oracle import ledger
from tests.faults.phones import all_answered, calling, fresh_numbers, until

pytestmark = pytest.mark.asterisk

DRAIN = 6


async def test_f20_a_stop_waits_as_long_as_the_drain_says_and_a_journal_renamed_in_a_call_loses_none_of_it(tmp_path):
    """Who is in is served, who comes is refused; a call that does not end by itself is cut off in the end."""
    desk = replace(prepared(tmp_path, 5300, agents=1), more={"drain": DRAIN})
    caller, late = fresh_numbers(2)
    desk.start()
    try:
        async with desk.agent(str(FIRST + 1)) as agent, calling(desk, [caller]) as calls:
            await all_answered(calls)
            aside = set_aside(desk.settings.journal, time.time())
            asked = time.monotonic()
            desk.process.send_signal(signal.SIGINT)
            await until(lambda: b"Stopping: calls in progress may end, for 6 s" in desk.output.read_bytes())
            await calls[caller].press("1")
            await until(lambda: agent.calls)
            async with calling(desk, [late]) as refused:
                await until(lambda: refused[late].ended)
                assert (refused[late].ended.by, refused[late].ended.code) == ("failed", 503)
            await until(lambda: calls[caller].ended, within=60)
            took = time.monotonic() - asked
            assert await asyncio.to_thread(desk.process.wait, 60) == 0
    finally:
        desk.stop()
    assert DRAIN <= took < DRAIN + 8
    kept = ledger(desk).by_caller[caller]
    assert kept["ended_at"] is not None
    assert kept["category"] == "simple"
    assert aside.stat().st_size > 0


@pytest.mark.parametrize("end", ["the caller hangs up", "a second Ctrl-C"])
async def test_a_long_drain_is_over_with_its_last_call_or_at_a_second_ctrl_c(tmp_path, end):
    desk = replace(prepared(tmp_path, 5300, agents=1), more={"drain": 3600})
    (caller,) = fresh_numbers(1)
    desk.start()
    try:
        async with desk.agent(str(FIRST + 1)) as agent, calling(desk, [caller]) as calls:
            await all_answered(calls)
            await calls[caller].press("1")
            await until(lambda: agent.calls)
            desk.process.send_signal(signal.SIGINT)
            await until(lambda: b"Stopping: calls in progress may end" in desk.output.read_bytes())
            await asyncio.sleep(2)
            assert desk.process.poll() is None
            assert calls[caller].ended is None
            if end == "the caller hangs up":
                await calls[caller].hang_up()
            else:
                desk.process.send_signal(signal.SIGINT)
            assert await asyncio.to_thread(desk.process.wait, 15) == 0
    finally:
        desk.stop()
    assert ledger(desk).by_caller[caller]["ended_at"] is not None
