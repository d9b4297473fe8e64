"""Scenario files: what a good one means, and what is said of a bad one."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from ivr.errors import AuthorError
from ivr.flows.reader import read_desk
from ivr.flows.scenario import Scenario, Way, differences
from ivr.flows.scenario_file import read_scenarios

DESK = read_desk(Path(__file__).parents[3] / "dialplans/ultralight.yaml")


def read(tmp_path, text):
    path = tmp_path / "ultralight.yaml"
    path.write_text(text)
    return read_scenarios(path, DESK)


def mistakes(tmp_path, text):
    with pytest.raises(AuthorError) as caught:
        read(tmp_path, text)
    return [mistake.removeprefix(f"{tmp_path}/ultralight.yaml:") for mistake in caught.value.mistakes]


def test_a_scenario_says_what_the_caller_does_and_what_is_to_come_of_it(tmp_path):
    [scenario] = read(
        tmp_path,
        """
a claim in the evening:
  number: "+78124483455"
  from: "+79210000001"
  keys: "4 -"
  at: 2026-03-02T18:30
  known: true
  told before: regular
  nobody at: [third]
  hears: [informer, category]
  category: claim
  source: billboard
  line: third
  whisper: []
  notes: ["key node=category key=4"]
  ends: line
""",
    )
    assert scenario == Scenario(
        "a claim in the evening",
        keys=("4", ""),
        number="+78124483455",
        caller="+79210000001",
        at=datetime(2026, 3, 2, 18, 30, tzinfo=ZoneInfo("Europe/Moscow")),
        known=True,
        told_before="regular",
        nobody_at=("third",),
        expected=Way(
            ("informer", "category"), "claim", "billboard", ("third",), (), ("key node=category key=4",), "line"
        ),
    )


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("one: {keys: '1'}", "1:1: it expects nothing: say what is to come of it, as `line: third`"),
        ("one: {line: thrid}", "1:13: `thrid` is no line of this desk: did you mean `third`?"),
        ("one: {hears: [informer, categry]}", "1:25: `categry` is no prompt of this desk: did you mean `category`?"),
        ("one: {kees: '1', line: third}", "1:7: `kees` is not known here: did you mean `keys`?"),
        ("one: {keys: 4x, line: third}", "1:13: `4x` is on no telephone: write 0-9, * and #, and - for silence"),
        ("one: {at: noon, line: third}", "1:11: `noon` is no moment: write it as 2026-12-31T18:00"),
        ("one: {known: yes, line: third}", "1:14: `yes` is neither true nor false: write true or false"),
        ("one: {number: '200', line: third}", "1:15: `200` is no number of this desk: did you mean `100`?"),
        ("one: {ends: never}", "1:13: `never` is no end of this desk: write one of `goodbye`, `hung up`"),
        ("one: {notes: [KEY]}", "1:15: `KEY` is no fact: write one such as key node=reason key=1"),
        ("one: third", "1:1: this is no scenario: write"),
        ("[]", "1:1: there is no scenario: begin with a name"),
        ("one: {line: first}\none: {line: first}", "2:1: `one` stands here twice"),
    ],
)
def test_a_mistake_is_told_with_its_place_and_cure(tmp_path, text, said):
    [mistake] = mistakes(tmp_path, text)
    assert mistake.startswith(said)


def test_all_mistakes_of_a_file_are_told_at_once(tmp_path):
    assert len(mistakes(tmp_path, "one: {line: x, category: y, keys: z}")) == 3


def test_differences_name_what_came_otherwise_and_pass_over_what_nobody_knows():
    notes = ("key node=a key=1", "category category=b")
    expected = Way(hears=("a", "b"), lines=("first",), notes=notes, whisper=("x",))
    came = Way(hears=("a",), lines=("first",), notes=("category category=b", "key node=a key=1"))
    assert differences(expected, came) == [
        "hears: a; expected: a, b",
        "notes: `category category=b` was not noted there; noted: category category=b, key node=a key=1",
    ]
