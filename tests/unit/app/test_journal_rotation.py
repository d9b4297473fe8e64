"""The journal is renamed when it has grown, and every record of it is loaded once (F20)."""

from __future__ import annotations

import multiprocessing
import random
import threading
from pathlib import Path

import pytest
from sqlalchemy import select

from ivr.app import rotation
from ivr.app.parts import until
from ivr.app.rotation import JournalRotation
from ivr.asterisk.journal import Journal, set_aside
from ivr.desk.load import Loaded, Loader, Progress
from ivr.ledger.record import Position
from ivr.store.engine import open_database
from ivr.store.ledger import SqlLedger
from ivr.store.migrate import migrate
from ivr.store.tables import journal_record, rejected_record

NODE = "desk1"
BEGAN = 1_795_000_000
LONG = 2000


@pytest.fixture(autouse=True)
def _small(monkeypatch):
    monkeypatch.setattr(rotation, "LONG", LONG)


@pytest.fixture
def journal(tmp_path):
    return tmp_path / "journal.csv"


def row(place: int) -> bytes:
    name = f"desk1-{BEGAN}.{place}"
    return f'"HANGUP","{BEGAN + place}.000000","{name}","{name}","PJSIP/t-{place}","","","","","","","",""\n'.encode()


def at(inode: int) -> Progress:
    """Return what a loader tells that is in the file of that inode."""
    progress = Progress()
    progress.add(Loaded(1, 0, 1, Position(NODE, "", 1, inode, "", 100)))
    return progress


def files(journal: Path) -> list[Path]:
    return sorted(journal.parent.glob("journal.csv*"))


def test_a_journal_that_has_grown_is_renamed_once_and_a_short_one_is_not(journal):
    journal.write_bytes(b"x" * LONG)
    turning = JournalRotation(journal, at(journal.stat().st_ino))
    turning.look()
    assert files(journal) == [journal]
    journal.write_bytes(b"x" * (LONG + 1))
    turning.look()
    turning.look()
    (aside,) = files(journal)
    assert aside.name.startswith("journal.csv-2")
    assert aside.stat().st_size == LONG + 1


@pytest.mark.parametrize("progress", [Progress(), at(1)], ids=["nothing loaded yet", "in an older file"])
def test_it_is_left_while_the_loader_is_not_in_it_until_it_is_far_too_long(journal, progress, monkeypatch):
    journal.write_bytes(b"x" * 5 * LONG)
    turning = JournalRotation(journal, progress)
    turning.look()
    assert files(journal) == [journal]
    monkeypatch.setattr(rotation, "FAR_TOO_LONG", 4 * LONG)
    turning.look()
    assert files(journal) != [journal]


def test_two_files_of_one_second_are_two(journal):
    for number in range(3):
        journal.write_text(str(number))
        set_aside(journal, BEGAN)
    assert [path.read_text() for path in files(journal)] == ["0", "1", "2"]
    assert files(journal)[0].name == "journal.csv-20261118T110640Z"


def test_a_folder_that_takes_no_new_name_stops_nothing_and_loses_nothing(journal, monkeypatch):
    """As a full disk."""
    journal.write_bytes(b"x" * 2 * LONG)
    turning = JournalRotation(journal, at(journal.stat().st_ino))

    def full(*_):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(Path, "rename", full)
        turning.look()
    assert journal.stat().st_size == 2 * LONG
    turning.look()
    assert not journal.exists()


def load_and_rename(journal: Path, url: str, settled: int) -> None:
    """Load and rename without end, in a process that is going to be killed."""
    rotation.LONG = LONG
    loader = Loader(Journal(journal, NODE), SqlLedger(open_database(url)), NODE)
    progress = Progress()
    turning = JournalRotation(journal, progress)
    while True:
        if loaded := loader.step():
            progress.add(loaded)
        turning.look()
        if loaded is None and progress.records >= settled > 0:
            return


async def test_f20_it_is_renamed_while_asterisk_writes_and_the_loader_is_killed_and_each_record_is_loaded_once(
    tmp_path,
):
    """F20. A row is written as Asterisk does: opened, appended and closed."""
    journal, url = tmp_path / "journal.csv", f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    migrate(url)
    stop, written = threading.Event(), []

    def append():
        with journal.open("ab") as file:
            file.write(row(len(written)))
        written.append(len(written))

    def write():
        while not stop.wait(0.001):
            append()

    writing = threading.Thread(target=write)
    writing.start()
    apart = multiprocessing.get_context("spawn")
    chance = random.Random(20)
    try:
        for _ in range(4):
            loading = apart.Process(target=load_and_rename, args=(journal, url, 0))
            loading.start()
            before = len(files(journal))
            renamed = before + chance.randrange(2, 6)
            assert await until(lambda renamed=renamed: len(files(journal)) >= renamed, 30)
            loading.kill()
            loading.join()
    finally:
        stop.set()
        writing.join()
    append()
    with open_database(url).connect() as connection:
        kept = len(connection.execute(select(journal_record.c.id)).all())
    loading = apart.Process(target=load_and_rename, args=(journal, url, len(written) - kept))
    loading.start()
    loading.join(30)
    assert loading.exitcode == 0
    with open_database(url).connect() as connection:
        moments = connection.execute(select(journal_record.c.at).order_by(journal_record.c.id)).scalars().all()
        assert connection.execute(select(rejected_record)).all() == []
    assert moments == [(BEGAN + place) * 1_000_000 for place in written]
    assert len(files(journal)) >= 8
