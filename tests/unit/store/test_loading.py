"""The loader and its database: every record once, whatever the reading is cut into."""

from __future__ import annotations

import asyncio
import random
import re
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import event, func, select, update

from ivr.asterisk.journal import Journal
from ivr.desk.load import Loader, Progress, load
from ivr.desk.ports_ledger import LedgerAwayError
from ivr.errors import DeskError
from ivr.ledger.fold import FOLD_VERSION
from ivr.ledger.record import Batch, Position
from ivr.store.audit import digests_of_totals
from ivr.store.engine import open_database
from ivr.store.ledger import SqlLedger
from ivr.store.migrate import migrate
from ivr.store.rebuild import DERIVED, rebuild, renew, verify
from ivr.store.tables import (
    call,
    call_linkedid,
    fact,
    journal_position,
    journal_record,
    ledger_version,
    leg,
    metadata,
    recording,
    rejected_record,
)
from ivr.store.tables_totals import total, total_state
from tests.made_journal import made_journal

pytestmark = pytest.mark.slow

NODE = "desk1"
JOINED = ("attended_transfer", "picked_up", "parked", "blonde_transfer_to_line")
"""Calls that are two until a transfer, a pick-up or a parking makes them one."""
JOURNALS = Path(__file__).parents[2] / "journals"


class Home:
    """A journal, a ledger and the loader between them."""

    def __init__(self, folder: Path, url: str) -> None:
        folder.mkdir(exist_ok=True)
        self.path = folder / "journal.csv"
        migrate(url)
        self.engine = open_database(url)
        self.journal = Journal(self.path, NODE)

    def loader(self) -> Loader:
        return Loader(self.journal, SqlLedger(self.engine), NODE, partial(renew, self.engine))

    def append(self, data: bytes) -> None:
        with self.path.open("ab") as file:
            file.write(data)

    def drain(self, loader: Loader | None = None) -> int:
        loader = loader or self.loader()
        total = 0
        while loaded := loader.step():
            total += loaded.records
        return total

    def dump(self) -> dict[str, list[tuple]]:
        """Return all rows of all tables; without what differs between two folders."""
        with self.engine.connect() as connection:
            rows = {
                table.name: [
                    tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key.columns))
                ]
                for table in metadata.tables.values()
                if not table.name.startswith("total")  # their parts are a batch's; their sums are compared
            }
            rows["totals"] = sorted(digests_of_totals(connection).items())
        # Node, file's number, file's head and offset stay; the inode is the folder's own.
        rows["journal_position"] = [(row[0], *row[3:4], *row[5:]) for row in rows["journal_position"]]
        return rows

    def count(self, table) -> int:
        with self.engine.connect() as connection:
            return connection.execute(select(func.count()).select_from(table)).scalar_one()

    def close(self) -> None:
        self.journal.close()
        self.engine.dispose()


@pytest.fixture
def home(tmp_path, database_url):
    home = Home(tmp_path / "home", database_url)
    yield home
    home.close()


def test_records_calls_legs_facts_and_recordings_arrive(home):
    home.append((JOURNALS / "caller_ends_talk.csv").read_bytes())
    assert home.drain() == 35
    with home.engine.connect() as connection:
        row = connection.execute(select(call)).one()
        assert (row.outcome, row.category, row.talked, row.known) == ("answered", "product", 7_260_467, False)
        assert connection.execute(select(leg.c.kind).order_by(leg.c.place)).scalars().all() == [
            "ivr",
            "queue",
            "offer",
            "talk",
        ]
        assert connection.execute(select(recording.c.state)).scalar_one() == "expected"
        assert connection.execute(select(journal_position.c.complete_to)).scalar_one() == 1795282514149562
    assert (home.count(journal_record), home.count(fact), home.count(rejected_record)) == (35, 13, 0)


@settings(max_examples=7, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(cuts=st.lists(st.integers(0, 10**6), max_size=6), restarts=st.booleans(), seed=st.integers(0, 50))
@pytest.mark.slow
def test_however_the_journal_grows_the_database_is_the_same(tmp_path_factory, cuts, restarts, seed):
    data = made_journal(12, seed=seed) + b'"torn","1795' + (JOURNALS / "four_answered_calls.csv").read_bytes()
    data += b"".join((JOURNALS / f"{name}.csv").read_bytes() for name in JOINED)
    dumps = []
    for places in ([], cuts):
        folder = tmp_path_factory.mktemp("home")
        home = Home(folder, f"sqlite:///{folder}/ledger.sqlite")
        loader, at = home.loader(), 0
        for end in [*sorted(place % len(data) for place in places), len(data)]:
            home.append(data[at:end])
            at = max(at, end)
            home.drain(loader)
            if restarts:
                loader = home.loader()
        dumps.append(home.dump())
        assert verify(home.engine).differences == []
        home.close()
    assert dumps[0] == dumps[1]


@pytest.mark.parametrize("name", JOINED)
def test_wherever_the_loader_is_stopped_a_joined_call_is_one_row_with_all_that_belongs_to_it(home, name):
    """Both databases; stopped after every record."""
    lines = (JOURNALS / f"{name}.csv").read_bytes().splitlines(keepends=True)
    for line in lines:
        home.append(line)
        home.drain()
    assert (home.count(call), home.count(call_linkedid)) == (1, 1)
    with home.engine.connect() as connection:
        row = connection.execute(select(call)).one()
        assert (row.closed_by, row.reopened) == ("journal", 0)
        for table in (leg, fact, recording):
            assert set(connection.execute(select(table.c.call_id)).scalars()) == {row.id}
    before = home.dump()
    assert verify(home.engine).differences == []
    rebuild(home.engine)
    assert home.dump() == before


def verdict_lines(about: str, at: str) -> list[bytes]:
    """Return the journal's lines of the act that says that a call is over."""
    one, two = (f'"{at}","{name}","desk1-1795299999.act1","Local/reconciled@acts-9;{half}"' for name, half in
                (("desk1-1795299999.act1", 1), ("desk1-1795299999.7", 2)))  # fmt: skip
    rest = '"","","reconciled","acts","","",""'
    told = f'"IVR",{two},{rest},"{{""extra"":""reconciled?call={about}&seen=1""}}"'
    plain = [("CHAN_START", one), ("CHAN_START", two), ("CHAN_END", two), ("CHAN_END", one), ("LINKEDID_END", one)]
    lines = [f'"{event}",{half},{rest},""' for event, half in plain]
    return [f"{line}\n".encode() for line in (*lines[:2], told, *lines[2:])]


@pytest.mark.parametrize("name", ["caller_ends_talk", "attended_transfer"])
def test_wherever_the_loader_is_stopped_a_call_whose_end_was_lost_is_closed_by_the_act_and_reopened_by_its_end(
    home, name
):
    """Both databases; stopped after every record."""
    lines = (JOURNALS / f"{name}.csv").read_bytes().splitlines(keepends=True)
    ends = [line for line in lines if line.startswith((b'"HANGUP', b'"CHAN_END', b'"LINKEDID'))]
    told = [line for line in lines if line not in ends]
    about, at = told[0].decode().split('","')[3], told[-1].decode().split('","')[1]
    closed: list[tuple[object, ...]] = []
    for line in [*told, *verdict_lines(about, at), b"", *ends, b""]:
        home.append(line)
        home.drain()
        if not line:
            with home.engine.connect() as connection:
                row = connection.execute(select(call)).one()
                closed.append((row.id, row.closed_by, row.reopened, row.ended_at is not None))
                assert set(connection.execute(select(fact.c.call_id)).scalars()) == {about}
            before = home.dump()
            assert verify(home.engine).differences == []
            rebuild(home.engine)
            assert home.dump() == before
    assert closed == [(about, "reconciled", 0, True), (about, "journal", 1, True)]


def test_what_another_version_of_the_fold_derived_is_derived_anew_before_anything_is_loaded(home):
    home.append(made_journal(5))
    home.drain()
    before = home.dump()
    with home.engine.execution_options(writes=True).begin() as connection:
        connection.execute(update(ledger_version).values(fold=FOLD_VERSION - 1))
        connection.execute(update(call).values(outcome="as it was told then"))
    home.loader().step()
    assert home.dump() == before
    assert renew(home.engine) is None


def test_a_journal_cut_anywhere_gives_the_same_on_both_databases(home):
    data = made_journal(20)
    loader = home.loader()
    for at in range(0, len(data), 40_000):
        home.append(data[at : at + 40_000])
        home.drain(loader)
    assert home.count(call) == 20
    assert home.count(journal_record) == data.count(b"\n")
    assert verify(home.engine).differences == []
    before = home.dump()
    assert rebuild(home.engine) == 20
    assert home.dump() == before


def test_verify_names_the_call_whose_row_was_changed(home):
    home.append((JOURNALS / "four_answered_calls.csv").read_bytes())
    home.drain()
    with home.engine.execution_options(writes=True).begin() as connection:
        connection.execute(
            update(leg).where(leg.c.call_id == "desk1-1795283483.1", leg.c.place == 0).values(reason="x")
        )
    assert verify(home.engine).differences == ["desk1-1795283483.1"]
    rebuild(home.engine)
    assert verify(home.engine).differences == []


def test_rebuilding_keeps_what_became_of_recordings(home):
    home.append((JOURNALS / "caller_ends_talk.csv").read_bytes())
    home.drain()
    with home.engine.execution_options(writes=True).begin() as connection:
        connection.execute(update(recording).values(state="ok", path="x.wav"))
    rebuild(home.engine)
    with home.engine.connect() as connection:
        assert connection.execute(select(recording.c.state, recording.c.path)).one() == ("ok", "x.wav")


def test_a_second_loader_is_refused_and_loads_nothing_twice(home):
    data = made_journal(6)
    first, second = home.loader(), home.loader()
    home.append(data[:6000])
    first.step()
    second.step()
    home.append(data[6000:])
    first.step()
    with pytest.raises(DeskError, match="Another loader"):
        second.step()
    home.drain(first)
    assert home.count(journal_record) == data.count(b"\n")
    home.drain(second)
    assert home.count(journal_record) == data.count(b"\n")


def test_commits_that_a_crashed_database_lost_are_loaded_again(home):
    """F16: PostgreSQL may forget its last commits; the position goes back with them, and the loader follows it."""
    data = made_journal(6)
    home.append(data[:9000])
    loader = home.loader()
    loader.step()
    with home.engine.execution_options(writes=True).begin() as connection:
        for table in (*DERIVED, journal_record, recording, journal_position, total, total_state):
            connection.execute(table.delete())
    home.append(data[9000:])
    with pytest.raises(LedgerAwayError, match="lost its last commits"):
        loader.step()
    home.drain(loader)
    assert home.count(journal_record) == data.count(b"\n")
    assert verify(home.engine).differences == []


def test_two_nodes_share_a_database(home, tmp_path):
    home.append(made_journal(3))
    home.drain()
    other = tmp_path / "other.csv"
    other.write_bytes(made_journal(3, seed=9).replace(b"desk1-", b"desk2-"))
    journal = Journal(other, "desk2")
    home.drain(Loader(journal, SqlLedger(home.engine), "desk2"))
    journal.close()
    assert home.count(call) == 6
    assert verify(home.engine).differences == []


class FailingLedger(SqlLedger):
    """Loses the answer of a commit that succeeded, or fails before it, in turns."""

    turn = 0

    def save(self, before, batch, calls):
        self.turn += 1
        if self.turn % 3 == 1:
            raise LedgerAwayError("gone before the commit")
        kept = super().save(before, batch, calls)
        if self.turn % 3 == 2:
            raise LedgerAwayError("gone before the commit's answer")
        return kept


def test_a_commit_whose_answer_was_lost_is_not_done_again(home):
    """F16 F19."""
    data = made_journal(15)
    loader = Loader(home.journal, FailingLedger(home.engine), NODE)
    for at in range(0, len(data), 9_000):
        home.append(data[at : at + 9_000])
        while True:
            try:
                if loader.step() is None:
                    break
            except LedgerAwayError:
                continue
    assert home.count(journal_record) == data.count(b"\n")
    assert verify(home.engine).differences == []


def test_kept_calls_are_read_while_somebody_writes(home, database_url):
    """Who reads ahead works while the loader saves; it must not wait for the database's one writer."""
    home.append(made_journal(3))
    home.drain(home.loader())
    with home.engine.connect() as connection:
        names = set(connection.execute(select(call.c.id)).scalars())
    impatient = open_database(database_url, wait=0.1)
    with home.engine.execution_options(writes=True).begin() as connection:
        connection.execute(update(journal_position).values(boot="at work"))
        assert {story.name for story in SqlLedger(impatient).stories(names)} == names
    impatient.dispose()


class AwayLedger(SqlLedger):
    """A database that is away while `away` holds."""

    away = True

    def resume(self, node):
        if self.away:
            raise LedgerAwayError("nobody listens")
        return super().resume(node)


async def test_a_database_that_comes_back_gets_everything(home):
    """F16."""
    home.append(made_journal(5))
    ledger = AwayLedger(home.engine)
    stop, progress = asyncio.Event(), Progress()
    running = asyncio.create_task(load(Loader(home.journal, ledger, NODE), stop, progress, poll=0.01))
    while not progress.away:
        await asyncio.sleep(0.01)
    assert progress.health()["database"] == "nobody listens"
    ledger.away = False
    while not progress.records:
        await asyncio.sleep(0.01)
    stop.set()
    await running
    assert "database" not in progress.health()
    assert home.count(call) == 5


def test_b7_a_million_bytes_of_rubbish_are_kept_and_counted(home):
    """B7."""
    home.append(random.Random(7).randbytes(1_000_000) + b"\n" + made_journal(2))
    home.drain()
    assert home.count(call) == 2
    with home.engine.connect() as connection:
        kept = connection.execute(select(func.sum(func.length(rejected_record.c.raw)))).scalar_one()
    assert kept > 990_000


@pytest.mark.parametrize("seed", [1, 2])
def test_a_million_fuzzed_bytes_of_a_journal_never_stop_the_loader(tmp_path, seed):
    """B7: bytes changed, cut out and put in at random; whatever is no record is kept with its place."""
    chance = random.Random(seed)
    data = bytearray(made_journal(170, seed=seed))
    for _ in range(600):
        at = chance.randrange(len(data))
        if chance.random() < 0.5:
            data[at] = chance.choice((0, 10, 13, 34, 44, 92, 255, chance.randrange(256)))
        elif chance.random() < 0.5:
            del data[at : at + chance.randrange(1, 60)]
        else:
            data[at:at] = chance.choice((b'"', b"\n", b'","', b"\xff\x00", bytes(data[at : at + 200])))
    assert len(data) >= 1_000_000
    home = Home(tmp_path / "home", f"sqlite:///{tmp_path}/ledger.sqlite")
    home.append(bytes(data) + b"\n")
    home.drain()
    assert home.count(journal_record) > 0.8 * data.count(b"\n")
    assert 0 < home.count(rejected_record) < 3000
    assert verify(home.engine).differences == []
    home.close()


def test_f29_records_of_the_same_microsecond_have_keys_of_their_own(home):
    text = (JOURNALS / "four_answered_calls.csv").read_bytes()
    first = text.split(b'","')[1]
    same = re.sub(rb'(?m)^("[A-Z_]+",")[0-9.]+', rb"\g<1>" + first, text)
    assert len(set(re.findall(rb'(?m)^"[A-Z_]+","([0-9.]+)', same))) == 1
    home.append(same)
    home.drain()
    assert home.count(journal_record) == text.count(b"\n")
    assert home.count(call) == 4
    with home.engine.connect() as connection:
        lengths = connection.execute(select(leg.c.ended_at - leg.c.began_at)).scalars().all()
    assert set(lengths) == {0}
    assert verify(home.engine).differences == []


def test_hostile_callers_are_stored_as_they_came(home):
    """B1: nothing that a caller sends makes another row, and both databases keep the same text."""
    text = (JOURNALS / "caller_ends_talk.csv").read_text()
    names = ['""IVR"",""1795282504.500001"",""x', "a\nb\r\nc", "${X} | ' ; DROP TABLE call; --", "😀 Анна", "\\N\\t\\"]
    for place, name in enumerate(names):
        home.append(text.replace("desk1-1795282504.", f"desk1-17952826{place:02}.").replace("Anonymous", name).encode())
    home.append(text.replace("Anonymous", "BROKEN").encode().replace(b"BROKEN", b"\xff\x00\xfe"))
    home.drain()
    assert (home.count(call), home.count(rejected_record)) == (len(names) + 1, 0)
    with home.engine.connect() as connection:
        kept = set(connection.execute(select(journal_record.c.name)).scalars())
    assert {name.replace('""', '"') for name in names} | {"���"} <= kept


def test_escapes_that_no_database_can_hold_do_not_stop_the_journal_behind_them(home):
    """B7: half a surrogate and a NUL, written as JSON's and percent's escapes."""
    extras = {
        "CHAN_START": "",
        "IVR": r'{"extra":"arrived?desk=\ud800&number=%00"}',
        "DTMF": r'{"digit":"\ud800\u0000"}',
        "BRIDGE_ENTER": r'{"bridge_id":"\udfff"}',
        "HANGUP": r'{"hangupcause":16,"hangupsource":"\udfff","dialstatus":""}',
        "LINKEDID_END": "",
    }
    for name, extra in extras.items():
        words = [name, "1795283586.500000", *["desk1-1795283586.9"] * 2, "PJSIP/trunk-1", "", "+7", "100", *[""] * 4]
        home.append((",".join(f'"{word}"' for word in [*words, extra.replace('"', '""')]) + "\n").encode())
    home.append(made_journal(1))
    home.drain()
    assert (home.count(call), home.count(rejected_record)) == (2, 0)


def test_a_full_disk_is_waited_for_and_nothing_is_lost(tmp_path):
    """F16: what the driver itself raises counts as a database that is away."""
    home = Home(tmp_path / "home", f"sqlite:///{tmp_path}/ledger.sqlite")
    home.append(made_journal(50))
    loader = home.loader()
    with home.engine.connect() as connection:
        pages = connection.exec_driver_sql("PRAGMA page_count").scalar_one()
    full = open_database(f"sqlite:///{tmp_path}/ledger.sqlite")
    event.listen(full, "connect", lambda opened, _: opened.execute(f"PRAGMA max_page_count={pages}").close())
    with pytest.raises(LedgerAwayError, match="full"):
        Loader(home.journal, SqlLedger(full), NODE).step()
    full.dispose()
    assert home.drain(loader) > 0
    assert home.count(call) == 50


def test_the_position_of_a_first_start_stands_before_the_oldest_file(home):
    position, open_calls = SqlLedger(home.engine).resume(NODE)
    assert (position.inode, position.offset, list(open_calls)) == (0, 0, [])
    assert SqlLedger(home.engine).resume(NODE)[0] == position
    assert SqlLedger(home.engine).resume("other")[0].file != position.file


def test_an_accepted_gap_is_noted(home):
    """F20."""
    home.append(made_journal(2))
    home.drain()
    home.path.write_bytes(made_journal(1, begin=1_795_100_000))
    loader = home.loader()
    with pytest.raises(DeskError, match="--after-gap"):
        loader.step()
    home.loader().accept_gap()
    home.drain()
    with home.engine.connect() as connection:
        assert "gap" in connection.execute(select(rejected_record.c.reason)).scalar_one()
    assert home.count(call) == 3


def test_an_empty_batch_moves_the_position_only(home):
    ledger = SqlLedger(home.engine)
    position, _ = ledger.resume(NODE)
    behind = Position(NODE, "boot", position.file, 7, "1:a", 100)
    ledger.save(position, Batch([], [], behind), [])
    assert ledger.resume(NODE)[0] == behind
