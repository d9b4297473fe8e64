"""An archiving run is killed again and again: every record is in the database or in a file, once."""

from __future__ import annotations

import multiprocessing
import random
import time
from contextlib import suppress
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from sqlalchemy import select

from ivr.asterisk.journal import Journal
from ivr.desk.load import Loader
from ivr.store.archive import archive, archived
from ivr.store.engine import open_database
from ivr.store.ledger import SqlLedger
from ivr.store.migrate import migrate
from ivr.store.rebuild import verify
from ivr.store.records import all_records
from ivr.store.tables import journal_record
from tests.made_journal import made_journal

TIMES = 12
SMALL = 500
FORKED = multiprocessing.get_context("forkserver")
FORKED.set_forkserver_preload(["duckdb", "ivr.store.archive", "ivr.store.engine"])


@pytest.mark.timeout(300)
def test_an_archiving_run_that_is_killed_twelve_times_neither_loses_nor_doubles_a_record(tmp_path, database_url):
    chance = random.Random(7)
    path, folder = tmp_path / "journal.csv", tmp_path / "archive"
    path.write_bytes(made_journal(600))
    migrate(database_url)
    engine = open_database(database_url)
    loader = Loader(Journal(path, "desk1"), SqlLedger(engine), "desk1")
    while loader.step():
        pass
    with engine.connect() as connection:
        before = [tuple(row) for row in connection.execute(select(journal_record).order_by(journal_record.c.id))]
    for _ in range(TIMES):
        run_and_kill(database_url, folder, chance.randrange(3), chance.uniform(0.0, 0.1))
        with engine.connect() as connection:
            assert [tuple(record) for some in all_records(connection, 5000) for record in some] == before
    assert 0 < archived(engine).files < len(before) / SMALL, "it was never killed in the middle"
    archive(engine, folder, before=2**62, now=1, largest=SMALL)
    proof = verify(engine)
    assert archived(engine).records == len(before) == proof.records
    assert proof.differences == []
    assert len(list(folder.iterdir())) == archived(engine).files
    engine.dispose()


def run_and_kill(url: str, folder: Path, files: int, after: float) -> None:
    """Kill a run some time after it has told of so many files."""
    told, teller = FORKED.Pipe(duplex=False)
    process = FORKED.Process(target=run_archive, args=(url, folder, teller))
    process.start()
    teller.close()
    with suppress(EOFError):
        for _ in range(files):
            told.recv()
    time.sleep(after)
    process.kill()
    process.join()
    told.close()


def run_archive(url: str, folder: Path, teller: Connection) -> None:
    """Archive everything, in a process of its own; tell of each file."""
    archive(open_database(url), folder, before=2**62, now=1, largest=SMALL, progress=lambda _: teller.send(1))
