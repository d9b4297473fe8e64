"""F24 on the real thing: the journal's file is blocked, and Asterisk keeps its records in memory."""

from __future__ import annotations

import asyncio
import json
import os
from contextlib import suppress
from pathlib import Path

import pytest

from ivr.asterisk.console import cel_queue
from ivr.asterisk.control import control_dir
from tests.faults.oracle import check
from tests.faults.phones import all_answered, calling, hang_up_all, health, until

pytestmark = [pytest.mark.asterisk, pytest.mark.alone]

TOLD = " records wait in Asterisk: its journal cannot be written, and soon it takes no more calls"
LIMIT = 500
"""Waiting records before which the alarm must sound."""


class Blocked:
    """A journal that nobody can write: a pipe in its place. `release` gives it back with all that was written since."""

    def __init__(self, journal: Path) -> None:
        self._journal = journal
        self._fresh = journal.with_name("fresh")
        journal.rename(journal.with_name(f"{journal.name}.1"))
        os.mkfifo(journal)

    async def release(self, waiting) -> None:
        """Read the pipe until nothing waits; then let the file that holds it all take its place."""
        pipe = os.open(self._journal, os.O_RDONLY | os.O_NONBLOCK)
        with self._fresh.open("ab") as file:
            while waiting():
                await self._copy(pipe, file)
            self._fresh.rename(self._journal)
            for _ in range(20):
                await self._copy(pipe, file)
        os.close(pipe)

    @staticmethod
    async def _copy(pipe: int, file) -> None:
        with suppress(BlockingIOError):
            file.write(os.read(pipe, 1 << 20))
        file.flush()
        await asyncio.sleep(0.005)


def alarm(desk) -> str:
    """Return what the loader tells of records that wait; "" while all is well."""
    return health(desk, "loader").get("queue", "")


def in_status(desk) -> str:
    """Return what `ivr status` says of records that wait; "" while all is well."""
    told = desk.ivr("status", "--json", check=False)
    return json.loads(told.stdout)["parts"]["loader"].get("queue", "") if told.returncode else ""


async def test_f24_a_blocked_journal_is_told_before_500_records_wait_and_none_is_lost(desk, fresh, placed, tmp_path):
    """Calls go on; the alarm is in the log, in `ivr status` and among the gaps; what waited is loaded afterwards."""
    console = control_dir(desk.home)
    journal = Blocked(desk.settings.journal)
    try:
        first = asyncio.create_task(until(lambda: alarm(desk), within=20))
        async with calling(desk, fresh(16), apart=0.25) as calls:
            told = await first
            waiting = int(told.removesuffix(TOLD))
            assert waiting < LIMIT
            assert in_status(desk).endswith(TOLD)
            await all_answered(calls)
            assert all(call.ended is None for call in calls.values())
            await hang_up_all(calls)
    finally:
        await journal.release(lambda: cel_queue(console).waiting)
    await until(lambda: not alarm(desk), within=15)
    assert not in_status(desk)
    check(desk, placed, tmp_path)
    gaps = json.loads(desk.ivr("ledger", "gaps", "--json").stdout)["gaps"]
    assert [gap["open"] for gap in gaps if gap["kind"] == "queue"] == [False], gaps
