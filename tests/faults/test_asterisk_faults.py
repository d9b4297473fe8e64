"""Asterisk dies, reloads, or cannot write, on the real thing."""

from __future__ import annotations

import asyncio
import math
import re
import signal
import time
from contextlib import AsyncExitStack, suppress

import pytest

from ivr.asterisk.console import ask_console
from ivr.asterisk.control import control_dir
from tests.faults.conftest import running
from tests.faults.desks import FIRST, line_agents
from tests.faults.oracle import check, ledger
from tests.faults.phones import all_answered, calling, hang_up_all, until

pytestmark = pytest.mark.asterisk

TALKERS = 8


@pytest.fixture(scope="module")
def desk(tmp_path_factory):
    """Run a desk whose first line has as many agents as callers who talk in these tests."""
    with running(tmp_path_factory.mktemp("desk"), 5100, agents=TALKERS) as one:
        yield one


@pytest.fixture(scope="module")
def placed() -> set[str]:
    """Everybody who has called this module's desk."""
    return set()


def recordings(desk, callers) -> list[dict]:
    """Return the recordings of these callers' calls."""
    kept = ledger(desk)
    ids = {kept.by_caller[caller]["id"] for caller in callers if caller in kept.by_caller}
    return [row for row in kept.rows["recording"] if row["call_id"] in ids]


def verified(desk, callers) -> list[dict]:
    """Return the recordings of these callers' calls when each of them has its verdict, else nothing."""
    found = recordings(desk, callers)
    return found if len(found) == len(callers) and all(row["state"] != "expected" for row in found) else []


async def staffed(desk, stack, count: int) -> list:
    """Register so many agents of the first line, who answer at once."""
    return [await stack.enter_async_context(desk.agent(agent, ring=0.1)) for agent in line_agents(FIRST, count)]


async def talking(desk, calls) -> None:
    """Bring these callers into talks with agents."""
    await all_answered(calls)
    await asyncio.sleep(0.6)
    for call in calls.values():
        await call.press("1")
    await until(lambda: _talks(desk, calls) == len(calls), within=20)


def _talks(desk, callers) -> int:
    kept = ledger(desk)
    talks = {row["call_id"] for row in kept.rows["leg"] if row["kind"] == "talk"}
    return sum(kept.by_caller[caller]["id"] in talks for caller in callers if caller in kept.by_caller)


async def test_f27_a_reload_drops_no_call(desk, fresh, placed, tmp_path):
    """Talks go on, callers in the menu go on, and who calls at that moment is served."""
    async with AsyncExitStack() as stack:
        await staffed(desk, stack, 4)
        talkers, others, new = fresh(4), fresh(6), fresh(6)
        async with calling(desk, talkers) as talks, calling(desk, others) as menus:
            await talking(desk, talks)
            await all_answered(menus)
            reload = asyncio.create_task(asyncio.to_thread(desk.asterisk, "core reload"))
            async with calling(desk, new) as more:
                await all_answered(more)
                await reload
                await asyncio.sleep(2)
                assert [call.ended for call in (talks | more).values()] == [None] * 10
                await hang_up_all(talks | menus | more)
    kept = check(desk, placed, tmp_path)
    assert {kept.by_caller[caller]["outcome"] for caller in talkers} == {"answered"}
    assert {kept.by_caller[caller]["end_reason"] for caller in talkers} == {"caller hung up"}
    assert {kept.by_caller[caller]["fallback"] for caller in (*talkers, *others, *new)} == {""}


async def test_f26_a_graceful_restart_lets_calls_end_and_the_next_caller_is_served(desk, fresh, placed, tmp_path):
    """Asterisk waits for its calls, takes none meanwhile, and comes back with its agents; nobody is dropped."""
    async with AsyncExitStack() as stack:
        agents = await staffed(desk, stack, 4)
        talkers, others = fresh(4), fresh(4)
        async with calling(desk, talkers) as talks, calling(desk, others) as menus:
            await talking(desk, talks)
            await all_answered(menus)
            before = _up_for(desk)
            # The console answers when it is done.
            restart = asyncio.create_task(asyncio.to_thread(_restart_gracefully, desk))
            await asyncio.sleep(2)
            assert [call.ended for call in (talks | menus).values()] == [None] * 8
            for call in menus.values():
                await call.press("4")
            await asyncio.sleep(1)
            assert [call.ended for call in (talks | menus).values()] == [None] * 8
            await hang_up_all(talks | menus)
        await until(lambda: _up_for(desk) < before, within=30)
        await restart
        await until(lambda: desk.ivr("status", check=False).returncode == 0, within=30)
        for agent in agents:  # their telephones need not register again
            await desk._seen(agent.number)
        late = fresh(1)
        async with calling(desk, late) as calls:
            await talking(desk, calls)
            await hang_up_all(calls)
    kept = check(desk, placed, tmp_path)
    assert {kept.by_caller[caller]["end_reason"] for caller in talkers} == {"caller hung up"}
    assert {kept.by_caller[caller]["outcome"] for caller in (*talkers, *late)} == {"answered"}
    assert not any(kept.by_caller[caller]["crashed"] for caller in (*talkers, *others, *late))


def _restart_gracefully(desk) -> None:
    with suppress(OSError):  # it is gone with its Asterisk
        ask_console(control_dir(desk.home), "core restart gracefully", 60)


def _up_for(desk) -> float:
    """Return how many seconds Asterisk has run; endless while none answers."""
    try:
        told = ask_console(control_dir(desk.home), "core show uptime seconds")
    except OSError:
        return math.inf
    found = re.search(r"System uptime: (\d+)", told)
    return float(found[1]) if found else math.inf


async def test_f30_a_recordings_folder_that_cannot_be_written_is_a_failed_recording_and_no_lost_call(
    desk, fresh, placed, tmp_path
):
    """Root may write anywhere, so the folder is no folder for a while; the talk goes on, the recording says failed."""
    live = desk.settings.recordings / "live"
    aside = live.with_name("aside")
    async with AsyncExitStack() as stack:
        await staffed(desk, stack, 1)
        callers = fresh(1)
        live.rename(aside)
        live.write_text("no folder")
        try:
            async with calling(desk, callers) as calls:
                await talking(desk, calls)
                await asyncio.sleep(2.5)
                assert calls[callers[0]].ended is None
                await hang_up_all(calls)
            (row,) = await until(lambda: verified(desk, callers), within=20)
        finally:
            live.unlink()
            aside.rename(live)
    assert row["state"] == "failed", row
    assert row["reason"]
    assert check(desk, placed, tmp_path).by_caller[callers[0]]["outcome"] == "answered"


async def test_f25_f21_f32_asterisk_killed_in_50_calls_and_its_record_torn(desk, fresh, placed, tmp_path):
    """All legs closed as `asterisk crash` within 30 s of its return, recordings recovered, the torn piece set aside."""
    async with AsyncExitStack() as stack:
        agents = await staffed(desk, stack, TALKERS)
        talkers, others = fresh(TALKERS), fresh(50 - TALKERS)
        async with calling(desk, talkers) as talks, calling(desk, others) as menus:
            await talking(desk, talks)
            await all_answered(menus)
            await asyncio.sleep(3)
            before = desk.part("asterisk")
            desk.process.send_signal(signal.SIGSTOP)
            try:
                desk.kill("asterisk")
                await asyncio.sleep(0.3)
                with desk.settings.journal.open("ab") as journal:
                    journal.write(b'"CHAN_END","1795282454.123456","desk1-17952')
            finally:
                desk.process.send_signal(signal.SIGCONT)
            await until(lambda: _another(desk, before), within=15)
            back = time.monotonic()
            await until(lambda: _closed(desk, [*talkers, *others]), within=30)
            assert time.monotonic() - back < 30
        kept = check(desk, placed, tmp_path, torn=1)
        for caller in (*talkers, *others):
            row = kept.by_caller[caller]
            assert row["crashed"], row
            assert kept.legs[row["id"]][-1]["reason"] == "asterisk crash"
        rows = await until(lambda: verified(desk, talkers), within=20)
        assert {row["state"] for row in rows} == {"recovered"}, rows
        assert all(row["seconds"] > 1.0 and row["sha256"] for row in rows)
        for agent in agents:  # their telephones need not register again
            await desk._seen(agent.number)
        later = fresh(1)
        async with calling(desk, later) as calls:
            await talking(desk, calls)
            await asyncio.sleep(1)
    assert check(desk, placed, tmp_path, torn=1).by_caller[later[0]]["outcome"] == "answered"


def _another(desk, before: int) -> bool:
    try:
        return desk.part("asterisk") != before
    except AssertionError:
        return False


def _closed(desk, callers) -> bool:
    kept = ledger(desk)
    return all(caller in kept.by_caller and kept.by_caller[caller]["ended_at"] is not None for caller in callers)
