"""The missed calls that the loader keeps are those that all calls of a number tell together."""

from __future__ import annotations

import re
from collections import defaultdict
from pathlib import Path

import pytest
from sqlalchemy import select

from ivr.asterisk.journal import Journal
from ivr.desk.load import Loader
from ivr.reports.contacts import contact_of, missed_rows
from ivr.store.books import SqlBooks
from ivr.store.engine import open_database
from ivr.store.ledger import SqlLedger
from ivr.store.migrate import migrate
from ivr.store.rebuild import verify
from ivr.store.stored import closed_calls
from ivr.store.sums import Wanted, sums
from ivr.store.tables import call
from ivr.store.tables_missed import missed
from tests.contact_oracle import number_totals
from tests.made_journal import made_journal

pytestmark = pytest.mark.slow

JOURNALS = Path(__file__).parents[2] / "journals"
BEGIN = 1_795_000_000


def few_callers(calls, seed, callers=4, per_second=0.001):
    """Return a journal whose calls are those of a few numbers, which so call again and again."""
    text = made_journal(calls, seed=seed, begin=BEGIN, per_second=per_second).decode()
    return re.sub(r"\+7812(\d{7})", lambda found: f"+7812000000{int(found[1]) % callers}", text).encode()


def loaded(folder, url, parts):
    migrate(url)
    engine = open_database(url)
    path = folder / "journal.csv"
    path.touch()
    journal = Journal(path, "desk1")
    loader = Loader(journal, SqlLedger(engine), "desk1")
    for part in parts:
        with path.open("ab") as file:
            file.write(part)
        while loader.step():
            pass
    journal.close()
    return engine


def contacts(engine):
    found = defaultdict(list)
    with engine.connect() as connection:
        ids = connection.execute(select(call.c.id)).scalars().all()
        for one in closed_calls(connection, ids):
            if contact := contact_of(one):
                found[contact.number].append(contact)
    return found


def kept(engine):
    with engine.connect() as connection:
        return {
            (
                row.number,
                row.first_at,
                row.last_at,
                row.calls,
                row.last_call,
                row.tries,
                row.returned_at,
                row.returned_by,
            )
            for row in connection.execute(select(missed))
        }


def told(engine):
    return {
        (
            one.number,
            one.first_at,
            one.last_at,
            len(one.calls),
            one.calls[-1],
            one.tries,
            one.returned_at,
            one.returned_by,
        )
        for own in contacts(engine).values()
        for one in missed_rows(own)
    }


@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("per_second", [0.0005, 5.0])
def test_whatever_the_journal_is_cut_into_the_rows_are_the_same(tmp_path, seed, per_second):
    """Close together the calls end in another order than they began in."""
    data = few_callers(60, seed, per_second=per_second)
    step = 20_000 + seed * 7919
    parts = [data[at : at + step] for at in range(0, len(data), step)]
    engine = loaded(tmp_path, f"sqlite:///{tmp_path}/ledger.sqlite", parts)
    assert kept(engine) == told(engine)
    assert len(kept(engine)) > 3
    assert verify(engine).differences == []
    engine.dispose()


def test_the_totals_are_what_the_numbers_tell(tmp_path, database_url):
    engine = loaded(tmp_path, database_url, [few_callers(50, 5)])
    expected = defaultdict(int)
    for own in contacts(engine).values():
        for measure, value in number_totals(own, 1 << 61).items():
            if measure.startswith(("owed", "return")) and value:
                expected[measure] += value
    with engine.connect() as connection:
        assert sums(connection, Wanted("number", 0, 1 << 61)) == {(): dict(expected)}
    assert kept(engine) == told(engine)
    engine.dispose()


@pytest.mark.parametrize(
    ("caller", "dialled", "settled"),
    [
        ("+79215550102", "+79215550102", True),
        ("+79215550102", "89215550102", True),
        ("89215550102", "+79215550102", True),
        ("79215550102", "0079215550102", True),
        ("+79215550102", "81079215550102", True),
        ("+442079460000", "00442079460000", True),
        ("+19215550102", "89215550102", False),
        ("+79215550102", "89215550103", False),
        ("9215550102", "89215550102", False),
        ("+442079460000", "02079460000", False),
    ],
)
def test_a_call_of_an_agent_settles_the_debt_however_he_dials_the_number_and_no_other_ones(
    tmp_path, caller, dialled, settled
):
    """Without a country nobody knows whose `02079460000` is: the debt stays, and a person looks at it."""
    missed_call = (JOURNALS / "caller_leaves_while_ringing.csv").read_text().replace("+78125550100", caller)
    back = (JOURNALS / "agent_calls_outside.csv").read_text().replace("+79215550102", dialled)
    back = re.sub(r'"BRIDGE_EXIT","1795296994', '"BRIDGE_EXIT","1795297004', back)
    engine = loaded(tmp_path, f"sqlite:///{tmp_path}/ledger.sqlite", [missed_call.encode(), back.encode()])
    with engine.connect() as connection:
        (row,) = connection.execute(select(missed)).all()
    assert (row.returned_by == "901", row.returned_at is not None) == (settled, settled)
    assert verify(engine).differences == []
    engine.dispose()


def test_the_debt_list_has_every_number_that_is_owed_a_talk_and_who_spoke_with_it_last(tmp_path, database_url):
    engine = loaded(tmp_path, database_url, [few_callers(50, 5, callers=12)])
    owed = {
        number: rows[-1]
        for number, own in contacts(engine).items()
        if (rows := missed_rows(own)) and not rows[-1].returned_at
    }
    books = SqlBooks(database_url)
    debts = books.debts({}, 100)
    assert {one.number for one in debts} == owed.keys()
    assert owed
    assert [one.last_at for one in debts] == sorted((one.last_at for one in debts), reverse=True)
    for one in debts:
        spoke = [contact for contact in contacts(engine)[one.number] if contact.agent]
        assert one.owner == (max(spoke, key=lambda contact: contact.at).agent if spoke else "")
        assert one.missed == len(owed[one.number].calls)
    assert books.debts({"desk": {"nobody"}}, 100) == []
    books.close()
    engine.dispose()
