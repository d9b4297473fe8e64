"""F22 on the real thing: the journal's disk gets full."""

from __future__ import annotations

import asyncio
import json
import os
import resource
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest

from ivr.app.watch import LEAST_FREE
from tests.faults.conftest import prepared
from tests.faults.oracle import ledger
from tests.faults.phones import all_answered, calling, channels_gone, first_sound, fresh_numbers, until
from tests.running import RunningDesk

pytestmark = pytest.mark.asterisk

SIZE = LEAST_FREE + (40 << 20)
"""Bytes of the small disk: its alarm is silent while it is empty."""


@contextmanager
def small_disk(folder: Path) -> Iterator[None]:
    """Put a disk of its own at the folder. Only root can; others skip the test."""
    folder.mkdir(parents=True)
    mount = ["mount", "-t", "tmpfs", "-o", f"size={SIZE}", "none", str(folder)]
    if os.geteuid() or subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("root's rights to mount a small tmpfs are missing")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=False)


def fill(folder: Path, leave: int, name: str = "filler") -> Path:
    """Write a file that leaves so many bytes free."""
    filler = folder / name
    with filler.open("wb") as file:
        os.posix_fallocate(file.fileno(), 0, shutil.disk_usage(folder).free - leave)
    return filler


async def call_through(desk: RunningDesk, caller: str = "") -> str:
    """Place one call, hear the desk's prompt, hang up; return the caller's number."""
    caller = caller or fresh_numbers(1)[0]
    async with calling(desk, [caller]) as calls:
        await all_answered(calls)
        await asyncio.sleep(1)
        assert first_sound(calls[caller]) < 1.0
    return caller


def closed(desk: RunningDesk, caller: str) -> bool:
    """Say whether the ledger has this caller's call with its end."""
    row = ledger(desk).by_caller.get(caller)
    return row is not None and row["ended_at"] is not None


def disk_alarm(desk: RunningDesk) -> str:
    """Return what `ivr status` says of the disk; "" while all is well."""
    told = desk.ivr("status", check=False)
    return told.stdout + told.stderr if "free" in told.stdout and told.returncode else ""


@contextmanager
def cannot_grow(desk: RunningDesk) -> Iterator[None]:
    """Let Asterisk's files grow no more than its journal has: as on a full disk its rows are lost without a word."""
    asterisk = desk.part("asterisk")
    before = resource.prlimit(asterisk, resource.RLIMIT_FSIZE)
    resource.prlimit(asterisk, resource.RLIMIT_FSIZE, (desk.settings.journal.stat().st_size, before[1]))
    try:
        yield
    finally:
        resource.prlimit(asterisk, resource.RLIMIT_FSIZE, before)


async def test_f22_rows_that_were_lost_are_a_gap_with_its_time_and_its_number_of_channels(desk, fresh):
    """The call is served, and leaves no record; the next one's number tells that channels are missing, and when."""
    (before,) = fresh(1)
    await call_through(desk, before)
    await until(lambda: closed(desk, before))
    await channels_gone(desk)
    with cannot_grow(desk):
        lost = await call_through(desk)
        await channels_gone(desk)
    (after,) = fresh(1)
    await call_through(desk, after)
    await until(lambda: closed(desk, after))
    kept = ledger(desk)
    assert lost not in kept.by_caller
    found = json.loads(desk.ivr("ledger", "gaps", "--json").stdout)["gaps"]
    (gap,) = [gap for gap in found if gap["kind"] == "records"]
    began, ended = (datetime.fromisoformat(gap[name]).timestamp() * 1e6 for name in ("began_at", "ended_at"))
    assert gap["missing"] == 1
    assert kept.by_caller[before]["began_at"] <= began < ended <= kept.by_caller[after]["began_at"] + 1


async def test_f22_an_alarm_comes_before_the_journals_disk_is_full_and_calls_go_on_when_it_is(tmp_path):
    """The calls of the full disk leave no whole trace, but are served; what comes after it is told as ever."""
    desk = prepared(tmp_path, 5100, agents=1)
    journal = desk.settings.journal.parent
    with small_disk(journal):
        desk.start()
        try:
            assert not disk_alarm(desk)
            filler = fill(journal, 100 << 20)
            await until(lambda: disk_alarm(desk), within=15)
            before = await call_through(desk)
            await until(lambda: closed(desk, before))
            full = fill(journal, 0, "rest")
            during = await call_through(desk)
            full.unlink()
            filler.unlink()
            after = await call_through(desk)
            await until(lambda: closed(desk, after))
            await until(lambda: not disk_alarm(desk), within=15)
            kept = ledger(desk)
            assert {row["caller"] for row in kept.calls} <= {before, during, after}
            assert kept.by_caller[before]["outcome"] == kept.by_caller[after]["outcome"] == "abandoned in the menu"
        finally:
            desk.stop()
