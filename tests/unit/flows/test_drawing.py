"""A drawn desk has every way that a call can go, and no other."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ivr.flows.drawing import mermaid, tree
from ivr.flows.reader import read_desks
from tests.unit.engine.test_machine import SMALL, desk

DESKS = [*read_desks(Path(__file__).parents[3] / "dialplans").values(), desk()]


def ways_of(its):
    """Return (from, to) of every way, read from the model by itself."""
    ways = {("call", its.first_node)} | {(name, line.then) for name, line in its.lines.items()}
    if its.hours:
        ways.add(("call", its.hours.closed.then))
    for name, node in its.flow.items():
        plain = node.model_dump(by_alias=True)
        if "say" in plain:
            ways.add((name, plain["then"]))
        inside = [*plain.get("options", {}).values(), *plain.get("answers", {}).values()]
        inside += [plain[key] for key in ("no answer", "otherwise") if plain.get(key)]
        ways |= {(name, way["then"]) for way in inside}
    return ways


@pytest.mark.parametrize("its", DESKS, ids=lambda its: its.desk)
def test_mermaid_has_every_way_and_no_other(its):
    arrows = re.findall(r"^  (\w+)(?:\(.*\))? --.*> (\w+)$", mermaid(its), re.MULTILINE)
    plain = {name.replace("-", "_").replace(" ", "_"): name for way in ways_of(its) for name in way}
    found = {(plain[one.removeprefix("n_")], plain[other.removeprefix("n_")]) for one, other in arrows}
    assert found == ways_of(its)


@pytest.mark.parametrize("its", DESKS, ids=lambda its: its.desk)
def test_a_tree_names_every_node_once_with_its_ways_and_every_line(its):
    lines = list(tree(its))
    for name in its.flow:
        assert sum(f"{name} (" in line and not line.endswith("…") for line in lines) == 1
    assert [line.split(":")[0] for line in lines if line.startswith("line ")] == [f"line {name}" for name in its.lines]


def test_a_pound_key_is_no_entity_of_mermaids():
    why = SMALL["flow"]["why"] | {"#": "first"}
    assert '-- "#35;" --> n_first' in mermaid(desk(flow=SMALL["flow"] | {"why": why}))
