"""One desk on one home."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

from ivr.desk.lock import HomeLock
from ivr.errors import DeskError

HOLD = """
import sys
from pathlib import Path
from ivr.desk.lock import HomeLock
with HomeLock(Path(sys.argv[1]), room=0):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def holder(tmp_path):
    """Start another process that holds the home."""
    command = [sys.executable, "-c", HOLD, str(tmp_path / "home")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_second_desk_on_the_same_home_is_refused_with_the_firsts_pid(holder, tmp_path):
    with pytest.raises(DeskError) as caught, HomeLock(tmp_path / "home", room=0):
        pass
    assert caught.value.sentence == f"Another desk runs on {tmp_path / 'home'} (pid {holder.pid})."
    assert "--home" in caught.value.cure
    assert "--shift" in caught.value.cure


def test_a_killed_desk_lets_go_of_its_home(holder, tmp_path):
    holder.send_signal(signal.SIGKILL)
    holder.wait()
    with HomeLock(tmp_path / "home", room=0):
        assert (tmp_path / "home/lock").read_text() == f"{os.getpid()}\n"


def test_a_home_is_free_again_after_its_desk_and_made_when_missing(tmp_path):
    for _ in range(2):
        with HomeLock(tmp_path / "new/home", room=0):
            pass


def test_a_childs_inherited_files_do_not_keep_the_home(tmp_path):
    """A part that outlives its desk must not lock the next one out."""
    with HomeLock(tmp_path, room=0):
        child = subprocess.Popen(["sleep", "60"], close_fds=False)
    try:
        with HomeLock(tmp_path, room=0):
            pass
    finally:
        child.kill()
        child.wait()


def test_a_home_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DeskError, match=r"(?s)cannot be written: .*--home"), HomeLock(tmp_path / "file/home"):
        pass


def test_a_nearly_full_disk_is_refused_and_the_home_let_go(tmp_path):
    with pytest.raises(DeskError, match=r"MB free; the desk needs"), HomeLock(tmp_path, room=1 << 60):
        pass
    with HomeLock(tmp_path, room=0):
        pass
