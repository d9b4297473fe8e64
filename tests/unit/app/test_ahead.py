"""A process that reads ahead of the loader changes nothing but who does the work."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest
from sqlalchemy import select

from ivr.app.ahead import Ahead
from ivr.asterisk.journal import Journal
from ivr.desk.load import Loader
from ivr.store.engine import open_database
from ivr.store.ledger import SqlLedger
from ivr.store.migrate import migrate
from ivr.store.rebuild import verify
from ivr.store.tables import metadata
from tests.made_journal import made_journal

pytestmark = pytest.mark.slow
NODE = "desk1"
LIMIT = 160_000
"""Bytes of a batch: some of the calls go on in the next one."""


class Waited(Ahead):
    """One that is waited for, however busy the machine is, and counts its batches."""

    batches = 0

    def ready(self) -> bool:
        while self._process is not None and self._process.poll() is None and not super().ready():
            time.sleep(0.01)
        return super().ready()

    def next(self, limit: int):
        told = super().next(limit)
        self.batches += told is not None
        return told

    @property
    def pid(self) -> int:
        return self._process.pid if self._process else 0


class Home:
    def __init__(self, folder, url: str, journal: bytes) -> None:
        self.path = folder / "journal.csv"
        self.path.write_bytes(journal)
        migrate(url)
        self.engine = open_database(url)
        self.ahead = Waited(self.path, NODE, url)

    def loader(self, *, alone: bool = False) -> Loader:
        ahead = None if alone else self.ahead
        loader = Loader(Journal(self.path, NODE), SqlLedger(self.engine, "Europe/Moscow"), NODE, ahead=ahead)
        loader._limit = LIMIT
        loader._adapt = lambda _took: None
        return loader

    def dump(self) -> dict[str, list[tuple]]:
        """Return all rows; without what differs between two folders."""
        with self.engine.connect() as connection:
            rows = {
                table.name: [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key))]
                for table in metadata.sorted_tables
            }
        del rows["journal_position"]
        return rows


@pytest.fixture
def journal() -> bytes:
    return made_journal(160)


@pytest.fixture
def home(tmp_path, database_url, journal):
    home = Home(tmp_path, database_url, journal)
    yield home
    home.ahead.stop()
    home.engine.dispose()


def drain(loader: Loader) -> int:
    total = 0
    while loaded := loader.step():
        total += loaded.records
    return total


def test_the_ledger_is_the_same_as_without_it(home, journal, tmp_path):
    assert drain(home.loader()) == journal.count(b"\n")
    assert home.ahead.batches > 3
    (tmp_path / "alone").mkdir()
    alone = Home(tmp_path / "alone", f"sqlite:///{tmp_path}/alone.sqlite", journal)
    drain(alone.loader(alone=True))
    assert home.dump() == alone.dump()
    assert verify(home.engine).differences == []
    alone.engine.dispose()


def test_it_ends_when_it_has_caught_up_and_the_loader_goes_on_alone(home, journal):
    loader = home.loader()
    drain(loader)
    assert home.ahead.pid == 0
    assert home.ahead._rests_until == 0, "its end is no fault"
    more = made_journal(3, begin=1_796_000_000)
    with home.path.open("ab") as file:
        file.write(more)
    assert drain(loader) == more.count(b"\n")


def test_when_it_is_killed_the_loader_loads_the_rest_itself_and_lets_it_rest(home, journal):
    loader = home.loader()
    total = 0
    while not home.ahead.batches:
        total += loader.step().records
    os.kill(home.ahead.pid, signal.SIGKILL)
    batches = home.ahead.batches
    total += drain(loader)
    assert total == journal.count(b"\n")
    assert home.ahead.batches <= batches + 1, "one may have stood in the pipe"
    assert home.ahead.pid == 0


def test_after_an_error_of_the_database_it_begins_anew_where_the_ledger_stands(home, journal, monkeypatch):
    loader = home.loader()
    total = 0
    while not home.ahead.batches:
        total += loader.step().records
    save = SqlLedger.save_made

    def fail(self, before, behind, made):
        save(self, before, behind, made)
        raise OSError("the answer was lost")

    monkeypatch.setattr(SqlLedger, "save_made", fail)
    with pytest.raises(OSError, match="answer"):
        loader.step()
    monkeypatch.undo()
    assert home.ahead.pid == 0
    drain(loader)
    with home.engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT count(*) FROM journal_record").scalar_one() == journal.count(b"\n")


def test_it_is_gone_when_its_loader_is(home):
    home.ahead.start()
    assert home.ahead.ready()
    process = home.ahead._process
    process.stdin.close()
    assert process.wait(10) is not None
    process.stdin = None


def test_one_that_cannot_be_started_or_ends_at_once_stops_no_loader(home, journal):
    home.ahead.command = (str(home.path.parent / "no-such-program"),)
    assert drain(home.loader()) == journal.count(b"\n")
    home.ahead.command = (sys.executable, "-c", "raise SystemExit(1)")
    home.ahead._rests_until = 0
    home.ahead.start()
    assert not home.ahead.ready()
    assert home.ahead.pid == 0


def test_one_that_hangs_is_ended_and_the_loader_loads_the_rest_itself(home, journal):
    loader = home.loader()
    total = 0
    while not home.ahead.batches:
        total += loader.step().records
    home.ahead._longest = 1  # from here on: a busy machine may take longer to start it
    os.kill(home.ahead.pid, signal.SIGSTOP)
    total += drain(loader)
    assert total == journal.count(b"\n")
    assert home.ahead.pid == 0


@pytest.mark.parametrize("said", [b"cno.such\nthing\n.", b"\x80\x05K\x07.", b"what somebody printed\n"])
def test_one_that_says_what_no_frame_is_stops_no_loader(home, journal, said):
    home.ahead.command = (sys.executable, "-c", f"import os; os.write(1, {b'.' + said!r}); input(); input()")
    assert drain(home.loader()) == journal.count(b"\n")
    assert home.ahead.pid == 0


def test_a_stuck_one_does_not_outlive_its_loader(home, tmp_path):
    """Its loader's output is open as long as it lives, and the supervisor starts no other loader before its end."""
    script = (
        "import pathlib, sys, os, signal\n"
        "from ivr.app.ahead import Ahead\n"
        f"ahead = Ahead(pathlib.Path({str(home.path)!r}), {NODE!r}, 'sqlite:///{tmp_path}/other.sqlite')\n"
        "ahead.start()\n"
        "while not ahead.ready(): pass\n"
        "os.kill(ahead._process.pid, signal.SIGSTOP)\n"
        "os.kill(os.getpid(), signal.SIGKILL)\n"
    )
    process = subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    process.communicate(timeout=30)
    assert process.returncode == -signal.SIGKILL
