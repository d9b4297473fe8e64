"""docs/first-desk.md: its desk and its scenarios are right."""

import re
from pathlib import Path

from ivr.desk.walk_scenario import walk
from ivr.flows.reader import read_desk
from ivr.flows.scenario import differences
from ivr.flows.scenario_file import read_scenarios

PAGE = (Path(__file__).parents[3] / "docs/first-desk.md").read_text(encoding="utf-8")


def test_its_callers_come_where_its_scenarios_say(tmp_path):
    desk_text, scenario_text = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
    (tmp_path / "bakery.yaml").write_text(desk_text)
    (tmp_path / "scenarios.yaml").write_text(scenario_text)
    desk = read_desk(tmp_path / "bakery.yaml")
    scenarios = read_scenarios(tmp_path / "scenarios.yaml", desk)
    assert len(scenarios) == 2
    for scenario in scenarios:
        assert differences(scenario.expected, walk(desk, scenario, lambda *_: 1.0)) == []
