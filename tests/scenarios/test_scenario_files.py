"""The demo desks' own scenarios, walked by the engine."""

from __future__ import annotations

from pathlib import Path

import pytest

from ivr.desk.walk_scenario import walk
from ivr.flows.reader import read_desks
from ivr.flows.scenario import differences
from ivr.flows.scenario_file import FOLDER, read_scenarios

DESKS = Path(__file__).parents[2] / "dialplans"
EVERY = read_desks(DESKS)
CASES = [
    (name, scenario)
    for name, desk in EVERY.items()
    for scenario in read_scenarios(DESKS / FOLDER / f"{name}.yaml", desk)
]


@pytest.mark.parametrize(("name", "scenario"), CASES, ids=[f"{name}: {one.name}" for name, one in CASES])
def test_a_caller_of_the_demo_meets_what_its_scenario_says(name, scenario):
    assert differences(scenario.expected, walk(EVERY[name], scenario, lambda *_: 1.0)) == []


def test_every_category_and_every_line_has_a_scenario():
    for name, desk in EVERY.items():
        mine = [scenario.expected for one, scenario in CASES if one == name]
        assert {one.category for one in mine} >= set(desk.categories)
        assert {line for one in mine for line in one.lines or ()} == set(desk.lines)
