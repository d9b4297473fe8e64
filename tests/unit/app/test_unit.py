"""The unit for systemd, and what is said to it."""

from __future__ import annotations

import asyncio
import configparser
import os
import shlex
import shutil
import socket
import subprocess
from pathlib import Path

import pytest

from ivr.app.notify import Notifier
from ivr.app.unit import AFTER_DRAIN, unit
from ivr.errors import DeskError
from ivr.settings import Settings

PROGRAM = Path("/opt/front-desk/.venv/bin/ivr")


def settings(home: str = "/srv/desk") -> Settings:
    return Settings(home=Path(home), desks=Path("/srv/desks"), recordings=Path("/srv/talks"))


def parts(text: str) -> configparser.ConfigParser:
    read = configparser.ConfigParser(interpolation=None)
    read.optionxform = str  # type: ignore[assignment, method-assign]
    read.read_string(text)
    return read


def test_the_service_is_nobody_special_drains_and_writes_where_it_must_alone():
    service = parts(unit(settings("/srv/a desk"), "frontdesk", PROGRAM))["Service"]
    assert service["User"] == "frontdesk"
    assert shlex.split(service["ExecStart"]) == [
        str(PROGRAM), "up", "--home", "/srv/a desk", "--desks", "/srv/desks", "--recordings", "/srv/talks",
    ]  # fmt: skip
    assert (service["Type"], service["KillSignal"], service["KillMode"]) == ("notify", "SIGINT", "mixed")
    assert shlex.split(service["ReadWritePaths"]) == ["/srv/a desk", "/srv/talks"]
    assert (service["NoNewPrivileges"], service["ProtectSystem"]) == ("yes", "strict")
    assert service["CapabilityBoundingSet"] == ""


@pytest.mark.parametrize("drain", [0, 20, 3600])
def test_systemd_waits_longer_than_calls_may_take_to_end(drain):
    given = settings().model_copy(update={"drain": drain})
    assert int(parts(unit(given, "frontdesk", PROGRAM))["Service"]["TimeoutStopSec"]) == drain + AFTER_DRAIN


def test_systemd_itself_understands_it(tmp_path):
    analyse = shutil.which("systemd-analyze")
    if analyse is None:
        pytest.skip("systemd-analyze is not on this machine")
    file = tmp_path / "front-desk.service"
    file.write_text(unit(settings("/srv/a 100% desk"), "daemon", Path("/bin/true")))
    done = subprocess.run([analyse, "verify", "--man=no", file], capture_output=True, text=True, check=False)
    assert "front-desk.service" not in done.stderr, done.stderr


def test_root_and_paths_that_systemd_would_misread_are_refused_with_a_cure():
    with pytest.raises(DeskError, match="does not run as root"):
        unit(settings(), "root", PROGRAM)
    for odd in ("/srv/$HOME", '/srv/"desk"', "/srv/a\\desk", "/srv/a;desk"):
        with pytest.raises(DeskError, match="without quotes"):
            unit(settings(odd), "frontdesk", PROGRAM)


@pytest.fixture(params=["a file", "no file"])
def listener(request, tmp_path, monkeypatch):
    """Listen where systemd would."""
    name = f"@ivr-{os.getpid()}" if request.param == "no file" else str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as there:
        there.bind("\0" + name[1:] if name.startswith("@") else name)
        there.settimeout(5)
        monkeypatch.setenv("NOTIFY_SOCKET", name)
        yield there


async def test_systemd_is_told_and_no_child_of_ours_can_speak_for_us(listener, monkeypatch):
    monkeypatch.setenv("WATCHDOG_USEC", "60000")
    systemd = Notifier()
    assert not {"NOTIFY_SOCKET", "WATCHDOG_USEC"} & os.environ.keys()
    systemd.tell("READY=1", "STATUS=The desk answers.")
    assert listener.recv(100) == b"READY=1\nSTATUS=The desk answers."
    alive = asyncio.create_task(systemd.live())
    for _ in range(2):
        assert await asyncio.to_thread(listener.recv, 100) == b"WATCHDOG=1"
    alive.cancel()


def test_systemd_waits_for_a_drain_that_was_set_after_its_unit_was_made(listener):
    Notifier().stopping(3640)
    assert listener.recv(200).split(b"\n")[::2] == [b"STOPPING=1", b"EXTEND_TIMEOUT_USEC=3640000000"]


def test_without_systemd_nothing_is_said(monkeypatch):
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    Notifier().tell("READY=1")


def test_a_systemd_that_is_gone_is_no_fault(monkeypatch, tmp_path):
    monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "gone"))
    Notifier().tell("READY=1")
