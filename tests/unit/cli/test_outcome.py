"""`ivr calls outcome`: what it refuses before anything is asked of Asterisk."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from ivr.asterisk.journal import Journal
from ivr.cli.main import build
from ivr.desk.load import Loader
from ivr.errors import AuthorError, DeskError
from ivr.store.engine import open_database
from ivr.store.ledger import SqlLedger
from ivr.store.migrate import migrate
from tests.made_calls import JOURNALS

PROJECTS = Path(__file__).parents[3] / "projects"


@pytest.fixture
def home(tmp_path):
    url = f"sqlite:///{tmp_path / 'ledger.sqlite'}"
    migrate(url)
    engine = open_database(url)
    loader = Loader(Journal(JOURNALS / "caller_leaves_in_menu.csv", "desk1"), SqlLedger(engine), "desk1")
    while loader.step():
        pass
    engine.dispose()
    return tmp_path


def refused(home, *words, projects=PROJECTS):
    command = ["calls", "outcome", *words, "--home", str(home), "--folder", str(projects)]
    result = CliRunner().invoke(build("calls"), command)
    assert isinstance(result.exception, DeskError), result.output
    return str(result.exception)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("last", "--code", "sael", "--agent", "101"), "Did you mean `sale`?"),
        (("last", "--set", "company", "--agent", "101"), "Write name=value"),
        (("last", "--set", "colour=red", "--agent", "101"), "has no field 'colour'"),
        (("last", "--set", "invoiced=much", "--agent", "101"), "Write a number such as 1200"),
        (("last", "--agent", "101"), "The card's entry says nothing"),
        (("last", "--code", "sale"), "No agent answered this call."),
        (("nothing", "--code", "sale", "--agent", "101"), "There is no call 'nothing'"),
        (("last", "--code", "sale", "--agent", "101", "--project", "x"), "There is no project 'x'"),
        (("last", "--code", "sale", "--agent", "101"), "No desk runs on"),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_cure(home, words, told):
    assert told in refused(home, *words)


def test_without_a_project_nothing_is_written(home, tmp_path):
    assert "0 projects" in refused(home, "last", "--code", "sale", "--agent", "101", projects=tmp_path / "none")


def test_a_broken_project_file_is_told_with_its_place(home, tmp_path):
    (tmp_path / "p.yaml").write_text("project: p\ncolumns: [houurs]\n")
    with pytest.raises(AuthorError, match="did you mean `hours`"):
        raise (
            CliRunner()
            .invoke(build("calls"), ["calls", "outcome", "last", "--home", str(home), "--folder", str(tmp_path)])
            .exception
        )
