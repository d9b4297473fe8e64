"""Agents' time in the totals: the sums of the spans, whatever was learned later."""

from __future__ import annotations

from collections import Counter

from sqlalchemy import select

from ivr.ledger.agents import Span
from ivr.store.rebuild import verify
from ivr.store.sums import Wanted, sums
from ivr.store.tables import agent_span
from ivr.store.time_totals import TimeTotals
from tests.made_journal import made_journal
from tests.unit.store.test_agent_times import BEGIN, Home, act


def asked(home):
    with home.engine.connect() as connection:
        return sums(connection, Wanted("time", 0, 1 << 61, by=("agent",)))


def spans(home):
    with home.engine.connect() as connection:
        return list(connection.execute(select(agent_span).where(agent_span.c.ended_at.is_not(None))))


def test_the_totals_of_agents_time_are_the_sums_of_their_spans(tmp_path):
    home = Home(tmp_path / "home")
    home.load(act(BEGIN, "signed_in?agent=201") + act(BEGIN + 1, "signed_in?agent=202"))
    journal = made_journal(30, begin=BEGIN + 60, per_second=0.01).decode()
    for start in range(0, len(journal), 40_000):
        home.load(journal[start : start + 40_000])
    home.load(act(BEGIN + 5000, "paused?agent=201&reason=lunch", number=9) + act(BEGIN + 6800, "ready?agent=201"))
    expected: dict[str, Counter[str]] = {"201": Counter(), "202": Counter()}
    for agent, began, ended, state, reason, _ in spans(home):
        expected[agent][f"state.{state}"] += ended - began
        if state == "paused":
            expected[agent][f"paused.{reason}"] += ended - began
    got = asked(home)
    for agent, told in expected.items():
        own = {name: value for name, value in got[agent,].items() if name.partition(".")[0] in ("state", "paused")}
        assert own == {name: value for name, value in told.items() if value}
    assert got["201",]["paused.lunch"] >= 1_700_000_000
    assert verify(home.engine).differences == []
    home.engine.dispose()


def test_a_span_that_goes_on_is_not_counted_yet():
    totals = TimeTotals(lambda _connection, _ids: [])
    open_span = Span("201", BEGIN * 1_000_000, None, "ready", "", "")
    assert totals.tallies(None, [], [open_span]) == []
    closed = open_span._replace(ended_at=BEGIN * 1_000_000 + 5_000_000)
    assert [(one.measure, one.value) for one in totals.tallies(None, [open_span], [closed])] == [
        ("state.ready", 5_000_000)
    ]
