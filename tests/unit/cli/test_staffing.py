"""`ivr staffing` works out agents, roster and lines, and refuses what makes no sense."""

from __future__ import annotations

import json

import pytest
from typer.testing import CliRunner

from ivr.cli.main import build
from ivr.errors import DeskError


def run(*words):
    return CliRunner().invoke(build("staffing"), ["staffing", *words])


def told(*words):
    result = run(*words, "--json")
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_the_published_load_needs_14_agents_and_20_on_the_roster():
    found = told("--calls", "100", "--handle", "3m")
    assert (found["erlangs"], found["agents"], found["rostered"]) == (10, 14, 20)
    row = next(row for row in found["forecasts"] if row["agents"] == 14)
    assert (row["waits"], row["within"], row["mean_wait"]) == (0.174132, 0.888350, 7.836)


def test_impatient_callers_need_fewer_agents_and_some_give_up():
    found = told("--calls", "100", "--handle", "3m", "--patience", "1m", "--agents", "8")
    assert found["agents"] == 12
    assert found["forecasts"][0]["agents"] == 8
    assert found["forecasts"][0]["abandoned"] > 0.2


def test_no_calls_need_nobody():
    found = told("--calls", "0", "--handle", "3m")
    assert (found["agents"], found["telephone_lines"], found["forecasts"]) == (0, 0, [])
    assert "0 agents" in run("--calls", "0", "--handle", "3m").stdout


def test_too_few_agents_wait_without_end():
    assert "without end" in run("--calls", "100", "--handle", "3m", "--agents", "3").stdout


@pytest.mark.parametrize(
    "wrong",
    [
        ("--handle", "3x"),
        ("--handle", "0s"),
        ("--handle", "3m", "--target", "120/3"),
        ("--handle", "3m", "--target", "0/20"),
        ("--handle", "3m", "--shrinkage", "1"),
        ("--handle", "3m", "--reserve", "1.2"),
        ("--handle", "3m", "--blocked", "0"),
    ],
)
def test_what_makes_no_sense_is_refused_with_a_cure(wrong):
    result = run("--calls", "100", *wrong)
    assert isinstance(result.exception, DeskError)
    assert result.exception.cure
