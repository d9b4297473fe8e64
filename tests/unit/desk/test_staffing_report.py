"""Staffing from a ledger: the model is asked with what the ledger has, and held against what happened."""

from __future__ import annotations

import math
from collections import Counter, defaultdict
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select

from ivr.asterisk.journal import Journal
from ivr.desk.load import Loader
from ivr.desk.made_report import Ask
from ivr.desk.report import make_report
from ivr.reports.erlang import Load, forecast
from ivr.reports.staffing import Target, agents_for, least_trunks, rostered
from ivr.reports.standard import REPORTS
from ivr.store.books import SqlBooks
from ivr.store.engine import open_database
from ivr.store.ledger import SqlLedger
from ivr.store.migrate import migrate
from ivr.store.tables import agent_span, call, leg
from tests.year.journal import write_year

MOSCOW = ZoneInfo("Europe/Moscow")
EVER = Ask(0, 4_000_000_000_000_000 // 900_000_000 * 900_000_000, "Europe/Moscow")
HALF = 1_800_000_000
STATES = ("ready", "offered", "talking", "hold", "wrap-up")


@pytest.fixture(scope="module")
def ledger(tmp_path_factory):
    folder = tmp_path_factory.mktemp("staffing")
    write_year(folder, 800)
    url = f"sqlite:///{folder}/ledger.sqlite"
    migrate(url)
    engine = open_database(url)
    journal = Journal(folder / "journal.csv", "desk1")
    loader = Loader(journal, SqlLedger(engine, "Europe/Moscow"), "desk1")
    while loader.step():
        pass
    journal.close()
    books = SqlBooks(url)
    yield books, engine
    books.close()
    engine.dispose()


def table(made, title):
    found = next(one for one in made.tables if one.title.startswith(title))
    heads = [head.id for head in found.heads]
    return [dict(zip(heads, row, strict=True)) for row in found.rows], found


def half_of(at):
    return f"{datetime.fromtimestamp((at - at % HALF) / 1e6, UTC).astimezone(MOSCOW):%Y-%m-%d %H:%M}"


def test_agents_are_those_that_the_formulas_give_for_the_rows_own_calls_and_handle_time(ledger):
    rows, _ = table(make_report(ledger[0], REPORTS["staffing"], EVER), "Agents for 80%")
    assert len(rows) > 20
    for row in rows:
        assert row["agents_c"] == agents_for(row["calls"] / 1800, row["handle"], Target(0.8, 20))
        assert row["agents_a"] <= row["agents_c"]
        assert row["rostered"] == rostered(row["agents_a"], 0.3)
        assert row["most"] >= row["calls"] >= 1


def test_forecast_and_fact_are_of_the_calls_and_agents_of_the_ledger(ledger):
    books, engine = ledger
    rows, found = table(make_report(books, REPORTS["staffing"], EVER._replace(limit=10_000)), "Forecast and fact")
    with engine.connect() as connection:
        visits = connection.execute(
            select(leg).join(call, call.c.id == leg.c.call_id)
            .where(leg.c.kind == "queue", leg.c.agent == "", call.c.ended_at.is_not(None))
        ).all()  # fmt: skip
        offers = connection.execute(
            select(leg.c.agent, leg.c.line).join(call, call.c.id == leg.c.call_id)
            .where(leg.c.kind == "offer", leg.c.agent != "", leg.c.line != "", call.c.direction == "in")
        ).all()  # fmt: skip
        spans = connection.execute(select(agent_span).where(agent_span.c.ended_at.is_not(None))).all()
    offered, in_time = Counter(), Counter()
    for visit in visits:
        place = visit.line, half_of(visit.began_at)
        offered[place] += 1
        in_time[place] += visit.reason == "answered" and visit.ended_at - visit.began_at <= 20_000_000
    lines = defaultdict(Counter)
    for agent, line in offers:
        lines[agent][line] += 1
    there = Counter()
    for span in spans:
        at = span.began_at
        while span.state in STATES and at < span.ended_at:
            edge = min(span.ended_at, at - at % HALF + HALF)
            there[lines[span.agent].most_common(1)[0][0] if lines[span.agent] else "", half_of(at)] += edge - at
            at = edge
    assert {(row["line"], row["half_hour"]): row["offered"] for row in rows} == offered
    for row in rows:
        place = row["line"], row["half_hour"]
        assert row["happened"] == pytest.approx(in_time[place] / offered[place])
        assert row["agents"] == pytest.approx(there[place] / HALF)
        assert (row["verdict"] == "as forecast") or abs(row["happened"] - row["forecast_a"]) > 0.05
    assert sum(there.values()) > 10 * HALF
    assert "Weighed by calls" in found.note


def test_a_forecast_beside_a_whole_number_of_agents_is_the_formulas(ledger):
    made = make_report(ledger[0], REPORTS["staffing"], EVER._replace(limit=10_000))
    rows, _ = table(made, "Forecast and fact")
    whole = [row for row in rows if row["agents"] == int(row["agents"]) and row["offered"] > 4]
    assert whole
    needed = {
        (row["line"], row["half_hour"]): row["handle"] for row in table(made, "Agents for")[0] if row["days"] == 1
    }
    for row in whole:
        handle = needed.get((row["line"], row["half_hour"][-5:]))
        if handle:
            load = Load(row["offered"] / 1800, handle, int(row["agents"]))
            assert row["forecast_c"] == pytest.approx(forecast(load, 20).within)


def test_telephone_lines_have_the_reserve_of_one_and_a_half(ledger):
    rows, _ = table(make_report(ledger[0], REPORTS["staffing"], EVER), "Telephone lines")
    for row in rows:
        assert row["lines_b"] == least_trunks(row["erlangs"], 0.01)
        assert row["lines"] == math.ceil(1.5 * row["lines_b"])
    assert rows


def test_one_line_can_be_asked_for_and_a_category_cannot(ledger):
    made = make_report(ledger[0], REPORTS["staffing"], EVER._replace(where={"line": frozenset({"first"})}))
    assert {row["line"] for row in table(made, "Agents for")[0]} == {"first"}
    made = make_report(ledger[0], REPORTS["staffing"], EVER._replace(where={"category": frozenset({"claim"})}))
    assert [one.title for one in made.tables] == ["Load"]
    assert made.notes == ("“Staffing” is left out: it cannot be told by category.",)


def test_telephone_lines_are_of_all_calls_whichever_line_is_asked_for_and_that_is_said(ledger):
    whole, _ = table(make_report(ledger[0], REPORTS["staffing"], EVER), "Telephone lines")
    asked = EVER._replace(where={"line": frozenset({"second"})})
    rows, found = table(make_report(ledger[0], REPORTS["staffing"], asked), "Telephone lines")
    assert rows == whole
    assert "whichever line it waits for: these are all calls" in found.note


def test_desks_that_share_telephone_lines_need_those_of_their_busiest_half_hour_together(ledger):
    rows, found = table(make_report(ledger[0], REPORTS["staffing"], EVER), "Telephone lines")
    together = dict(zip([head.id for head in found.heads], found.total, strict=True))
    assert len(rows) > 1
    assert max(row["erlangs"] for row in rows) <= together["erlangs"] <= sum(row["erlangs"] for row in rows)
    assert together["lines_b"] == least_trunks(together["erlangs"], 0.01)
