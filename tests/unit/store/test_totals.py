"""The totals against a plain count over the calls themselves."""

from __future__ import annotations

import random
from collections import Counter, defaultdict
from datetime import UTC, datetime
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import func, select, update

from ivr.asterisk.journal import Journal
from ivr.desk.load import Loader
from ivr.reports.contributions import tallies
from ivr.reports.tally import KEYS, QUARTER
from ivr.store.engine import open_database
from ivr.store.grains import DAYS, MONTHS, QUARTERS, day_of, month_of, pieces
from ivr.store.ledger import SqlLedger
from ivr.store.migrate import migrate
from ivr.store.rebuild import rebuild, verify
from ivr.store.stored import closed_calls
from ivr.store.sums import Wanted, sums
from ivr.store.tables import call, leg
from ivr.store.tables_totals import total, total_state
from tests.made_journal import made_journal

pytestmark = pytest.mark.slow

NODE = "desk1"
BEGIN = 1_795_000_000
MOSCOW = "Europe/Moscow"


class Loaded:
    """A ledger of thirty-two calls over some days, with the months' edge among them, cut into batches."""

    def __init__(self, folder, url, zone=MOSCOW):
        migrate(url)
        self.engine = open_database(url)
        self.path = folder / "journal.csv"
        self.journal = Journal(self.path, NODE)
        self.loader = Loader(self.journal, SqlLedger(self.engine, zone), NODE)

    def grow(self, data, cuts=6):
        step = max(1, len(data) // cuts)
        for at in range(0, len(data), step):
            with self.path.open("ab") as file:
                file.write(data[at : at + step])
            while self.loader.step():
                pass

    def every(self):
        with self.engine.connect() as connection:
            ids = connection.execute(select(call.c.id)).scalars().all()
            return [one for found in closed_calls(connection, ids) for one in tallies(found)]

    def ask(self, *args, **named):
        with self.engine.connect() as connection:
            return sums(connection, Wanted(*args, **named))

    def close(self):
        self.journal.close()
        self.engine.dispose()


@pytest.fixture
def loaded(tmp_path, database_url):
    """Give one whose journal grows on."""
    loaded = Loaded(tmp_path, database_url)
    loaded.grow(made_journal(32, begin=BEGIN, per_second=1 / 45000))
    yield loaded
    loaded.close()


@pytest.fixture
def copied(tmp_path, tmp_path_factory, ledgers):
    """Give the ledger alone, loaded once and copied for each test."""

    def load(url):
        first = Loaded(tmp_path_factory.mktemp("totals"), url)
        first.grow(made_journal(32, begin=BEGIN, per_second=1 / 45000))
        first.close()

    copied = Loaded(tmp_path, ledgers.copy(tmp_path, "totals", load))
    yield copied
    copied.close()


def counted(every, *args, **named):
    """Return what `sums` should, by adding up every single tally."""
    subject, since, until, zone, where, by, time, *_ = Wanted(*args, **named)
    found: dict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
    for one in every:
        keys = dict(zip(KEYS[one.subject], one.keys, strict=True))
        if one.subject != subject or not since <= one.bucket < until:
            continue
        if any(keys[name] not in values for name, values in where.items()):
            continue
        local = datetime.fromtimestamp(one.bucket / 1e6, UTC).astimezone(ZoneInfo(zone))
        clock = {"day": "%Y-%m-%d", "month": "%Y-%m", "hour": "%Y-%m-%d %H:00", "weekday": "%u %A"}
        group = tuple(keys[name] for name in by) + ((local.strftime(clock[time]),) if time else ())
        found[group][one.measure] += one.value
    sums = {group: {name: value for name, value in own.items() if value} for group, own in found.items()}
    return {group: own for group, own in sums.items() if own}


def test_totals_over_any_range_equal_a_count_of_every_call(copied):
    every, chance = copied.every(), random.Random(3)
    assert len({day_of(one.bucket, MOSCOW) for one in every}) > 10
    first, last = (edge(one.bucket for one in every) // QUARTER for edge in (min, max))
    asked = [
        ("call", {}, (), ""),
        ("call", {}, ("direction", "category"), ""),
        ("call", {"source": {"internet", ""}, "category": {"product"}}, ("number",), ""),
        ("line", {}, ("line",), "day"),
        ("line", {"category": {"product"}}, ("line",), "month"),
        ("agent", {}, ("agent", "direction"), "hour"),
        ("node", {}, ("node",), "weekday"),
    ]
    for _ in range(4):
        since, until = sorted(chance.randint(first - 50, last + 50) * QUARTER for _ in range(2))
        for subject, where, by, time in asked:
            got = copied.ask(subject, since, until, MOSCOW, where, by, time)
            assert got == counted(every, subject, since, until, MOSCOW, where, by, time), (subject, by, time)


def test_several_times_and_few_measures_are_what_all_measures_of_each_time_say(copied):
    begin, end = day_of(BEGIN * 1_000_000 + 3 * 86_400_000_000, MOSCOW)
    spans = [(begin + later, end + later) for later in (0, 7 * 86_400_000_000, 8 * 86_400_000_000)]
    names = frozenset({"calls", "talked", "never counted"})
    got = copied.ask("call", 0, 0, MOSCOW, {}, ("direction",), "day", spans, names)
    every = {
        key: {name: value for name, value in own.items() if name in names}
        for since, until in spans
        for key, own in copied.ask("call", since, until, MOSCOW, {}, ("direction",), "day").items()
    }
    assert got == every
    assert got
    assert copied.ask("call", 0, 0, MOSCOW, {}, (), "", spans, frozenset({"never counted"})) == {}


def test_a_zone_that_is_not_the_ledgers_gets_its_own_days(copied):
    every = copied.every()
    day, end = day_of(BEGIN * 1_000_000 + 3 * 86_400_000_000, "Asia/Kolkata")
    got = copied.ask("call", day, end + 86_400_000_000, "Asia/Kolkata", {}, ("desk",), "day")
    assert got == counted(every, "call", day, end + 86_400_000_000, "Asia/Kolkata", {}, ("desk",), "day")
    assert got


def test_days_and_months_are_made_and_read(copied):
    with copied.engine.connect() as connection:
        made = dict(map(tuple, connection.execute(select(total.c.grain, func.count()).group_by(total.c.grain))))
    assert made[QUARTERS] > made[DAYS] > made[MONTHS] > 0


def test_a_reopened_call_is_taken_out_and_added_anew(loaded):
    """A record that comes long after its call was over changes the call, also in days and months that are made."""
    record = made_journal(32, begin=BEGIN, per_second=1 / 45000).splitlines(keepends=True)[0]
    loaded.grow(record, cuts=1)
    every = loaded.every()
    assert loaded.ask("call", 0, 1 << 61, MOSCOW) == counted(every, "call", 0, 1 << 61, MOSCOW)
    assert verify(loaded.engine).differences == []


@pytest.mark.slow
def test_verify_tells_of_totals_that_do_not_fit_the_calls(copied):
    with copied.engine.execution_options(writes=True).begin() as connection:
        quarters = (total.c.shelf == 30) & (total.c.grain == QUARTERS)
        bucket = connection.execute(select(func.min(total.c.bucket)).where(quarters)).scalar_one()
        connection.execute(total.delete().where(quarters, total.c.bucket == bucket))
    found = verify(copied.engine).differences
    assert found[0].startswith("totals of agent from 2026-11-18")
    assert found[1:] == ["totals made of agent by agent, direction, desk, line"]
    rebuild(copied.engine)
    assert verify(copied.engine).differences == []


def test_verify_tells_of_days_that_do_not_fit_their_quarters(copied):
    with copied.engine.execution_options(writes=True).begin() as connection:
        connection.execute(total.delete().where(total.c.shelf == 21, total.c.grain == DAYS))
    assert verify(copied.engine).differences == ["totals made of line by desk, line"]


@pytest.mark.slow
def test_a_rebuild_gives_the_same_totals_and_a_running_loader_goes_on_with_them(loaded):
    before = loaded.ask("agent", 0, 1 << 61, MOSCOW, {}, ("agent",), "day")
    rebuild(loaded.engine)
    assert loaded.ask("agent", 0, 1 << 61, MOSCOW, {}, ("agent",), "day") == before
    loaded.grow(made_journal(10, seed=5, begin=BEGIN + 2_000_000, per_second=0.01))
    every = loaded.every()
    assert loaded.ask("agent", 0, 1 << 61, MOSCOW, {}, ("agent",)) == counted(
        every, "agent", 0, 1 << 61, MOSCOW, {}, ("agent",)
    )
    assert verify(loaded.engine).differences == []


def test_another_zone_of_the_ledger_makes_other_days_of_the_same_quarters(loaded):
    loader = Loader(loaded.journal, SqlLedger(loaded.engine, "America/New_York"), NODE)
    loaded.loader = loader
    loaded.grow(made_journal(5, seed=5, begin=BEGIN + 2_000_000, per_second=0.01))
    with loaded.engine.connect() as connection:
        assert connection.execute(select(total_state.c.zone)).scalar_one() == "America/New_York"
    got = loaded.ask("line", 0, 1 << 61, "America/New_York", {}, ("line",), "day")
    assert got == counted(loaded.every(), "line", 0, 1 << 61, "America/New_York", {}, ("line",), "day")


def test_a_call_read_back_from_its_rows_is_the_call_that_was_kept(copied):
    with copied.engine.connect() as connection:
        ids = connection.execute(select(call.c.id)).scalars().all()
        found = closed_calls(connection, ids)
        assert len(found) == 32
        legs = connection.execute(select(func.count()).select_from(leg)).scalar_one()
    assert sum(len(one.legs) for one in found) == legs
    assert all(one.first_record <= told.record <= one.last_record for one in found for told in one.facts)


def test_a_days_length_follows_the_clocks_change():
    spring = round(datetime(2026, 3, 29, 12, tzinfo=UTC).timestamp()) * 1_000_000
    begin, end = day_of(spring, "Europe/Berlin")
    assert (end - begin) / 3.6e9 == 23
    begin, end = month_of(spring, "Europe/Berlin")
    assert (end - begin) / 3.6e9 == 31 * 24 - 1


def test_the_pieces_of_a_range_are_whole_and_few():
    since, until = BEGIN * 1_000_000 // QUARTER * QUARTER, (BEGIN + 200 * 86_400) * 1_000_000 // QUARTER * QUARTER
    found = list(pieces(since, until, zone=MOSCOW, coarsest=MONTHS, made_to=until))
    assert found[0].since == since
    assert found[-1].until == until
    assert all(one.until == other.since for one, other in pairwise(found))
    assert [piece.grain for piece in found] == [QUARTERS, DAYS, MONTHS, DAYS, QUARTERS]


def test_quarters_that_are_not_made_yet_are_read_from_the_whole_shelf(copied):
    with copied.engine.execution_options(writes=True).begin() as connection:
        connection.execute(update(total_state).values(rolled_to=0))
    assert copied.ask("line", 0, 1 << 61, MOSCOW, {}, ("line",)) == counted(
        copied.every(), "line", 0, 1 << 61, MOSCOW, {}, ("line",)
    )
