"""What `ivr calls` asks of the ledger and shows."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ivr.asterisk.journal import Journal
from ivr.cli.calls import app as calls_app
from ivr.cli.ledger import app as ledger_app
from ivr.cli.loader import only_loader
from ivr.cli.timeline import bar
from ivr.desk.load import Loader
from ivr.errors import DeskError
from ivr.settings import Settings
from ivr.store.callers import KnownCallers
from ivr.store.engine import open_database
from ivr.store.ledger import SqlLedger
from ivr.store.migrate import migrate
from ivr.store.queries import Calls

pytestmark = pytest.mark.slow

JOURNALS = Path(__file__).parents[2] / "journals"


@pytest.fixture
def home(tmp_path, monkeypatch):
    """Give a home whose ledger holds five real calls; the database is SQLite."""
    monkeypatch.delenv("IVR_DATABASE", raising=False)
    settings = Settings(home=tmp_path)
    settings.journal.parent.mkdir(parents=True)
    answered = (JOURNALS / "four_answered_calls.csv").read_bytes()
    # One of the callers presses his key a second later than he did: late enough to be an answer.
    answered = answered.replace(b'"1795283486.798314"', b'"1795283487.798314"')
    settings.journal.write_bytes(answered + (JOURNALS / "no_line_has_anybody.csv").read_bytes())
    _fill(settings)
    return tmp_path


def _fill(settings: Settings) -> None:
    migrate(settings.database_url)
    engine = open_database(settings.database_url)
    journal = Journal(settings.journal, settings.node)
    loader = Loader(journal, SqlLedger(engine), settings.node)
    while loader.step():
        pass
    journal.close()
    engine.dispose()


def run(app, *arguments: str):
    result = CliRunner().invoke(app, [str(argument) for argument in arguments])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.stdout


def test_the_newest_calls_come_first_and_a_desk_can_be_picked(home):
    told = json.loads(run(calls_app, "--json", "--home", home))
    assert [call["id"] for call in told["calls"]][:2] == ["desk1-1795283586.0", "desk1-1795283483.3"]
    assert told["complete_to"] == "2026-11-21T17:53:11.253253+00:00"
    assert len(told["calls"]) == 5
    some = json.loads(run(calls_app, "--json", "--home", home, "--desk", "homecare", "--limit", 3))
    assert [call["answered_by"] for call in some["calls"]] == ["421"]
    late = json.loads(run(calls_app, "--json", "--home", home, "--since", "2026-11-21T17:53:00"))
    assert len(late["calls"]) == 1
    assert json.loads(run(calls_app, "--json", "--home", home, "--since", "2h"))["calls"] is not None


def test_the_list_is_printed_for_people(home):
    printed = run(calls_app, "--home", home)
    assert "desk1-1795283586.0" in printed
    assert "gave up" in printed
    assert "complete to 2026-11-21 17:53:11 UTC" in printed


def test_one_call_is_shown_with_its_legs_facts_and_recordings(home):
    printed = run(calls_app, "show", "desk1-1795283483.0", "--home", home)
    rows = [line.split() for line in printed.splitlines()]
    assert ["ivr", "0.00", "s", "3.03", "s"] in [row[:5] for row in rows]
    assert any(row[:3] == ["talk", "second", "201"] and row[-3:] == ["caller", "hung", "up"] for row in rows)
    assert "source friends (asked)" in printed
    assert "recording desk1-1795283483.0  expected" in printed
    assert '(Test \\"x\\" | Клиент)' in printed


def test_one_call_is_told_to_programs(home):
    told = json.loads(run(calls_app, "show", "last", "--json", "--home", home))
    assert told["id"] == "desk1-1795283586.0"
    assert [leg["reason"] for leg in told["legs"]] == ["handed over", "empty", "empty", "empty"]
    assert told["facts"][0]["details"] == {"desk": "ultralight", "number": "100", "version": "969a6948a52c"}
    assert told["legs"][0]["began_at"] == "2026-11-21T17:53:06.825732+00:00"


def test_a_call_is_found_by_the_beginning_or_end_of_its_id(home):
    ledger = Calls(Settings(home=home).database_url)
    assert ledger.story("desk1-1795283586").call["id"] == "desk1-1795283586.0"
    assert ledger.story("3483.2").call["answered_by"] == "301"
    with pytest.raises(DeskError, match="Several calls are called"):
        ledger.story("desk1-17952834")
    for unknown in ("nope", "%", "", "_"):
        with pytest.raises(DeskError, match="There is no call"):
            ledger.story(unknown)
    ledger.close()


def test_what_cannot_be_answered_is_told_with_a_cure(home, tmp_path):
    with pytest.raises(DeskError, match="Desks with calls: homecare, ultralight"):
        run(calls_app, "--home", home, "--desk", "nope")
    with pytest.raises(DeskError, match="'soon' is no moment"):
        run(calls_app, "--home", home, "--since", "soon")
    with pytest.raises(DeskError, match="There is no ledger"):
        run(calls_app, "--home", tmp_path / "other")
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken" / "ledger.sqlite").write_bytes(b"no database at all" * 100)
    with pytest.raises(DeskError, match="cannot be used"):
        run(calls_app, "--home", tmp_path / "broken")


def test_an_empty_ledger_has_no_last_call(tmp_path):
    url = f"sqlite:///{tmp_path}/ledger.sqlite"
    migrate(url)
    ledger = Calls(url)
    assert ledger.latest() == []
    assert ledger.freshness().complete_to is None
    with pytest.raises(DeskError, match="no call yet"):
        ledger.story("last")
    ledger.close()


def test_the_ledger_is_verified_and_made_again_from_the_command_line(home):
    assert json.loads(run(ledger_app, "verify", "--json", "--home", home))["differences"] == []
    assert run(ledger_app, "rebuild", "--home", home) == "5 calls derived\n"
    engine = open_database(Settings(home=home).database_url)
    with engine.execution_options(writes=True).begin() as connection:
        connection.exec_driver_sql("DELETE FROM leg WHERE kind = 'talk'")
    engine.dispose()
    with pytest.raises(DeskError, match="ivr ledger rebuild"):
        run(ledger_app, "verify", "--home", home)
    run(ledger_app, "rebuild", "--home", home)
    assert "0 rows different" in run(ledger_app, "verify", "--home", home)


def test_a_caller_is_known_after_an_answered_call_with_his_agent_and_the_source_that_he_told(home):
    engine = open_database(Settings(home=home).database_url)
    known = KnownCallers(engine)
    assert known("ultralight", "+79210000002") == ("201", "friends")
    assert known("homecare", "+79210000002") == (None, "")
    assert known("ultralight", "+79210000003") == ("301", "")
    assert known("ultralight", "+79210000031") == (None, "")
    assert known("ultralight", "") == (None, "")
    engine.dispose()


@pytest.mark.parametrize("what", ["caller", "call"])
def test_a_caller_and_a_call_are_looked_up_by_an_index(database_url, what):
    """However many calls there are: the plan names the index."""
    migrate(database_url)
    engine = open_database(database_url)
    where, index = {"caller": ("caller = '1'", "ix_call_caller_began_at"), "call": ("id = '1'", "call")}[what]
    query = f'SELECT * FROM "call" WHERE {where} ORDER BY began_at DESC LIMIT 20'  # noqa: S608
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            connection.exec_driver_sql("SET enable_seqscan = off")
            plan = connection.exec_driver_sql(f"EXPLAIN {query}").scalars().all()
        else:
            plan = [row[-1] for row in connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {query}")]
    assert any("ndex" in line.lower() and index in line for line in plan), plan
    engine.dispose()


def test_the_calls_of_a_number_are_found_however_it_is_written(home):
    told = json.loads(run(calls_app, "find", "+7 921 000-00-02", "--json", "--home", home))
    assert [one["caller"] for one in told["calls"]] == ["+79210000002"] * len(told["calls"]) != []
    assert "No calls." in run(calls_app, "find", "+79999999999", "--home", home)
    with pytest.raises(DeskError, match="is no number"):
        run(calls_app, "find", "anna", "--home", home)


def test_a_home_has_one_loader(tmp_path):
    with only_loader(tmp_path), pytest.raises(DeskError, match="at work"), only_loader(tmp_path):
        pass
    with only_loader(tmp_path):
        pass


@pytest.mark.parametrize(
    ("begin", "end", "shown"),
    [(0, 10, "██████████"), (0, 0, "█         "), (10, 10, "         █"), (4, 6, "    ██    ")],
)
def test_a_bar_is_to_scale_and_never_empty(begin, end, shown):
    assert bar(begin, end, 10, 10) == shown


def test_calls_of_a_number_are_found_in_any_of_its_spellings(home):
    calls = Calls(Settings(home=home).database_url)
    every = [calls.of_number(way) for way in ("+79210000001", "89210000001", "0079210000001")]
    assert every[0]
    assert every == [every[0]] * 3
    calls.close()
