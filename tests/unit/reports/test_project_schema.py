"""The schemas of project and plan files, for editors."""

from __future__ import annotations

import json
import re
from pathlib import Path

from ivr.desk.plan_schema import json_schema as plan_schema
from ivr.reports.catalogue import CATALOGUE
from ivr.reports.plan import TARGETS
from ivr.reports.project_file import _KEYS
from ivr.reports.project_schema import json_schema

PROJECTS = Path(__file__).parents[3] / "projects"


def test_the_schema_beside_the_projects_is_fresh():
    """`ivr schema project > projects/project.schema.json` makes it anew."""
    assert json.loads((PROJECTS / "project.schema.json").read_text(encoding="utf-8")) == json_schema()


def test_every_example_names_the_schema_in_its_first_line():
    for path in PROJECTS.glob("*.yaml"):
        first = path.read_text(encoding="utf-8").partition("\n")[0]
        assert first == "# yaml-language-server: $schema=project.schema.json"


def test_the_schema_of_projects_has_the_keys_and_metrics_that_the_reader_knows():
    told = json_schema()
    assert set(told["properties"]) == set(_KEYS)
    assert set(told["properties"]["columns"]["items"]["anyOf"][0]["enum"]) == set(CATALOGUE)
    (names,) = told["properties"]["codes"]["patternProperties"]
    assert re.search(names, "letter-sent")
    assert not re.search(names, "Letter")


def test_the_schema_of_plans_has_days_and_targets():
    (agents,) = plan_schema()["properties"]["agents"]["patternProperties"].values()
    assert set(agents["properties"]) == set(TARGETS)
    (days,) = agents["patternProperties"]
    assert re.search(days, "mon-fri")
    assert not re.search(days, "mon-frei")
    assert re.search(agents["properties"]["talk_time"]["pattern"], "7h30m")
