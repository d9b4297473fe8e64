"""How the ledger stands, as the metrics tell it: the same as the commands say."""

from __future__ import annotations

from pathlib import Path

import pytest
from sqlalchemy import insert

from ivr.asterisk.journal import Journal
from ivr.desk.load import Loader
from ivr.desk.ports_ledger import LedgerAwayError
from ivr.store.completeness import freshness
from ivr.store.engine import open_database
from ivr.store.gaps import SqlGaps
from ivr.store.ledger import SqlLedger
from ivr.store.standing import standing
from ivr.store.tables_missed import missed

NODE = "desk1"
REAL = Path(__file__).parents[2] / "journals/four_answered_calls.csv"
OWED = {
    "number": "+79160000000", "first_at": 1, "last_at": 1, "calls": 1, "last_call": "a", "desk": "shop",
    "line": "first", "tries": 0, "returned_by": "", "returned_call": "",
}  # fmt: skip


@pytest.fixture
def engine(database_url):
    engine = open_database(database_url)
    yield engine
    engine.dispose()


def test_an_empty_ledger_stands_at_nothing(engine):
    told = standing(engine, NODE)
    assert (told.position, told.fresh.complete_to, told.owed) == (None, None, 0)


def test_a_loaded_ledger_is_told_with_its_place_gaps_and_debts(engine, tmp_path):
    path = tmp_path / "journal.csv"
    path.write_bytes(REAL.read_bytes())
    journal = Journal(path, NODE)
    loader = Loader(journal, SqlLedger(engine), NODE)
    while loader.step():
        pass
    SqlGaps(engine).begin(NODE, "disk", 5, "full")
    rows = [OWED | {"returned_at": at} | key for at, key in ((None, {}), (9, {"first_at": 2}), (None, {"number": "x"}))]
    with engine.begin() as connection:
        connection.execute(insert(missed).values(rows))
        fresh = freshness(connection)
    told = standing(engine, NODE)
    assert told.fresh == fresh
    assert [one.kind for one in told.fresh.open] == ["disk"]
    assert journal.unread(told.position) == 0
    assert told.owed == 2
    assert told.recordings.keys() == {"expected", "failed"}
    journal.close()


def test_a_database_without_tables_is_away(tmp_path):
    engine = open_database(f"sqlite:///{tmp_path / 'empty.sqlite'}")
    with pytest.raises(LedgerAwayError):
        standing(engine, NODE)
    engine.dispose()
