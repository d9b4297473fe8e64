"""What the loader keeps of callers who call again is what a plain count over all calls gives."""

from __future__ import annotations

import json
import random
import re
from collections import defaultdict

import pytest
from sqlalchemy import select

from ivr.desk.explain_report import explain_report
from ivr.desk.made_report import Ask
from ivr.desk.report import make_report
from ivr.errors import DeskError
from ivr.reports.contacts import WINDOW, contact_of
from ivr.reports.repeats import repeat_tallies, series_of
from ivr.reports.standard import REPORTS
from ivr.store import repeats
from ivr.store.books import SqlBooks
from ivr.store.engine import open_database
from ivr.store.migrate import migrate
from ivr.store.rebuild import rebuild, verify
from ivr.store.repeats import keep_repeats
from ivr.store.stored import closed_calls
from ivr.store.sums import Wanted, sums
from ivr.store.tables import call
from ivr.store.tables_repeats import caller_series
from tests.made_calls import leg, made_call
from tests.unit.store.test_missed import contacts, few_callers, loaded

pytestmark = pytest.mark.slow

DAY = 86_400_000_000
EVER = Ask(0, 4_000_000_000_000_000 // 900_000_000 * 900_000_000)
NUMBERS = ("+79215550101", "89215550101", "+79215550102", "0079215550102", "+72")
KEYS = ("desk", "category", "line", "agent")


def told(calls):
    """Return the calls as the loader gives them."""
    return [contact for one in calls if (contact := contact_of(one))]


def plain(own):
    """Return the totals and the series of all calls, counted at once."""
    found = defaultdict(lambda: defaultdict(int))
    series = set()
    for some in own.values():
        incoming = [one for one in some if one.direction == "in"]
        series |= set(series_of(incoming))
        for one in repeat_tallies(incoming):
            found[one.keys][one.measure] += one.value
    return {keys: dict(measures) for keys, measures in found.items()}, series


def kept(engine):
    with engine.connect() as connection:
        told = sums(connection, Wanted("contact", 0, 1 << 61, by=KEYS))
        return told, {repeats.Series._make(row) for row in connection.execute(select(caller_series))}


@pytest.mark.parametrize(("per_second", "seed"), [(0.0002, 0), (0.0002, 1), (0.00001, 2), (5.0, 0), (5.0, 1)])
def test_whatever_the_journal_is_cut_into_the_totals_are_those_of_a_plain_count(tmp_path, seed, per_second):
    """Seldom calls stand apart by more than the window; close together they end in another order than they began."""
    data = few_callers(60, seed, per_second=per_second)
    step = 20_000 + seed * 7919
    engine = loaded(
        tmp_path, f"sqlite:///{tmp_path}/ledger.sqlite", [data[at : at + step] for at in range(0, len(data), step)]
    )
    told, series = kept(engine)
    assert (told, series) == plain(contacts(engine))
    assert series
    assert verify(engine).differences == []
    engine.dispose()


def test_a_rebuild_gives_the_same_and_a_late_record_changes_what_it_should(tmp_path, database_url):
    data = few_callers(40, 7, per_second=0.0002)
    engine = loaded(tmp_path, database_url, [data, data.splitlines(keepends=True)[0]])
    before = kept(engine)
    assert before == plain(contacts(engine))
    rebuild(engine)
    assert kept(engine) == before
    assert verify(engine).differences == []
    engine.dispose()


@pytest.mark.parametrize("near", [1, 2, 5])
@pytest.mark.parametrize("seed", range(4))
def test_calls_that_come_change_and_go_in_any_order_leave_a_plain_count(
    tmp_path, database_url, seed, near, monkeypatch
):
    """Also when a number has far more calls than are read at first."""
    monkeypatch.setattr(repeats, "_NEAR", near)
    monkeypatch.setattr(repeats, "_MORE", near + 1)
    chance = random.Random(seed)
    migrate(database_url)
    engine = open_database(database_url)
    totals, there = defaultdict(lambda: defaultdict(int)), {}
    for turn in range(25):
        before = [there.pop(name) for name in chance.sample(sorted(there), min(len(there), chance.randrange(3)))]
        names = [one.id for one in before if chance.random() < 0.7] + [f"desk1-{turn}.{place}" for place in range(3)]
        now = [made(name, chance) for name in names]
        there |= {one.id: one for one in now}
        with engine.execution_options(writes=True).begin() as connection:
            connection.execute(call.delete().where(call.c.id.in_([one.id for one in before])))
            connection.execute(call.insert(), [dict(zip(call.c.keys(), one, strict=False)) for one in now])
            for one in keep_repeats(connection, told(before), told(now)):
                totals[one.keys][one.measure] += one.value
    own = defaultdict(list)
    for one in there.values():
        own[contact_of(one).number].append(contact_of(one))
    found = {keys: {name: value for name, value in own.items() if value} for keys, own in totals.items()}
    assert ({keys: own for keys, own in found.items() if own}, kept(engine)[1]) == plain(own)
    engine.dispose()


def made(name, chance):
    at = chance.randrange(40 * DAY)
    talked = [leg("talk", 5, 65, line="first", agent=chance.choice(["101", "102"]))] if chance.random() < 0.7 else []
    one = made_call(
        leg("queue", 0, 5, "answered", line="first"),
        *talked,
        id=name,
        caller=chance.choice(NUMBERS),
    )
    later = at - one.began_at
    return one._replace(
        began_at=at,
        ended_at=at + 70_000_000,
        connected_at=None if one.connected_at is None else one.connected_at + later,
        category=chance.choice(["", "product", "claim"]),
    )


def test_the_report_counts_a_call_as_settled_only_when_the_window_is_over(tmp_path, database_url):
    engine = loaded(tmp_path, database_url, [few_callers(60, 3, per_second=0.00001)])
    with engine.connect() as connection:
        ids = connection.execute(select(call.c.id)).scalars().all()
        every = closed_calls(connection, ids)
    books = SqlBooks(database_url)
    complete = books.freshness().complete_to
    own = contacts(engine)
    ripe = complete - WINDOW
    ripe -= ripe % 900_000_000
    tallies = [one for some in own.values() for one in repeat_tallies(some) if one.bucket < ripe]
    judged = sum(one.measure == "judged" for one in tallies)
    back = sum(one.measure == "repeated" for one in tallies)
    table = make_report(books, REPORTS["repeat"], EVER).tables[0]
    row = dict(zip([head.id for head in table.heads], table.total, strict=True))
    assert row["fcr_calls"] == judged < sum(one.connected_at is not None for one in every)
    assert row["fcr"] == pytest.approx(1 - back / judged)
    assert 0 < back < judged
    books.close()
    engine.dispose()


def test_the_calls_behind_a_number_add_up_to_it(tmp_path):
    url = f"sqlite:///{tmp_path}/ledger.sqlite"
    engine = loaded(tmp_path, url, [few_callers(60, 3, per_second=0.00001)])
    books = SqlBooks(url)
    table = make_report(books, REPORTS["repeat"], EVER).tables[0]
    numbers = dict(zip([head.id for head in table.heads], table.total, strict=True))
    for metric in ("fcr", "repeat_rate", "repeat_calls", "numbered_calls", "fcr_calls"):
        opened = explain_report(books, REPORTS["repeat"], metric, EVER._replace(limit=1000))
        top = bottom = 0.0
        for one in opened.tables:
            ids = [head.id for head in one.heads]
            top += sum(row[ids.index("part")] for row in one.rows)
            bottom += sum(row[ids.index("below")] for row in one.rows) if "below" in ids else 0
        assert numbers[metric] == pytest.approx(top / bottom if bottom else top), metric
    books.close()
    engine.dispose()


def test_another_window_is_counted_from_the_calls_and_the_usual_one_gives_the_same_both_ways(tmp_path, database_url):
    engine = loaded(tmp_path, database_url, [few_callers(60, 3, per_second=0.00005)])
    books = SqlBooks(database_url)
    usual = make_report(books, REPORTS["repeat"], EVER)
    # A microsecond more is another window, and here the same calls.
    other = make_report(books, REPORTS["repeat"], EVER._replace(window=WINDOW + 1))
    assert json.dumps([table.rows for table in other.tables]) == json.dumps([table.rows for table in usual.tables])
    assert usual.tables[-1].rows
    short = make_report(books, REPORTS["repeat"], EVER._replace(window=DAY))
    place = [head.id for head in short.tables[0].heads].index("repeat_calls")
    assert short.tables[0].total[place] < usual.tables[0].total[place]
    with pytest.raises(DeskError, match="Leave out --by"):
        make_report(books, REPORTS["repeat"], EVER._replace(window=DAY, time="day"))
    books.close()
    engine.dispose()


def test_callers_again_are_those_of_most_calls_first_and_can_be_filtered(tmp_path, database_url):
    engine = loaded(tmp_path, database_url, [few_callers(60, 3, per_second=0.0002, callers=9)])
    books = SqlBooks(database_url)
    every = make_report(books, REPORTS["repeat"], EVER).tables[-1]
    calls = [row[1] for row in every.rows]
    assert calls == sorted(calls, reverse=True)
    assert len(calls) > 3
    line = every.rows[0][6]
    where = {"line": frozenset({line.replace("no line", "")})}
    mine = make_report(books, REPORTS["repeat"], EVER._replace(where=where)).tables[-1]
    assert mine.rows == tuple(row for row in every.rows if row[6] == line)
    engine.dispose()
    books.close()


def test_calls_without_a_number_and_open_ones_are_no_repeat(tmp_path):
    url = f"sqlite:///{tmp_path}/ledger.sqlite"
    migrate(url)
    engine = open_database(url)
    with engine.execution_options(writes=True).begin() as connection:
        for one in (made_call(leg("queue", 0, 5), caller=""), made_call(leg("queue", 0, 5), ended_at=None)):
            assert keep_repeats(connection, [], told([one])) == []
    engine.dispose()


def test_a_caller_whose_number_comes_in_another_spelling_has_called_again(tmp_path, database_url):
    data = few_callers(40, 7, per_second=0.0002).decode()
    spelled = iter(["+79215550", "89215550", "79215550", "0079215550"] * 1000)
    calls = defaultdict(lambda: next(spelled))
    rows = [re.sub(r"\+7812000000(?=\d)", f"{calls[row.split(chr(34))[7]]}10", row) for row in data.splitlines(True)]
    engine = loaded(tmp_path, database_url, ["".join(rows).encode()])
    assert kept(engine) == plain(contacts(engine))
    assert {one.number[:9] for one in kept(engine)[1]} == {"+79215550"}
    assert verify(engine).differences == []
    books = SqlBooks(database_url)
    usual = make_report(books, REPORTS["repeat"], EVER)
    other = make_report(books, REPORTS["repeat"], EVER._replace(window=WINDOW + 1))
    assert json.dumps([table.rows for table in other.tables]) == json.dumps([table.rows for table in usual.tables])
    books.close()
    engine.dispose()
