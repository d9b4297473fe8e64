"""The controller dies, hangs, or cannot be reached, on the real thing: the dialplan alone goes on with every call."""

from __future__ import annotations

import asyncio
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import pytest

from tests.faults.oracle import Ledger, check, check_channels
from tests.faults.phones import all_answered, calling, channels_gone, first_sound, hang_up_all, health, part_back, until
from tests.faults.proxy import Proxy
from tests.running import REPO, RunningDesk

pytestmark = pytest.mark.asterisk

FIRST_LINE_AGENT, SECOND_LINE_AGENT = "1101", "1201"


@pytest.fixture(autouse=True)
def oracle(desk, placed, tmp_path):
    """After each fault: nothing lost, nothing twice, nothing open, every channel ended."""
    yield
    check_channels(check(desk, placed, tmp_path))


@contextmanager
def supervisor_stopped(desk: RunningDesk):
    """Let the supervisor start nothing meanwhile."""
    assert desk.process is not None
    desk.process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        desk.process.send_signal(signal.SIGCONT)


@asynccontextmanager
async def ringing_agent(desk: RunningDesk) -> AsyncIterator[None]:
    """Keep the first line from being empty: one agent, whose telephone only rings."""
    async with desk.agent(FIRST_LINE_AGENT, answers=False):
        yield


def fell_back(
    desk: RunningDesk,
    placed: set[str],
    callers: Sequence[str],
    tmp_path,
    why: set[str],
    way: tuple[str, str] = ("", "first"),
) -> Ledger:
    """Prove that all reached their line (`way`: category, line) by the dialplan alone, and that the ledger says why."""
    kept = check(desk, placed, tmp_path)
    for caller in callers:
        row = kept.by_caller[caller]
        legs = kept.legs[row["id"]]
        assert row["fallback"] in why, (row, legs)
        assert (row["category"], row["first_line"]) == way, (row, legs)
        reason = "controller absent" if row["fallback"] == "absent" else "controller lost"
        assert (legs[0]["kind"], legs[0]["reason"]) == ("ivr", reason)
        assert legs[1]["kind"] == "queue"
    return kept


def in_line(desk: RunningDesk, callers: Sequence[str], name: str = "first") -> bool:
    """Say whether the journal shows all of these callers in a line."""
    text = desk.settings.journal.read_bytes().decode(errors="replace")
    rows = [line for line in text.splitlines() if f"line?line={name}" in line]
    return all(any(f'"{caller}"' in row for row in rows) for caller in callers)


async def test_f2_a_controller_killed_in_the_menu_of_20_calls_loses_none_and_is_started_again(
    desk, fresh, placed, tmp_path
):
    """The dialplan asks them once more, and takes who presses a key to his line, who presses none to the first.

    Who calls before the controller is back finds it absent and is served all the same; later ones are served by it.
    """
    silent, choosing, orphans, later = fresh(10), fresh(10), fresh(3), fresh(1)
    async with ringing_agent(desk), desk.agent(SECOND_LINE_AGENT, answers=False):
        async with calling(desk, [*silent, *choosing]) as calls:
            await all_answered(calls)
            await asyncio.sleep(0.6)
            before = desk.part("controller")
            desk.kill("controller")
            async with calling(desk, orphans) as more:
                await all_answered(more)
                await asyncio.sleep(1.5)
                for caller in choosing:
                    await calls[caller].press("2")
                await more[orphans[0]].press("2")
                await until(lambda: in_line(desk, [*choosing, orphans[0]], "second"), within=25)
                await until(lambda: in_line(desk, [*silent, *orphans[1:]]), within=25)
                assert max(first_sound(call) for call in more.values()) < 1.0
                await hang_up_all(calls | more)
        await part_back(desk, "controller", before)
        async with calling(desk, later) as calls:
            await all_answered(calls)
            await asyncio.sleep(0.5)
            await calls[later[0]].press("2")
            await asyncio.sleep(1.5)
    fell_back(desk, placed, silent, tmp_path, {"lost"})
    fell_back(desk, placed, choosing, tmp_path, {"lost"}, ("product", "second"))
    fell_back(desk, placed, orphans[:1], tmp_path, {"absent"}, ("product", "second"))
    kept = fell_back(desk, placed, orphans[1:], tmp_path, {"absent"})
    served = kept.by_caller[later[0]]
    assert (served["fallback"], served["category"], served["first_line"]) == ("", "product", "second")


async def test_f10_a_controller_restarted_during_100_calls_loses_none(desk, fresh, placed, tmp_path):
    """SIGTERM: calls in their menus go on to their end; the dialplan alone serves who calls meanwhile."""
    callers, meanwhile = fresh(50), fresh(50)
    async with ringing_agent(desk), calling(desk, callers) as calls:
        await all_answered(calls)
        before = desk.part("controller")
        desk.kill("controller", signal.SIGTERM)
        async with calling(desk, meanwhile) as more:
            await asyncio.gather(*(call.press("1") for call in calls.values()))
            await all_answered(more)
            await until(lambda: in_line(desk, [*callers, *meanwhile]), within=25)
            await part_back(desk, "controller", before, within=20)
            await hang_up_all(calls | more)
    kept = check(desk, placed, tmp_path)
    for caller in callers:
        row = kept.by_caller[caller]
        assert (row["fallback"], row["category"], row["first_line"]) == ("", "simple", "first"), row
    assert {kept.by_caller[caller]["fallback"] for caller in meanwhile} <= {"absent", ""}
    assert {kept.by_caller[caller]["first_line"] for caller in meanwhile} == {"first"}


async def test_f4_a_stopped_controller_is_killed_and_started_again_and_its_calls_fall_back(
    desk, fresh, placed, tmp_path
):
    """In the menu and new ones alike; nobody waits for longer than the supervisor or the deadline needs."""
    callers, new = fresh(5), fresh(5)
    async with ringing_agent(desk), calling(desk, callers) as calls:
        await all_answered(calls)
        await asyncio.sleep(0.5)
        before = desk.part("controller")
        desk.kill("controller", signal.SIGSTOP)
        async with calling(desk, new) as more:
            began = time.monotonic()
            await until(lambda: in_line(desk, [*callers, *new]), within=35)
            assert time.monotonic() - began < 30  # the menu is spoken twice by then
            await hang_up_all(calls | more)
        await part_back(desk, "controller", before)
    fell_back(desk, placed, callers, tmp_path, {"lost", "deadline"})
    fell_back(desk, placed, new, tmp_path, {"absent", "deadline"})


async def test_f4_the_deadline_takes_a_call_back_from_a_controller_that_nobody_kills(desk, fresh, placed, tmp_path):
    """Even with the supervisor standing still; and a caller's BYE releases his channel within 2 s."""
    (stays,), (leaves,) = fresh(1), fresh(1)
    async with ringing_agent(desk):
        with supervisor_stopped(desk):
            desk.kill("controller", signal.SIGSTOP)
            try:
                async with calling(desk, [stays, leaves]) as calls:
                    await all_answered(calls)
                    await asyncio.sleep(0.5)
                    left_at = time.time()
                    await calls[leaves].hang_up()
                    await until(lambda: in_line(desk, [stays]), within=25)
                    await calls[stays].hang_up()
            finally:
                desk.kill("controller", signal.SIGCONT)
    kept = fell_back(desk, placed, [stays], tmp_path, {"deadline"})
    assert kept.by_caller[leaves]["ended_at"] / 1e6 - left_at < 2.0


@asynccontextmanager
async def behind_proxy(desk: RunningDesk) -> AsyncIterator[Proxy]:
    """Put a proxy between Asterisk and a controller of ours; the desk's own one is away."""
    before = desk.part("controller")
    settings = desk.settings.model_copy(update={"shift": desk.shift + 7})
    with supervisor_stopped(desk):
        desk.kill("controller")
        with (desk.home.parent / "controller.log").open("ab") as log:
            program = (
                "import asyncio\nfrom ivr.app.controller import run_controller\nfrom ivr.settings import Settings\n"
            )
            program += "asyncio.run(run_controller(Settings()))"
            command = ["setpriv", "--pdeathsig", "KILL", "--", sys.executable, "-c", program]
            own = subprocess.Popen(command, cwd=REPO, env=settings.environment(), stdout=log, stderr=log)
        try:
            await until(lambda: _listens(settings.agi_port))
            async with Proxy(settings.agi_port, desk.settings.agi_port) as proxy:
                yield proxy
        finally:
            own.kill()
            own.wait()
    await part_back(desk, "controller", before)


def _listens(port: int) -> bool:
    with socket.socket() as knock:
        return knock.connect_ex(("127.0.0.1", port)) == 0


async def test_f3_a_reset_of_the_controllers_connections_in_the_menu_costs_no_call(desk, fresh, placed, tmp_path):
    callers, later = fresh(10), fresh(2)
    async with ringing_agent(desk), behind_proxy(desk) as proxy, calling(desk, callers) as calls:
        await all_answered(calls)
        await asyncio.sleep(0.6)
        proxy.reset()
        await until(lambda: in_line(desk, callers), within=25)
        async with calling(desk, later) as more:
            await all_answered(more)
            await asyncio.sleep(0.6)
            for call in more.values():
                await call.press("1")
            await until(lambda: in_line(desk, later))
            await hang_up_all(calls | more)
    kept = fell_back(desk, placed, callers, tmp_path, {"lost"})
    assert {kept.by_caller[caller]["category"] for caller in later} == {"simple"}


@contextmanager
def black_hole(port: int):
    """Hold the port with a listener whose queue is full: a new connection gets no answer, as behind a dead router."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listener.bind(("127.0.0.1", port))
    listener.listen(0)
    fillers: list[Any] = []
    try:
        for _ in range(4):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(("127.0.0.1", port))
            fillers.append(filler)
        time.sleep(0.2)
        yield
    finally:
        for filler in fillers:
            filler.close()
        listener.close()


async def test_f7_a_controller_behind_a_black_hole_costs_a_caller_two_and_a_half_seconds_at_most(
    desk, fresh, placed, tmp_path
):
    callers = fresh(5)
    before = desk.part("controller")
    async with ringing_agent(desk):
        with supervisor_stopped(desk):
            desk.kill("controller")
            await until(lambda: not _listens(desk.settings.agi_port))
            with black_hole(desk.settings.agi_port):
                async with calling(desk, callers) as calls:
                    await all_answered(calls)
                    await until(lambda: in_line(desk, callers), within=25)
                    await hang_up_all(calls)
    await part_back(desk, "controller", before)
    kept = fell_back(desk, placed, callers, tmp_path, {"absent"})
    facts = {(row["call_id"], row["name"]): row["at"] for row in kept.rows["fact"]}
    for caller in callers:
        call_id = kept.by_caller[caller]["id"]
        waited = (facts[call_id, "fallback"] - facts[call_id, "arrived"]) / 1e6
        assert 1.5 < waited <= 2.5


async def test_a_desk_whose_controller_was_away_has_no_channel_left(desk):
    await channels_gone(desk)
    assert health(desk)["sessions"] == 0
