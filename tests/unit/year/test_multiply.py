"""A ledger made many times as large is as a loader would have filled it, and loading goes on behind it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from sqlalchemy import func, select, update

from ivr.asterisk.journal import Journal
from ivr.desk.load import Loader
from ivr.reports.contacts import missed_rows
from ivr.store.audit import made_differences
from ivr.store.engine import open_database
from ivr.store.ledger import SqlLedger
from ivr.store.migrate import migrate
from ivr.store.missed import _contacts
from ivr.store.sums import Wanted, sums
from ivr.store.tables import agent_span, call, fact, journal_position, leg
from ivr.store.tables_missed import missed
from tests.year.journal import write_year
from tests.year.multiply import Multiplier

EVER = 2**60
ZONE = "Europe/Moscow"


def load(engine, folder):
    loader = Loader(Journal(folder / "journal.csv", "desk1"), SqlLedger(engine, ZONE), "desk1")
    while loader.step():
        pass


@pytest.mark.slow
def test_a_multiplied_ledger_holds_each_row_again_and_goes_on(tmp_path, database_url):
    migrate(database_url)
    engine = open_database(database_url)
    write_year(tmp_path / "base", 300, a_year=50_000, processes=1)
    load(engine, tmp_path / "base")
    before, calls = counts(engine), offered(engine)
    multiplier = Multiplier(engine)
    multiplier.grow(1)
    end = multiplier.grow(2)
    multiplier.close()
    assert counts(engine) == tuple(4 * count for count in before)
    assert offered(engine) == {key: 4 * count for key, count in calls.items()}
    with engine.connect() as connection:
        assert made_differences(connection) == []
        assert_missed_as_counted(connection)
        assert connection.execute(select(func.max(call.c.began_at))).scalar_one() < end
    write_year(tmp_path / "later", 50, begin=(datetime.fromtimestamp(end / 1e6, UTC) + timedelta(days=1)).date())
    with engine.execution_options(writes=True).begin() as connection:
        connection.execute(update(journal_position).values(file=journal_position.c.file + 1))
    load(engine, tmp_path / "later")
    assert counts(engine)[0] > 4 * before[0] + 40
    check_spans(engine)
    engine.dispose()


def assert_missed_as_counted(connection) -> None:
    """Each number's missed calls and returns are what its calls, counted anew, make of them."""
    kept = sorted(connection.execute(select(missed)).all())
    numbers = {row.number for row in kept}
    begins = dict.fromkeys(numbers, 0)
    contacts, _ = _contacts(connection, begins)
    anew = sorted((row.number, row.first_at, row.returned_at) for his in contacts.values() for row in missed_rows(his))
    assert [(row.number, row.first_at, row.returned_at) for row in kept] == anew


def counts(engine) -> tuple[int, ...]:
    with engine.connect() as connection:
        return tuple(
            connection.execute(select(func.count()).select_from(one)).scalar_one() for one in (call, leg, fact)
        )


def offered(engine) -> dict[tuple[str, ...], int]:
    with engine.connect() as connection:
        found = sums(connection, Wanted("line", 0, EVER - EVER % 900_000_000, ZONE, by=("line",)))
    return {keys: amounts["offered"] for keys, amounts in found.items()}


def check_spans(engine) -> None:
    """Each agent's time has neither hole nor overlap, and its last span goes on."""
    with engine.connect() as connection:
        rows = connection.execute(select(agent_span).order_by(agent_span.c.agent, agent_span.c.began_at)).all()
    for one, following in pairwise([*rows, None]):
        if following is None or following.agent != one.agent:
            assert one.ended_at is None
        else:
            assert one.ended_at == following.began_at
