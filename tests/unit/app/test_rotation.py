"""Logs stay small, and what is written meanwhile is kept."""

from __future__ import annotations

import asyncio
import os
import socket
import sys
import threading

import pytest

from ivr.app import doctor, parts, rotation
from ivr.app.doctor import examine
from ivr.app.parts import Part, until
from ivr.app.rotation import KEPT, AsteriskLogs, logs_of, rotate
from ivr.asterisk.control import control_dir, lay_control_dir
from ivr.settings import Settings
from tests.running import DEMO


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setattr(rotation, "MOST", 1000)
    monkeypatch.setattr(parts, "MOST", 1000)
    (tmp_path / "asterisk/log").mkdir(parents=True)
    (tmp_path / "log").mkdir()
    lay_control_dir(tmp_path)
    return tmp_path


def test_a_log_is_renamed_and_only_the_newest_old_ones_are_kept(home):
    path = home / "log/toy.log"
    for number in range(9):
        path.write_text(str(number))
        rotate(path)
    assert not path.exists()
    assert [path.with_name(f"toy.log.{place}").read_text() for place in range(1, KEPT + 1)] == ["8", "7", "6", "5"]
    assert len(list(logs_of(home))) == KEPT


async def test_a_part_that_writes_much_keeps_small_logs_without_a_lost_line(home):
    log = home / "log/toy.log"
    code = "for n in range(150): print(f'line {n:04} ' + 'x' * 20, flush=True)\nimport time; time.sleep(60)"
    toy = Part("toy", [sys.executable, "-c", code], os.environ, log, echo=False)
    await toy.start()
    assert await until(lambda: log.exists() and "line 0149" in log.read_text(), 15)
    await toy.stop(2)
    files = [*(log.with_name(f"toy.log.{place}") for place in range(KEPT, 0, -1)), log]
    numbers = [int(line.split()[1]) for file in files for line in file.read_text().splitlines()]
    assert numbers == list(range(numbers[0], 150))
    assert all(file.stat().st_size <= 1040 for file in files)


def console(home, heard):
    """Answer one command at Asterisk's control socket."""
    server = socket.socket(socket.AF_UNIX)
    server.bind(str(control_dir(home) / "asterisk.ctl"))
    server.listen()

    def answer():
        link, _ = server.accept()
        with link, server:
            heard.append(link.recv(100))
            link.sendall(b"x\nok\n")

    thread = threading.Thread(target=answer, daemon=True)
    thread.start()
    return thread


def test_asterisk_is_told_when_its_log_was_renamed_and_not_before(home):
    logs, heard = AsteriskLogs(home), []
    messages, security = (home / f"asterisk/log/{name}.log" for name in ("messages", "security"))
    messages.write_text("short")
    security.write_text("x" * 1001)
    asking = console(home, heard)
    logs.look()
    asking.join(5)
    assert heard == [b"logger reload\0"]
    assert messages.read_text() == "short"
    assert not security.exists()
    logs.look()  # nobody listens any more, and nothing is to be told


def test_an_asterisk_that_is_away_is_told_once_it_is_back(home):
    logs, heard = AsteriskLogs(home), []
    (home / "asterisk/log/security.log").write_text("x" * 1001)
    logs.look()
    asking = console(home, heard)
    logs.look()
    asking.join(5)
    assert heard == [b"logger reload\0"]


async def test_logs_that_cannot_be_renamed_stop_nothing(home, monkeypatch):
    monkeypatch.setattr(rotation, "LOOK_EVERY", 0.01)
    (home / "asterisk/log/messages.log").write_text("x" * 1001)
    (home / f"asterisk/log/messages.log.{KEPT}").mkdir()
    (home / f"asterisk/log/messages.log.{KEPT - 1}").write_text("old")
    keeping = asyncio.create_task(AsteriskLogs(home).keep())
    await asyncio.sleep(0.1)
    assert not keeping.done()
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)


def test_the_doctor_tells_what_logs_and_journal_use_and_when_the_journal_grows_long(home, monkeypatch):
    settings = Settings(home=home, desks=DEMO, recordings=home, shift=7600)
    settings.journal.parent.mkdir()
    (home / "log/loader.log").write_bytes(b"x" * 300_000)
    settings.journal.with_name("journal.csv-2026-01-01").write_text('"x"\n')
    settings.journal.write_bytes(b"x" * 2_000_000)

    def found():
        return next(one for one in examine(settings) if one.what == "logs")

    assert found() == ("logs", "well", "0.3 MB of logs, 2.0 MB of journal in 2 files", "")
    monkeypatch.setattr(doctor, "LONG_JOURNAL", 1_000_000)
    assert found().state == "warning"
    assert f"{home}/log/loader.log" in found().cure
