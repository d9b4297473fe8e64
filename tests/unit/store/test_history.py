"""Calls of an older system in the ledger: once, whole, kept apart from ours, and derived again at any time."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select

from ivr.asterisk.journal import Journal
from ivr.desk.history_files import look_at
from ivr.desk.load import Loader
from ivr.errors import DeskError
from ivr.history.naming import Naming, Place
from ivr.history.rows import Row
from ivr.store.engine import open_database
from ivr.store.history import FileOf, History
from ivr.store.ledger import SqlLedger
from ivr.store.migrate import migrate
from ivr.store.rebuild import rebuild, verify
from ivr.store.tables import call, imported_row, leg
from tests.made_journal import made_journal

pytestmark = pytest.mark.slow

SAMPLES = Path(__file__).parents[2] / "history"
NAMING = Naming(
    "oldpbx",
    desk="shop",
    zone="Europe/Moscow",
    queues={"600": Place("shop", "first"), "601": Place("shop", "second")},
    agents={"Anna Petrova": "201"},
    numbers={"74951234567": "shop"},
)


class Ledger:
    """A ledger that files are imported into."""

    def __init__(self, url: str) -> None:
        migrate(url)
        self.engine = open_database(url)
        self.history = History(self.engine)
        self.history.rename(NAMING)

    def take(self, path: Path, naming: Naming = NAMING):
        file = look_at(path, None)
        found = file.rows(ZoneInfo(naming.zone))
        return self.history.take(naming, FileOf(file.digest, path.name, file.form.told, file.size), found)

    def everything(self) -> list[tuple[object, ...]]:
        with self.engine.connect() as connection:
            return [
                tuple(row)
                for table in (call, leg)
                for row in connection.execute(select(table).order_by(*table.primary_key.columns))
            ]

    def count(self, table) -> int:
        with self.engine.connect() as connection:
            return connection.execute(select(func.count()).select_from(table)).scalar_one()


@pytest.fixture
def ledger(database_url):
    ledger = Ledger(database_url)
    yield ledger
    ledger.engine.dispose()


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / name
    path.write_text(text)
    return path


LOG = (SAMPLES / "queue_log.freepbx").read_text()


def test_rows_of_files_that_overlap_are_taken_once(ledger, tmp_path):
    lines = LOG.splitlines(keepends=True)[:-1]
    first = ledger.take(written(tmp_path, "one", "".join(lines[:15])))
    second = ledger.take(written(tmp_path, "two", "".join(lines[5:])))
    assert (first.rows, first.there) == (15, 0)
    assert second.there == 10
    once = ledger.everything()
    whole = ledger.take(written(tmp_path, "all", "".join(lines)))
    assert (whole.rows, whole.calls) == (0, 0)
    assert ledger.everything() == once


def test_a_line_that_a_file_says_twice_is_there_twice_and_still_once_for_two_copies(ledger, tmp_path):
    text = (
        "1700000000|1700000000.1|600|NONE|ENTERQUEUE||1|1\n"
        + 2 * "1700000004|1700000000.1|600|SIP/201|RINGNOANSWER|0\n"
        + "1700000009|1700000000.1|600|NONE|ABANDON|1|1|9\n"
    )
    ledger.take(written(tmp_path, "one", text))
    ledger.take(written(tmp_path, "two", text + "1700000010|NONE|NONE|NONE|CONFIGRELOAD|\n"))
    assert ledger.count(imported_row) == 5
    assert ledger.count(leg) == 3


def test_a_half_copied_file_and_then_the_whole_one_give_what_the_whole_one_gives(ledger, tmp_path, database_url):
    text = LOG.rpartition("\n")[0] + "\n"
    for size in (300, 900, 1300, len(text)):
        ledger.take(written(tmp_path, f"at{size}", text[:size]))
    parts = ledger.everything()
    ledger.history.rename(replace(NAMING, system="again"))
    ledger.take(written(tmp_path, "whole", text), replace(NAMING, system="again"))
    mine = [row for row in ledger.everything() if str(row[0]).startswith("again:")]
    assert [row[2:] for row in parts] == [row[2:] for row in mine]
    assert len(parts) > 10


def test_queue_log_and_cdr_of_the_same_calls_make_one_call_each_in_any_order(ledger):
    other = replace(NAMING, system="other")
    ledger.history.rename(other)
    names = ("queue_log.freepbx", "freepbx_cdr.sql", "issabel_cel.csv")
    for name in names:
        ledger.take(SAMPLES / name)
    for name in reversed(names):
        ledger.take(SAMPLES / name, other)
    rows = ledger.everything()
    mine, theirs = ([row[2:] for row in rows if str(row[0]).startswith(name)] for name in ("oldpbx:", "other:"))
    assert mine == theirs
    assert ledger.count(call) == 2 * 8


def test_nothing_is_kept_of_a_file_that_fails_in_the_middle(ledger):
    def rows():
        file = look_at(SAMPLES / "queue_log.freepbx", None)
        yield from list(file.rows(None))[:10]
        raise OSError("the disk was pulled out")

    with pytest.raises(OSError, match="pulled out"):
        ledger.history.take(NAMING, FileOf("x", "x", "x", 1), rows())
    assert (ledger.count(imported_row), ledger.count(call)) == (0, 0)
    assert ledger.history.imported("oldpbx", "x") == ""


def test_imported_calls_and_the_journals_are_both_derived_again_to_the_same(ledger, tmp_path):
    journal = tmp_path / "journal.csv"
    journal.write_bytes(made_journal(60))
    loader = Loader(Journal(journal, "desk1"), SqlLedger(ledger.engine), "desk1")
    while loader.step():
        pass
    for name in ("queue_log.freepbx", "freepbx_cdr.sql", "issabel_cel.csv", "master.csv"):
        ledger.take(SAMPLES / name)
    before = ledger.everything()
    assert verify(ledger.engine).differences == []
    rebuild(ledger.engine)
    assert ledger.everything() == before
    assert {str(row[0]).partition(":")[0] for row in before if ":" in str(row[0])} == {"oldpbx"}


def test_another_map_makes_the_calls_of_its_system_again(ledger):
    ledger.take(SAMPLES / "queue_log.freepbx")
    changed = ledger.history.rename(replace(NAMING, agents={"Anna Petrova": "209"}))
    assert changed.calls == changed.changed == 6
    assert ledger.history.rename(replace(NAMING, agents={"Anna Petrova": "209"})) is None
    assert "209" in {row[3 + 1] for row in ledger.everything() if row[2] == "talk"} | {
        row[5] for row in ledger.everything()
    }


def test_hostile_text_is_only_text(ledger, tmp_path):
    name = '=HYPERLINK("x")\'; DROP TABLE call; --\\u0000\\x1b[31m'
    log = (
        "1700000000|1700000000.1|QQ|NONE|ENTERQUEUE||'; DELETE FROM call; --|1\n"
        "1700000009|1700000000.1|QQ|NONE|ABANDON|1|1|9\n"
    )
    taken = ledger.take(written(tmp_path, "log", log.replace("QQ|", f"{name}|")))
    assert taken.calls == 1
    with ledger.engine.connect() as connection:
        row = connection.execute(select(call)).one()
    assert row.last_line == name
    assert row.caller == ""


def test_stories_are_told_by_more_rows_than_one_batch_holds(ledger, tmp_path):
    text = "".join(
        f"{1700000000 + n}|{1700000000 + n}.{n}|600|NONE|ENTERQUEUE||{n}|1\n"
        f"{1700000000 + n}|{1700000000 + n}.{n}|600|NONE|ABANDON|1|1|0\n"
        for n in range(6000)
    )
    taken = ledger.take(written(tmp_path, "log", text))
    assert (taken.rows, taken.calls, ledger.count(call)) == (12000, 6000, 6000)


def test_a_channel_that_cdr_knows_as_part_of_a_call_brings_its_queue_log_rows_to_that_call(ledger, tmp_path):
    log = "1771315300|1771315290.5|600|NONE|ENTERQUEUE||7903|1\n1771315310|1771315290.5|600|NONE|ABANDON|1|1|10\n"
    cdr = (
        "calldate,channel,dstchannel,src,dst,lastapp,lastdata,disposition,duration,billsec,uniqueid,linkedid\n"
        "2026-02-17 11:00:00,SIP/201-1,SIP/trunk-2,201,7903,Dial,x,ANSWERED,90,80,1771315200.1,1771315200.1\n"
        "2026-02-17 11:01:30,SIP/trunk-2,,7903,600,Queue,600,NO ANSWER,20,0,1771315290.5,1771315200.1\n"
    )
    ledger.take(written(tmp_path, "log", log))
    ledger.take(written(tmp_path, "cdr.csv", cdr))
    with ledger.engine.connect() as connection:
        rows = connection.execute(select(call.c.id)).scalars().all()
    assert rows == ["oldpbx:1771315200.1"]


def test_every_kept_row_comes_back_as_it_was_read(ledger):
    ledger.take(SAMPLES / "freepbx_cdr.sql")
    rows = [
        row
        for row in look_at(SAMPLES / "freepbx_cdr.sql", None).rows(ZoneInfo("Europe/Moscow"))
        if isinstance(row, Row)
    ]
    with ledger.engine.connect() as connection:
        kept = connection.execute(select(imported_row).order_by(imported_row.c.line, imported_row.c.at)).all()
    assert sorted(row.at for row in rows) == sorted(row.at for row in kept)


def test_a_system_that_is_taken_out_leaves_nothing_and_the_others_as_they_were(ledger):
    other = replace(NAMING, system="other")
    ledger.history.rename(other)
    ledger.take(SAMPLES / "freepbx_cdr.sql", other)
    before = ledger.everything()
    ledger.take(SAMPLES / "queue_log.freepbx")
    assert ledger.history.remove("oldpbx") == 6
    assert ledger.everything() == before
    assert verify(ledger.engine).differences == []
    assert ledger.history.naming("oldpbx") is None
    with pytest.raises(DeskError, match="ivr ledger imports"):
        ledger.history.remove("oldpbx")


def test_totals_of_imported_calls_are_what_their_calls_give_whatever_the_order(ledger):
    ledger.take(SAMPLES / "freepbx_cdr.sql")
    ledger.take(SAMPLES / "queue_log.freepbx")
    ledger.history.rename(replace(NAMING, queues={}))
    found = verify(ledger.engine)
    assert (found.differences, found.calls) == ([], 7)
