"""The schema that editors use."""

import json
import re
from pathlib import Path

from ivr.flows.schema import json_schema

DIALPLANS = Path(__file__).parents[3] / "dialplans"


def test_the_schema_beside_the_desks_is_fresh():
    """`ivr schema > dialplans/desk.schema.json` makes it anew."""
    written = json.loads((DIALPLANS / "desk.schema.json").read_text(encoding="utf-8"))
    assert written == json_schema()


def test_every_demo_desk_names_the_schema_in_its_first_line():
    for path in DIALPLANS.glob("*.yaml"):
        assert path.read_text(encoding="utf-8").startswith("# yaml-language-server: $schema=desk.schema.json\n")


def test_keys_and_days_stand_beside_the_other_keys():
    parts = json_schema()["$defs"]
    for name in ("Menu", "Source"):
        (pattern,) = parts[name]["patternProperties"]
        assert all(re.search(pattern, key) for key in ("1", "*", "#"))
        assert "options" not in parts[name]["properties"]
    (pattern,) = parts["Hours"]["patternProperties"]
    assert re.search(pattern, "mon-fri")
    assert "days" not in parts["Hours"]["properties"]


def test_names_have_blanks_as_in_a_file():
    schema = json_schema()
    assert "time zone" in schema["properties"]
    assert {"no answer", "wrong key"} <= set(schema["$defs"]["Menu"]["properties"])


def test_unknown_keys_are_refused_in_every_part():
    schema = json_schema()
    parts = [schema, *schema["$defs"].values()]
    objects = [part for part in parts for part in part.get("anyOf", [part]) if part.get("type") == "object"]
    assert len(objects) >= 10
    assert all(part["additionalProperties"] is False for part in objects)


def test_defaults_are_written_as_an_author_writes_them():
    parts = json_schema()["$defs"]
    assert parts["Menu"]["properties"]["wait"]["default"] == "4s"
    assert parts["Recording"]["properties"]["keep"]["default"] == "180d"


def test_a_short_way_and_bare_numbers_are_right():
    schema = json_schema()
    assert schema["$defs"]["Way"]["anyOf"][0]["type"] == "string"
    assert schema["properties"]["numbers"]["items"]["type"] == ["string", "integer"]
