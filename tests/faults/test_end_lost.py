"""A call whose end never reached the journal, on the real thing: the disk took no rows when it ended."""

from __future__ import annotations

import asyncio
import os
import signal
from contextlib import AsyncExitStack

import pytest

from tests.faults.conftest import prepared
from tests.faults.desks import FIRST, line_agents
from tests.faults.oracle import fresh_load, ledger
from tests.faults.phones import all_answered, calling, channels_gone, part_back, until
from tests.faults.test_disk_faults import cannot_grow

pytestmark = pytest.mark.asterisk

SHIFT = 5600


@pytest.fixture
def own_desk(tmp_path):
    desk = prepared(tmp_path, SHIFT, agents=2)
    desk.start()
    try:
        yield desk
    finally:
        desk.stop()


def talking(desk, caller: str) -> bool:
    row = ledger(desk).by_caller.get(caller)
    return row is not None and row["connected_at"] is not None


def channels(desk) -> int:
    return int(desk.asterisk("core show channels count").split()[0])


async def test_f22_a_call_whose_end_was_lost_is_closed_once_while_the_one_beside_it_stays_open(own_desk, tmp_path):
    """The controller is killed meanwhile; the verdict is in the journal, so a ledger loaded afresh has it too."""
    desk = own_desk
    async with AsyncExitStack() as stack:
        for agent in line_agents(FIRST, 2):
            await stack.enter_async_context(desk.agent(agent, ring=0.1))
        calls = await stack.enter_async_context(calling(desk, ["79215550001", "79215550002"]))
        await all_answered(calls)
        await until(lambda: all(talking(desk, caller) for caller in calls), 30)
        both = channels(desk)
        with cannot_grow(desk):
            await calls["79215550001"].hang_up()
            await until(lambda: channels(desk) == both // 2, 10)
            await asyncio.sleep(0.5)
        controller = desk.part("controller")
        os.kill(controller, signal.SIGKILL)
        await part_back(desk, "controller", controller)
        row = await until(lambda: (one := ledger(desk).by_caller["79215550001"])["ended_at"] and one, 110, every=1)
        kept = ledger(desk)
        assert (row["closed_by"], row["outcome"], row["reopened"]) == ("reconciled", "answered", 0)
        last = kept.legs[row["id"]][-1]
        assert (last["kind"], last["reason"]) == ("talk", "end lost")
        assert last["ended_at"] <= row["ended_at"]
        assert kept.by_caller["79215550002"]["ended_at"] is None
        assert calls["79215550002"].ended is None
    await channels_gone(desk)
    await until(lambda: ledger(desk).by_caller["79215550002"]["ended_at"])
    kept = ledger(desk)
    assert kept.by_caller["79215550002"]["closed_by"] == "journal"
    verdicts = [one for one in kept.rows["journal_record"] if "reconciled?call=" in one["extra"]]
    assert len(verdicts) == 1
    assert row["evidence"] == verdicts[0]["id"]
    await until(lambda: not ledger(desk).unlike(fresh_load(desk, tmp_path)))
