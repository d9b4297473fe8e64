"""A process that reads ahead of the loader changes nothing but who does the work."""

from __future__ import annotations

import os
import signal
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
LIMIT = 400_000
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
    return made_journal(400)


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
    save = SqlLedger.save

    def fail(self, before, batch, calls):
        save(self, before, batch, calls)
        raise OSError("the answer was lost")

    monkeypatch.setattr(SqlLedger, "save", fail)
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
