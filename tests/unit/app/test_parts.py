"""The supervisor's children: started again when they die, killed when they hang, stopped in time."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ivr.app.parts import Part, until

pytestmark = pytest.mark.slow

RUN = "import time, sys; print('here', flush=True); time.sleep(60)"


def part(tmp_path, code, **options):
    return Part("toy", [sys.executable, "-c", code], os.environ, tmp_path / "toy.log", echo=False, **options)


async def test_a_part_that_dies_is_started_again(tmp_path):
    toy = part(tmp_path, RUN)
    await toy.start()
    first = toy.process.pid
    toy.process.kill()
    assert await until(lambda: toy.running and toy.process.pid != first, 10)
    assert toy.starts == 2
    await toy.stop(2)
    assert not toy.running


async def test_f29_two_asterisks_are_a_second_apart_for_their_ids_hold_the_second(tmp_path):
    """A part with a distance starts again no sooner, however quickly it died."""
    (tmp_path / "toy.log").touch()
    toy = part(tmp_path, "import time; print(time.time(), flush=True)", apart=1.0)
    await toy.start()
    assert await until(lambda: len((tmp_path / "toy.log").read_text().split()) >= 2, 20)
    first, second, *_ = map(float, (tmp_path / "toy.log").read_text().split())
    assert int(second) > int(first)
    await toy.stop(2)


async def test_what_it_prints_is_in_its_log(tmp_path):
    toy = part(tmp_path, RUN)
    await toy.start()
    assert await until(lambda: (tmp_path / "toy.log").exists() and b"here" in (tmp_path / "toy.log").read_bytes(), 10)
    await toy.stop(2)


async def test_a_part_that_ignores_the_request_to_end_is_killed(tmp_path):
    toy = part(tmp_path, "import signal; signal.signal(signal.SIGTERM, signal.SIG_IGN);" + RUN)
    await toy.start()
    assert await until(lambda: (tmp_path / "toy.log").exists() and (tmp_path / "toy.log").read_bytes() != b"", 10)
    await toy.stop(0.3)
    assert toy.process.returncode == -9


async def test_a_part_whose_heart_stands_still_is_killed_and_started_again(tmp_path):
    (tmp_path / "health").mkdir()
    toy = part(tmp_path, RUN, beats=tmp_path, hung_after=1.0)
    await toy.start()
    (tmp_path / "health/toy.json").write_text(f'{{"at": {time.time()}, "running": {time.monotonic()}}}')
    assert await until(lambda: toy.starts == 2, 15)
    await toy.stop(2)


def test_no_part_outlives_a_supervisor_that_is_killed(tmp_path):
    code = (
        "import asyncio, os, sys\n"
        "from pathlib import Path\n"
        "from ivr.app.parts import Part\n"
        "async def main():\n"
        "    part = Part('toy', ['sleep', '60'], os.environ, Path(sys.argv[1]), echo=False)\n"
        "    await part.start()\n"
        "    print(part.process.pid, flush=True)\n"
        "    await asyncio.sleep(60)\n"
        "asyncio.run(main())\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(tmp_path / "log")], stdout=subprocess.PIPE, text=True
    ) as supervisor:
        child = int(supervisor.stdout.readline())
        # Until then it is `setpriv` still, which has not asked for the signal yet.
        while Path(f"/proc/{child}/comm").read_text() != "sleep\n":
            time.sleep(0.01)
        supervisor.kill()
    end = time.monotonic() + 5
    while _runs(child) and time.monotonic() < end:
        time.sleep(0.05)
    assert not _runs(child)


def _runs(process: int) -> bool:
    """Whether it runs still; an ended one may wait for the system's first process to take its exit code."""
    try:
        state = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
