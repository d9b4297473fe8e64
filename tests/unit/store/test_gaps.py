"""What is missing in the ledger is known, and told with its time and place."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from sqlalchemy import select
from typer.testing import CliRunner

from ivr.asterisk.journal import Journal
from ivr.cli.ledger import app as ledger_app
from ivr.desk.load import Loader
from ivr.desk.note_gaps import Notes
from ivr.desk.ports_ledger import LedgerAwayError
from ivr.desk.ports_proof import Counted
from ivr.ledger.gap import Freshness, Gap
from ivr.ledger.numbering import MINUTE
from ivr.settings import Settings
from ivr.store.completeness import SETTLED, counts, freshness, gaps
from ivr.store.engine import open_database
from ivr.store.gaps import SqlGaps
from ivr.store.ledger import SqlLedger
from ivr.store.migrate import migrate
from ivr.store.rebuild import rebuild, verify
from ivr.store.tables import journal_minute, lost_channel
from tests.made_journal import made_journal

NODE = "desk1"
REAL = (Path(__file__).parents[2] / "journals/four_answered_calls.csv").read_bytes()
"""Sixteen channels of one process, none missing."""
SIX, NINE = b"desk1-1795283490.6", b"desk1-1795283494.9"


class Home:
    """A journal, its loader, and the gaps of their ledger."""

    def __init__(self, folder: Path, url: str) -> None:
        self.path = folder / "journal.csv"
        migrate(url)
        self.engine = open_database(url)
        self.notes = SqlGaps(self.engine)
        self.journal = Journal(self.path, NODE)

    def load(self, data: bytes) -> None:
        with self.path.open("ab") as file:
            file.write(data)
        loader = Loader(self.journal, SqlLedger(self.engine), NODE)
        while loader.step():
            pass

    def gaps(self, *between: int) -> list[Gap]:
        with self.engine.connect() as connection:
            return gaps(connection, *between)

    def fresh(self) -> Freshness:
        with self.engine.connect() as connection:
            return freshness(connection)

    def rows(self, table) -> list[tuple]:
        with self.engine.connect() as connection:
            return [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key.columns))]


@pytest.fixture
def home(tmp_path, database_url):
    home = Home(tmp_path, database_url)
    yield home
    home.journal.close()
    home.engine.dispose()


def without(data: bytes, *numbers: int) -> bytes:
    """Return the journal without any record of the channels with these numbers."""
    lost = [re.compile(rb'^"[^"]*","[^"]*","desk1-\d+\.%d"' % number) for number in numbers]
    return b"".join(line for line in data.splitlines(keepends=True) if not any(pattern.match(line) for pattern in lost))


def test_a_journal_without_a_hole_has_no_gap(home):
    home.load(REAL)
    assert home.gaps() == []
    assert home.rows(journal_minute) == [(NODE, 1795283460_000000, 16, 4)]


def test_channels_whose_rows_were_lost_are_a_gap_with_its_time_and_size(home):
    """F22."""
    home.load(without(REAL, 5, 6, 7, 11))
    found = home.gaps()
    assert [(one.kind, one.missing, one.details) for one in found] == [
        ("records", 3, "numbers 5 to 7 of Asterisk process 1"),
        ("records", 1, "number 11 of Asterisk process 1"),
    ]
    assert all(one.began_at < one.ended_at for one in found)
    assert home.gaps(0, found[0].began_at) == []
    assert verify(home.engine).rows == 0
    before = home.rows(lost_channel)
    rebuild(home.engine)
    assert home.rows(lost_channel) == before


def test_calls_that_asterisk_has_shown_and_the_journal_lacks_are_told_once_their_records_must_be_there(home):
    home.load(REAL)
    ((_, first, channels, calls),) = home.rows(journal_minute)
    second = first + MINUTE
    position, _ = SqlLedger(home.engine).resume(NODE)
    SqlLedger(home.engine).all_read(position, first + MINUTE + SETTLED)
    home.notes.count([Counted(NODE, first, channels - 3, calls - 1)])
    assert home.gaps() == []  # short calls between two looks are not shown
    home.notes.count([Counted(NODE, first, 5, 1), Counted(NODE, second, 7, 3)])
    assert [(one.began_at, one.missing) for one in home.gaps()] == [(first, 2)]
    told = "Asterisk has shown 18 channels and 4 calls of this minute, the journal has 16 and 4"
    assert home.gaps()[0].details == told
    SqlLedger(home.engine).all_read(position, second + MINUTE + SETTLED)
    assert [one.missing for one in home.gaps()] == [2, 7]
    with home.engine.connect() as connection:
        assert counts(connection, NODE, first)[:3] == (7, 4, 9)
        assert counts(connection, "other", first)[:3] == (0, 0, 0)


def test_pieces_that_are_no_records_are_one_gap_with_their_place(home):
    """B7."""
    lines = REAL.splitlines(keepends=True)
    home.load(b"".join(lines[:10]) + b"rubbish\nmore\n" + b"".join(lines[10:]))
    (found,) = home.gaps()
    assert (found.kind, found.missing) == ("rejected", 2)
    place = sum(map(len, lines[:10]))
    assert found.details.startswith(f"journal file 1, byte {place}, 11 bytes: no record:")
    assert str(found.began_at) in lines[9].decode().replace(".", "")


def test_a_gap_that_was_accepted_is_told(home):
    """F20."""
    home.load(made_journal(2))
    home.path.write_bytes(made_journal(1, begin=1_795_100_000))
    Loader(home.journal, SqlLedger(home.engine), NODE).accept_gap()
    home.load(b"")
    assert "accepted" in {one.kind for one in home.gaps()}


def test_a_trouble_is_open_until_it_is_over_and_an_earlier_process_left_it_open_for_the_next(home):
    home.load(REAL)
    notes = Notes(home.notes, NODE)
    notes.tell("disk", "3 MB free", at=5)
    notes.tell("disk", "2 MB free", at=6)
    notes.keep()
    assert [(one.began_at, one.ended_at, one.details) for one in home.fresh().open] == [(5, None, "3 MB free")]
    after = Notes(home.notes, NODE)
    after.tell("disk", "", at=9)
    after.tell("queue", "", at=9)
    after.keep()
    assert home.fresh().open == ()
    assert [(one.kind, one.began_at, one.ended_at) for one in home.gaps()] == [("disk", 5, 9)]
    assert home.gaps(10) == []


class AwayGaps(SqlGaps):
    """A ledger that is away while `away` holds."""

    away = True

    def begin(self, node, kind, at, details):
        if self.away:
            raise LedgerAwayError("nobody listens")
        super().begin(node, kind, at, details)


def test_a_trouble_while_the_ledger_is_away_is_noted_later_with_its_own_time(home):
    """F22: a full disk is the ledger's, too."""
    store = AwayGaps(home.engine)
    notes = Notes(store, NODE)
    notes.tell("disk", "0 MB free", at=5)
    notes.keep()
    notes.tell("disk", "", at=8)
    notes.keep()
    assert notes.waiting
    assert home.gaps() == []
    store.away = False
    notes.keep()
    assert [(one.began_at, one.ended_at) for one in home.gaps()] == [(5, 8)]


def test_the_ledger_is_complete_up_to_its_last_record_and_to_now_when_nothing_more_comes(home):
    assert home.fresh().told() == "nothing loaded yet"
    home.load(REAL)
    last = home.fresh().complete_to
    assert home.fresh().told().startswith("complete to 2026-11-21 17:")
    ledger = SqlLedger(home.engine)
    position, _ = ledger.resume(NODE)
    ledger.all_read(position, last + 60_000_000)
    assert home.fresh().complete_to == last + 60_000_000
    ledger.all_read(position, last)
    ledger.all_read(position._replace(offset=3), last + 90_000_000)
    assert home.fresh().complete_to == last + 60_000_000
    home.notes.begin(NODE, "journal", 1, "it is gone")
    assert home.fresh().told().endswith(" UTC; 1 gap open")


def test_gaps_are_listed_for_people_and_for_programs(tmp_path, monkeypatch):
    monkeypatch.delenv("IVR_DATABASE", raising=False)
    monkeypatch.setenv("COLUMNS", "160")
    settings = Settings(home=tmp_path)
    settings.journal.parent.mkdir(parents=True)
    home = Home(settings.journal.parent, settings.database_url)
    home.load(REAL)
    assert run("gaps", tmp_path).splitlines()[0] == "No gaps."
    home.notes.begin(NODE, "disk", 1795283490_000000, "3 MB free in [/srv]")
    said = run("gaps", tmp_path)
    assert "2026-11-21 17:51:30  goes on  desk1  disk           3 MB free in [/srv]" in said
    assert said.endswith("UTC; 1 gap open\n")
    told = json.loads(run("gaps", tmp_path, "--json"))
    assert told["gaps"][0] | {"details": ""} == {
        "began_at": "2026-11-21T17:51:30.000000+00:00", "ended_at": None, "node": NODE, "kind": "disk",
        "missing": 0, "details": "", "open": True,
    }  # fmt: skip
    home.journal.close()
    home.engine.dispose()


def run(command: str, home: Path, *words: str) -> str:
    result = CliRunner().invoke(ledger_app, [command, "--home", str(home), *words])
    if result.exception:
        raise result.exception
    return result.stdout
