"""`ivr projects` tells what project files say and what is wrong with them."""

from __future__ import annotations

import json
from pathlib import Path

from typer.testing import CliRunner

from ivr.cli.main import build
from ivr.errors import AuthorError, DeskError

FOLDER = Path(__file__).parents[3] / "projects"


def run(*words):
    return CliRunner().invoke(build("projects"), ["projects", *map(str, words)])


def test_the_example_is_shown_with_its_codes_fields_and_columns():
    result = run("--folder", FOLDER)
    assert result.exit_code == 0
    assert "sale (win)" in result.stdout
    assert "invoiced (money)" in result.stdout
    assert "by agent: Отработано, Исходящие" in result.stdout
    (told,) = json.loads(run("--folder", FOLDER, "--json").stdout)["projects"]
    assert {"code": "sale", "name": "Продажа", "is": "win"} in told["codes"]


def test_every_mistake_of_all_files_is_told(tmp_path):
    (tmp_path / "a.yaml").write_text("project: a\ncolumns: [hours]\n")
    (tmp_path / "b.yaml").write_text("project: b\ncolumns: [houurs]\n")
    (tmp_path / "c.yaml").write_text("project: a\ncolumns: [calls]\n")
    error = run("--folder", tmp_path).exception
    assert isinstance(error, AuthorError)
    assert len(error.mistakes) == 2
    assert "did you mean `hours`?" in error.mistakes[0]
    assert "another file is the project `a` too" in error.mistakes[1]


def test_an_empty_folder_says_what_to_do(tmp_path):
    error = run("--folder", tmp_path).exception
    assert isinstance(error, DeskError)
    assert "There is no project in" in str(error)
