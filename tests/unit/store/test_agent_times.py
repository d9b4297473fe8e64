"""Agents' time in the ledger: kept beside the calls, whatever the reading is cut into."""

from __future__ import annotations

import random
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from ivr.asterisk.journal import Journal
from ivr.desk.load import Loader
from ivr.store.agents import dialled_by
from ivr.store.engine import open_database
from ivr.store.ledger import SqlLedger
from ivr.store.migrate import migrate
from ivr.store.rebuild import rebuild, verify
from ivr.store.tables import agent_act, agent_span, leg

JOURNALS = Path(__file__).parents[2] / "journals"
BEGIN = 1_795_282_000
"""Before the recorded calls, in seconds."""


def row(
    at: float, event: str, uniqueid: str, context: str, extra: str = "", exten: str = "s", channel: str = ""
) -> str:
    fields = (event, f"{at:.6f}", uniqueid, uniqueid, channel or f"Local/x@{context}-1;2", "", "", exten, context)
    return ",".join(f'"{field}"' for field in (*fields, "", "", "", extra.replace('"', '""'))) + "\n"


def act(at: float, fact: str, context: str = "acts", exten: str = "s", number: int = 0) -> str:
    """Return the journal of an act's channel."""
    uniqueid = f"desk1-{int(at)}.{number or int(at * 1000) % 10**6 + 1000}"
    told = row(at, "IVR", uniqueid, "acts", f'{{"extra":"{fact}"}}', exten)
    return row(at, "CHAN_START", uniqueid, context, exten=exten) + told + row(at, "LINKEDID_END", uniqueid, context)


class Home:
    """A journal and its ledger."""

    def __init__(self, folder: Path) -> None:
        folder.mkdir(exist_ok=True)
        self.path = folder / "journal.csv"
        self.url = f"sqlite:///{folder / 'ledger.sqlite'}"
        migrate(self.url)
        self.engine = open_database(self.url)
        self.loader = self.fresh()

    def fresh(self) -> Loader:
        return Loader(Journal(self.path, "desk1"), SqlLedger(self.engine), "desk1")

    def load(self, text: str) -> None:
        with self.path.open("a") as file:
            file.write(text)
        while self.loader.step():
            pass

    def rows(self, table) -> list[tuple]:
        with self.engine.connect() as connection:
            return [tuple(one) for one in connection.execute(select(table).order_by(*table.primary_key.columns))]

    def told(self, agent: str) -> list[str]:
        return [
            f"{began / 1e6 - BEGIN:.1f} {state}{f' {reason}' if reason else ''}"
            for one, began, _, state, reason, _ in self.rows(agent_span)
            if one == agent
        ]


@pytest.fixture
def home(tmp_path):
    home = Home(tmp_path / "home")
    yield home
    home.engine.dispose()


def recorded(name: str) -> list[str]:
    return (JOURNALS / f"{name}.csv").read_text().splitlines(keepends=True)


def test_acts_become_an_agents_time_and_are_nobodys_call(home):
    home.load(act(BEGIN, "signed_in?agent=201") + act(BEGIN + 5, "paused?agent=201&reason=lunch"))
    home.load(act(BEGIN + 9, "ready?agent=201", context="from-agents", exten="*62"))
    assert home.told("201") == ["0.0 ready", "5.0 paused lunch", "9.0 ready"]
    assert home.rows(leg) == []
    assert verify(home.engine).calls == 0


def test_a_fact_of_another_context_is_no_act(home):
    """B1: a caller's own channel can never sign an agent out."""
    home.load(act(BEGIN, "signed_in?agent=201"))
    home.load(row(BEGIN + 1, "IVR", "desk1-1.1", "inbound", '{"extra":"signed_out?agent=201"}'))
    assert home.told("201") == ["0.0 ready"]


def test_an_act_that_no_text_can_be_read_of_is_passed_over(home):
    home.load(row(BEGIN, "IVR", "desk1-1.1", "acts", "{") + row(BEGIN, "IVR", "desk1-1.2", "acts", '["extra"]'))
    assert home.rows(agent_act) == []


def test_a_call_covers_what_the_agent_stands_for(home):
    home.load(act(BEGIN, "signed_in?agent=201") + "".join(recorded("caller_ends_talk")))
    states = [line.split(" ", 1)[1] for line in home.told("201")]
    assert states == ["ready", "offered", "talking", "ready"]
    spans = home.rows(agent_span)
    legs = [one for one in home.rows(leg) if one[2] in ("offer", "talk")]
    assert [(span[1], span[2]) for span in spans[1:3]] == [(legs[0][6], legs[0][8]), (legs[1][6], legs[1][8])]
    assert {span[5] for span in spans[1:3]} == {legs[0][0]}


def test_the_offers_fact_tells_the_wrap_up_time(home):
    call = "".join(recorded("caller_ends_talk")).replace("offer?agent=201&", "offer?agent=201&wrap=15&")
    assert "wrap=15" in call
    home.load(call)
    (began, ended), *_ = [(one[1], one[2]) for one in home.rows(agent_span) if one[3] == "wrap-up"]
    assert ended - began == 15_000_000
    home.load(act(began / 1e6 + 4, "ready?agent=201"))
    assert [one[2] - began for one in home.rows(agent_span) if one[3] == "wrap-up"] == [4_000_000]


def test_asterisks_death_ends_what_the_call_made_of_the_agent(home):
    """F25: a crash ends the talk with the last evidence; his pause before it stays."""
    call = recorded("caller_ends_talk")
    cut = next(place for place, text in enumerate(call) if "BRIDGE_EXIT" in text)
    home.load("".join(call[:cut]))
    assert home.told("201")[-1].endswith("talking")
    home.load(row(BEGIN + 5000, "CHAN_START", f"desk1-{BEGIN + 5000}.0", "acts"))
    assert home.told("201")[-1].endswith("ready")
    assert verify(home.engine).differences == []


def busy_journal(chance: random.Random) -> str:
    """Return calls and acts of the same agents, in the order of their times."""
    parts: list[tuple[float, str]] = []
    for name in ("caller_ends_talk", "first_agent_refuses", "nobody_answers", "caller_leaves_while_ringing"):
        lines = recorded(name)
        shift = chance.uniform(0, 40)
        lines = [line.replace("offer?agent=201&", "offer?agent=201&wrap=3&") for line in lines]
        first = float(lines[0].split('","')[1])
        sequence = chance.randrange(10**6)
        for line in lines:
            at = float(line.split('","')[1])
            moved = BEGIN + shift + at - first
            text = line.replace(f'"{at:.6f}"', f'"{moved:.6f}"', 1)
            # Each call's channels have names of their own.
            parts.append((moved, text.replace("desk1-1795", f"desk1-{sequence}1795")))
    for number in range(12):
        at = BEGIN + chance.uniform(0, 60)
        word = chance.choice(["signed_in", "signed_out", "ready", "paused", "reachable", "unreachable"])
        fact = f"{word}?agent={chance.choice(['201', '202'])}" + ("&reason=lunch" if word == "paused" else "")
        parts.append((at, act(at, fact, number=900_000 + number)))
    parts.sort(key=lambda part: part[0])
    return "".join(text for _, text in parts)


@settings(max_examples=9, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.integers(0, 2**32), st.lists(st.integers(0, 200), max_size=12), st.booleans())
@pytest.mark.slow
def test_the_reading_may_be_cut_and_begun_anew_anywhere(tmp_path_factory, seed, cuts, restarts):
    """F18, F19: one batch or many, one loader or one for each, the rows are the same, and a rebuild's too."""
    folder = tmp_path_factory.mktemp("cut")
    text = busy_journal(random.Random(seed))
    lines = text.splitlines(keepends=True)
    whole, parts = Home(folder / "whole"), Home(folder / "parts")
    whole.load(text)
    edges = sorted({0, len(lines), *(min(cut, len(lines)) for cut in cuts)})
    for begin, end in pairwise(edges):
        if restarts:
            parts.loader = parts.fresh()
        parts.load("".join(lines[begin:end]))
    for table in (agent_act, agent_span):
        assert parts.rows(table) == whole.rows(table)
    spans = whole.rows(agent_span)
    assert all(one[2] == two[1] > one[1] for one, two in pairwise(spans) if one[0] == two[0])
    assert verify(parts.engine).differences == []
    rebuild(parts.engine)
    assert parts.rows(agent_span) == whole.rows(agent_span)
    whole.engine.dispose()
    parts.engine.dispose()


def test_verify_names_the_agent_whose_time_was_changed(home):
    home.load(act(BEGIN, "signed_in?agent=201"))
    with home.engine.execution_options(writes=True).begin() as connection:
        connection.execute(agent_span.update().values(state="paused"))
    assert verify(home.engine).differences == ["agent 201"]


def test_the_calls_that_an_agent_dialled_are_found_without_looking_at_all_calls(database_url):
    """However many calls of no desk there are, and however many he has dialled: the plan names the index."""
    migrate(database_url)
    engine = open_database(database_url)
    over, going_on = (
        str(query.compile(engine, compile_kwargs={"literal_binds": True})) for query in dialled_by("201", 5)
    )
    with engine.connect() as connection:
        if engine.dialect.name == "sqlite":
            plans = [connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {one}").all()[0][-1] for one in (over, going_on)]
            assert "ix_call_caller_began_at (caller=? AND began_at>?)" in plans[0]
        else:
            connection.exec_driver_sql("SET enable_seqscan = off")
            plans = ["".join(connection.exec_driver_sql(f"EXPLAIN {one}").scalars()) for one in (over, going_on)]
            assert "ix_call_caller_began_at" in plans[0]
        assert "ix_call_open" in plans[1]
    engine.dispose()
