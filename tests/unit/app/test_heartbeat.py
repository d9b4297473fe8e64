"""A part tells that it lives, and its silence is measured without trusting the wall clock."""

from __future__ import annotations

import asyncio
import json
import os
import time

from ivr.app.heartbeat import beat, last_beat, silence


async def test_a_beating_part_is_not_silent_and_leaves_nothing_behind(tmp_path):
    beating = asyncio.create_task(beat(tmp_path, "toy", lambda: {"calls": 3}))
    await asyncio.sleep(0.1)
    assert last_beat(tmp_path, "toy")["calls"] == 3
    assert silence(tmp_path, "toy") < 1
    beating.cancel()
    await asyncio.gather(beating, return_exceptions=True)
    assert last_beat(tmp_path, "toy") is None
    assert silence(tmp_path, "toy") == 0


def told(tmp_path, *, wall, running, touched):
    path = tmp_path / "health/toy.json"
    path.parent.mkdir()
    path.write_text(json.dumps({"at": wall, "running": running}))
    os.utime(path, (touched, touched))


def test_a_clock_that_was_set_forward_makes_nobody_silent(tmp_path):
    told(tmp_path, wall=time.time() - 3600, running=time.monotonic(), touched=time.time() - 3600)
    assert silence(tmp_path, "toy") < 1


def test_a_part_that_can_only_touch_its_file_on_a_full_disk_is_not_silent(tmp_path):
    told(tmp_path, wall=time.time() - 60, running=time.monotonic() - 60, touched=time.time())
    assert silence(tmp_path, "toy") < 1


def test_a_part_that_stands_still_is_silent(tmp_path):
    told(tmp_path, wall=time.time() - 60, running=time.monotonic() - 60, touched=time.time() - 60)
    assert 59 < silence(tmp_path, "toy") < 70
