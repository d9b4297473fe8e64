"""`ivr plan` beside a running desk: what an apply would change, and what somebody changed by hand."""

from __future__ import annotations

import json
import shutil

import pytest

from tests.running import DEMO, RunningDesk

pytestmark = pytest.mark.asterisk


@pytest.fixture
def edited(tmp_path):
    """Copy the demo's desks, to be edited."""
    return shutil.copytree(DEMO, tmp_path / "desks")


def test_a_desk_that_nobody_touched_would_not_change(demo: RunningDesk) -> None:
    assert demo.ivr("plan", "--desks", str(DEMO)).stdout == "Nothing would change.\n"


def test_an_edited_desk_is_told_in_the_words_of_callers_and_agents(demo: RunningDesk, edited) -> None:
    path = edited / "ultralight.yaml"
    path.write_text(
        path.read_text()
        .replace("3: {category: order, then: second}", "3: {category: order, then: third}")
        .replace("third: {agents: [301]", "third: {agents: [301, 202]")
    )
    said = demo.ivr("plan", "--desks", str(edited)).stdout
    assert "callers   `category`, key 3: to `third` as order, no more to `second` as order" in said
    assert "agents    agent 202 joins the line `third`" in said
    assert "Asterisk's files that change: extensions.conf, queues.conf" in said


def test_the_files_are_shown_line_by_line_without_passwords(demo: RunningDesk, edited) -> None:
    path = edited / "ultralight.yaml"
    path.write_text(
        path.read_text().replace("  301: Ирина", "  301: Ирина\n  302: Олег").replace("[301]", "[301, 302]")
    )
    said = demo.ivr("plan", "--desks", str(edited), "--files").stdout
    assert "+member => Local/302@agents" in said
    assert "agent 302 (Олег) is new" in said
    secrets = json.loads((demo.home / "secrets.json").read_text())
    assert not [secret for secret in (*secrets["agents"].values(), secrets["ami"]) if secret in said]


def test_what_somebody_changed_by_hand_is_shown_before_it_is_written_over(demo: RunningDesk) -> None:
    path = demo.settings.asterisk_etc / "queues.conf"
    before = path.read_text()
    path.write_text(before + "\n[mine]\n")
    try:
        said = demo.ivr("plan", "--desks", str(DEMO)).stdout
    finally:
        path.write_text(before)
    assert "queues.conf was changed by hand; a start, or `ivr apply --overwrite`, writes over it:" in said
    assert "+[mine]" in said


def test_a_desk_with_mistakes_is_no_plan(demo: RunningDesk, edited) -> None:
    path = edited / "ultralight.yaml"
    path.write_text(path.read_text().replace("then: third}", "then: thrid}", 1))
    done = demo.ivr("plan", "--desks", str(edited), check=False)
    assert done.returncode == 2
    assert "did you mean `third`?" in done.stderr


def test_a_home_that_never_ran_has_nothing_to_compare_with(tmp_path, demo: RunningDesk) -> None:
    other = RunningDesk(tmp_path / "home", demo.shift)
    done = other.ivr("plan", check=False)
    assert done.returncode == 2
    assert "has not served any desk yet" in done.stderr
