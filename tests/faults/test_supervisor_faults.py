"""`ivr up` itself is killed: nothing of it survives, and the next start goes on with the same home."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.faults.conftest import running
from tests.faults.oracle import check
from tests.faults.phones import all_answered, calling, fresh_numbers, until

pytestmark = pytest.mark.asterisk


async def test_f25_a_killed_supervisor_leaves_nothing_behind_and_the_next_one_closes_what_was_open(tmp_path):
    """No child outlives it; the same home starts again, the calls of before are closed, and new ones are served."""
    before, after = fresh_numbers(5), fresh_numbers(2)
    with running(tmp_path, 5100, agents=1) as desk:
        children = {name: desk.part(name) for name in ("asterisk", "controller", "loader")}
        async with desk.agent("1101", ring=0.1):
            async with calling(desk, before) as calls:
                await all_answered(calls)
                await asyncio.sleep(0.6)
                await calls[before[0]].press("1")
                await asyncio.sleep(2)
                desk.process.kill()
                desk.process.wait()
                await until(lambda: not any(_lives(pid) for pid in children.values()), within=5)
            await asyncio.to_thread(desk.start)
            async with calling(desk, after) as calls:
                await all_answered(calls)
                await asyncio.sleep(1)
        kept = await asyncio.to_thread(check, desk, [*before, *after], tmp_path)
        for caller in before:
            row = kept.by_caller[caller]
            assert row["crashed"], row
            assert kept.legs[row["id"]][-1]["reason"] == "asterisk crash"
        assert not any(kept.by_caller[caller]["crashed"] for caller in after)


def _lives(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False
