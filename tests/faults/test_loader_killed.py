"""The loader's process is killed again and again: every record is loaded once (F18, F19)."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from sqlalchemy import Engine, func, select

from ivr.app.heartbeat import last_beat
from ivr.store.engine import open_database
from ivr.store.migrate import migrate
from ivr.store.rebuild import verify
from ivr.store.tables import call, fact, journal_record, leg
from tests.faults.loaders import Loaders
from tests.made_journal import made_journal

TIMES = 40
LIMIT = 60.0


def environment(home: Path, url: str) -> dict[str, str]:
    return {"IVR_DATABASE": url, "IVR_NODE": "desk1", "IVR_RECORDINGS": str(home / "recordings")}


def start(home: Path, url: str) -> subprocess.Popen:
    """Start `ivr loader` on the home."""
    return subprocess.Popen(
        [sys.executable, "-c", "from ivr.cli.main import main; main()", "loader", "--home", str(home)],
        env=os.environ | environment(home, url),
        stdout=subprocess.DEVNULL,
    )


def loaded(url: str) -> int:
    engine = open_database(url)
    with engine.connect() as connection:
        count = connection.execute(select(func.count()).select_from(journal_record)).scalar_one()
    engine.dispose()
    return count


def newest(engine: Engine) -> int:
    """Return the id of the last record that is loaded: quickly, since it is asked again and again."""
    with engine.connect() as connection:
        return connection.execute(select(func.max(journal_record.c.id))).scalar() or 0


def until_loaded(url: str, count: int) -> None:
    end = time.monotonic() + LIMIT
    while loaded(url) < count:
        assert time.monotonic() < end, "the loader never caught up"
        time.sleep(0.05)


def until_it_beats(home: Path, since: float) -> None:
    """Wait for a sign of life younger than `since`: before it, SIGTERM still has its plain meaning."""
    end = time.monotonic() + LIMIT
    while (last_beat(home, "loader") or {"at": 0.0})["at"] < since:
        assert time.monotonic() < end, "the loader never came up"
        time.sleep(0.05)


def stop(process: subprocess.Popen) -> int:
    process.send_signal(signal.SIGTERM)
    return process.wait(LIMIT)


@pytest.mark.timeout(600)
def test_f18_f19_a_loader_killed_forty_times_loads_every_record_once(tmp_path, database_url):
    """F18 F19: killed at random moments while the journal grows, then left alone until it has caught up."""
    chance = random.Random(18)
    data = made_journal(800)
    path = tmp_path / "asterisk/log/cel-custom/journal.csv"
    path.parent.mkdir(parents=True)
    migrate(database_url)
    share = len(data) // TIMES + 1
    engine = open_database(database_url)
    with Loaders(tmp_path) as loaders:
        for turn in range(TIMES):
            with path.open("ab") as file:
                file.write(data[turn * share : (turn + 1) * share])
            before = newest(engine)
            loader, _ = loaders.start(tmp_path, environment(tmp_path, database_url))
            # Sometimes at once, sometimes in the middle of a transaction, sometimes just after one.
            end = time.monotonic() + (chance.uniform(0.0, 0.6) if turn % 2 else 2.5)
            while time.monotonic() < end and (turn % 2 or newest(engine) == before):
                time.sleep(0.005)
            loaders.kill(loader)
    engine.dispose()
    began = time.time()
    process = start(tmp_path, database_url)
    until_it_beats(tmp_path, began)
    until_loaded(database_url, data.count(b"\n"))
    assert stop(process) == 0
    check_everything_once(database_url, data)


def check_everything_once(url: str, data: bytes) -> None:
    """Compare with what the same journal gives when nobody is killed: counts, and every derived row."""
    engine = open_database(url)
    with engine.connect() as connection:
        counts = [connection.execute(select(func.count()).select_from(t)).scalar_one() for t in (journal_record, call)]
        open_calls = connection.execute(select(func.count()).where(call.c.ended_at.is_(None))).scalar_one()
        assert connection.execute(select(func.count()).select_from(leg)).scalar_one()
        assert connection.execute(select(func.count()).select_from(fact)).scalar_one()
    assert counts == [data.count(b"\n"), data.count(b'"LINKEDID_END"')]
    assert open_calls == 0
    assert verify(engine).differences == []
    engine.dispose()


@pytest.mark.timeout(120)
def test_a_second_loader_on_the_same_home_is_refused(tmp_path):
    """One sentence and a cure, exit code 2; the first one goes on."""
    url = f"sqlite:///{tmp_path}/ledger.sqlite"
    path = tmp_path / "asterisk/log/cel-custom/journal.csv"
    path.parent.mkdir(parents=True)
    migrate(url)
    first = start(tmp_path, url)
    path.write_bytes(made_journal(5))
    until_loaded(url, path.read_bytes().count(b"\n"))
    second = start(tmp_path, url)
    assert second.wait(LIMIT) == 2
    assert first.poll() is None
    assert stop(first) == 0
