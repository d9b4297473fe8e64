"""Old records leave the database for files, and still count: each once."""

from __future__ import annotations

import asyncio
import os
import time
from fcntl import LOCK_EX, flock
from pathlib import Path

import pytest
from sqlalchemy import func, select

from ivr.app.loader import keep_archive
from ivr.asterisk.journal import Journal
from ivr.desk.load import Loader
from ivr.errors import DeskError
from ivr.ledger.record import FILE_BITS, OFFSET_BITS, Record
from ivr.settings import Settings
from ivr.store import archive as module
from ivr.store.archive import archive, archived
from ivr.store.completeness import gaps
from ivr.store.engine import open_database
from ivr.store.ledger import SqlLedger
from ivr.store.migrate import migrate
from ivr.store.packed import read_packed, write_packed
from ivr.store.rebuild import DERIVED, rebuild, verify
from ivr.store.records import all_records
from ivr.store.tables import archived_file, call, journal_record
from tests.made_journal import made_journal

pytestmark = pytest.mark.slow

NODE = "desk1"
BEGIN = 1_795_000_000
EVER = 2**62


class Desk:
    """A journal, its ledger, and the folder of the archive."""

    def __init__(self, folder: Path, url: str) -> None:
        self.folder = folder / "archive"
        self.path = folder / "journal.csv"
        migrate(url)
        self.engine = open_database(url)

    def load(self, data: bytes) -> None:
        with self.path.open("ab") as file:
            file.write(data)
        loader = Loader(Journal(self.path, NODE), SqlLedger(self.engine), NODE)
        while loader.step():
            pass

    def archive(self, before: int = EVER) -> module.Moved:
        return archive(self.engine, self.folder, before=before, now=1, largest=300)

    def records(self) -> list[Record]:
        with self.engine.connect() as connection:
            return [record for some in all_records(connection, 500) for record in some]

    def derived(self) -> dict[str, list[tuple]]:
        with self.engine.connect() as connection:
            queries = {table.name: select(table).order_by(*table.primary_key.columns) for table in DERIVED}
            return {name: [tuple(row) for row in connection.execute(query)] for name, query in queries.items()}

    def left(self) -> int:
        with self.engine.connect() as connection:
            return connection.execute(select(func.count()).select_from(journal_record)).scalar_one()


@pytest.fixture
def desk(tmp_path, database_url):
    desk = Desk(tmp_path, database_url)
    yield desk
    desk.engine.dispose()


def test_archived_records_are_read_as_they_were(desk):
    desk.load(made_journal(40))
    before = desk.records()
    moved = desk.archive()
    assert (moved.records, desk.left()) == (len(before), 0)
    assert moved.files > 2
    assert desk.records() == before
    assert (archived(desk.engine).records, archived(desk.engine).bytes) == (moved.records, moved.bytes)


def test_verify_and_rebuild_count_what_is_archived(desk):
    desk.load(made_journal(40))
    was = desk.derived()
    desk.archive(before=(BEGIN + 5) * 1_000_000)
    assert desk.left() > 0
    proof = verify(desk.engine)
    assert (proof.records, proof.differences) == (len(desk.records()), [])
    assert rebuild(desk.engine) == 40
    assert desk.derived() == was


def test_only_what_is_older_goes(desk):
    desk.load(made_journal(40))
    desk.archive(before=(BEGIN + 5) * 1_000_000)
    with desk.engine.connect() as connection:
        oldest = connection.execute(select(journal_record).order_by(journal_record.c.id).limit(1)).one()
    assert oldest.at >= (BEGIN + 5) * 1_000_000


async def test_a_loader_with_the_setting_archives_by_itself(desk, tmp_path):
    now = int(time.time())
    desk.load(made_journal(20, begin=now - 4 * 86_400) + made_journal(3, begin=now - 90_000))
    task = asyncio.create_task(keep_archive(Settings(home=tmp_path, archive_after=2), desk.engine))
    async with asyncio.timeout(30):
        while not archived(desk.engine).records:
            await asyncio.sleep(0.05)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert len(list((tmp_path / "archive").glob("*.parquet"))) == 1
    assert 0 < desk.left() < len(desk.records())


def test_a_second_run_goes_on_where_the_first_ended(desk):
    desk.load(made_journal(40))
    before = desk.records()
    for seconds in (3, 3, 6, 10**6):
        desk.archive(before=(BEGIN + seconds) * 1_000_000)
    assert desk.left() == 0
    assert desk.records() == before
    assert desk.archive().records == 0


def test_a_call_that_is_open_keeps_its_records_and_all_behind_them(desk):
    lines = made_journal(20).splitlines(keepends=True)
    ends = [place for place, line in enumerate(lines) if line.startswith(b'"LINKEDID_END"')]
    name = lines[ends[5]].split(b'","')[3]
    desk.load(b"".join(line for place, line in enumerate(lines) if place != ends[5]))
    moved = desk.archive()
    assert moved.waits_for == name.decode()
    with desk.engine.connect() as connection:
        first = connection.execute(select(call.c.first_record).where(call.c.ended_at.is_(None))).scalar_one()
        assert connection.execute(select(func.min(journal_record.c.id))).scalar_one() == first
    desk.load(lines[ends[5]])
    assert desk.archive().waits_for == ""
    assert (desk.left(), verify(desk.engine).differences) == (0, [])


def test_a_record_that_comes_late_meets_its_archived_call(desk):
    lines = made_journal(20).splitlines(keepends=True)
    late = next(line for line in lines if line.startswith(b'"HANGUP"'))
    desk.load(b"".join(line for line in lines if line is not late))
    desk.archive()
    desk.load(late)
    found = verify(desk.engine)
    assert (found.records, found.calls, found.differences) == (len(lines), 20, [])
    assert desk.left() == 1


def test_a_file_that_the_manifest_does_not_name_does_not_count_and_is_written_over(desk):
    """A run that was killed between the file and the commit leaves such a one."""
    desk.load(made_journal(20))
    before = desk.records()
    desk.archive(before=(BEGIN + 1) * 1_000_000)
    with desk.engine.begin() as connection:
        file = connection.execute(select(archived_file)).one()
        connection.execute(archived_file.delete())
        records = [list(part) for part in read_packed(desk.folder / file.name, file.first, file.last)]
        rows = [record._asdict() for part in records for record in part]
        connection.execute(journal_record.insert(), rows)
    (desk.folder / "torn.part").write_bytes(b"half")
    assert desk.records() == before
    desk.archive()
    assert desk.records() == before
    assert len(list(desk.folder.iterdir())) == archived(desk.engine).files


def test_when_a_piece_of_the_journal_was_lost_is_still_known(desk):
    desk.load(made_journal(10) + b"no record at all\n" + made_journal(10, begin=BEGIN + 60))
    with desk.engine.connect() as connection:
        before = gaps(connection)
    desk.archive()
    with desk.engine.connect() as connection:
        assert gaps(connection) == before != []


@pytest.mark.parametrize("harm", ["gone", "damaged"])
def test_a_file_that_is_gone_or_damaged_is_named_before_anything_is_changed(desk, harm):
    desk.load(made_journal(20))
    was = desk.derived()
    desk.archive()
    path = min(desk.folder.iterdir())
    if harm == "gone":
        path.unlink()
    else:
        path.write_bytes(path.read_bytes()[:-9] + b"otherwise")
    for act in (verify, rebuild):
        with pytest.raises(DeskError, match=path.name):
            act(desk.engine)
    assert desk.derived() == was


def test_files_that_were_moved_are_found_again_by_their_new_folder(desk, tmp_path):
    desk.load(made_journal(20))
    desk.archive()
    desk.folder.rename(tmp_path / "elsewhere")
    archive(desk.engine, tmp_path / "elsewhere", before=0, now=1)
    assert verify(desk.engine).differences == []


def test_two_runs_do_not_meet_in_one_folder(desk):
    desk.folder.mkdir()
    held = os.open(desk.folder, os.O_RDONLY)
    flock(held, LOCK_EX)
    with pytest.raises(DeskError, match="Another run"):
        desk.archive()
    os.close(held)


def test_a_second_run_into_another_folder_moves_nothing_twice(desk, tmp_path):
    """Both have read the same records; the first to commit has them."""
    desk.load(made_journal(20))
    before = desk.records()
    desk.folder.mkdir()
    number = before[0].id >> FILE_BITS + OFFSET_BITS
    records = module._oldest(desk.engine, number, EVER, 300, module.Moved())
    archive(desk.engine, tmp_path / "other", before=EVER, now=1)
    with pytest.raises(DeskError, match="Another run"):
        module._move(desk.engine, desk.folder, NODE, records, 1, module.Moved())
    assert desk.records() == before


@pytest.mark.parametrize("name", ["plain", "it's", "a*b[1]?", "ü ber"])
def test_a_packed_file_holds_any_text_under_any_name(tmp_path, name):
    texts = ("", "\n", '"', "\\N", "тест", "\ufffd", "'; DROP TABLE", "a\tb")
    records = [Record(place, text, place * 7, *([text] * 11)) for place, text in enumerate(texts)]
    path = tmp_path / f"{name}.parquet"
    write_packed(path, records)
    (tmp_path / "a1b1c.parquet").write_bytes(b"no such file")
    assert [record for part in read_packed(path, 0, 99, at_once=3) for record in part] == records
    assert [record for part in read_packed(path, 1, 4, calls=["\\N", "тест"]) for record in part] == records[3:5]
