"""F17 on the real thing: every write of the ledger takes two seconds."""

from __future__ import annotations

import asyncio
import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.faults.oracle import check, ledger
from tests.faults.phones import all_answered, calling, first_sound, hang_up_all

pytestmark = [pytest.mark.asterisk, pytest.mark.alone]

SLOW = 2.0


@contextmanager
def slow_writes(database: Path) -> Iterator[None]:
    """Hold the ledger's lock for two seconds before each write of the loader gets its turn."""
    over = threading.Event()

    def hold() -> None:
        other = sqlite3.connect(database, timeout=30, isolation_level=None)
        while not over.is_set():
            other.execute("BEGIN IMMEDIATE")
            over.wait(SLOW)
            other.execute("ROLLBACK")
            over.wait(0.1)
        other.close()

    thread = threading.Thread(target=hold)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


async def test_f17_a_slow_ledger_slows_no_call_and_gets_each_one_once(desk, fresh, placed, tmp_path):
    """Who calls meanwhile hears the first prompt at once, is asked, talks; all of it is told in the end."""
    with slow_writes(desk.home / "ledger.sqlite"):
        async with desk.agent("1102", ring=0.1):
            talkers, others = fresh(2), fresh(10)
            async with calling(desk, talkers) as talks, calling(desk, others, apart=0.3) as menus:
                await all_answered(talks | menus)
                await asyncio.sleep(0.6)
                await talks[talkers[0]].press("1")
                await asyncio.sleep(2.5)
                assert all(call.ended is None for call in (talks | menus).values())
                assert max(first_sound(call) for call in (talks | menus).values()) < 1.0
                await hang_up_all(talks | menus)
    check(desk, placed, tmp_path)
    assert ledger(desk).by_caller[talkers[0]]["outcome"] == "answered"
