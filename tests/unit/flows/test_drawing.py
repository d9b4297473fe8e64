"""A drawn desk has every way that a call can go, and no other."""

from __future__ import annotations

import re
from itertools import combinations
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest

from ivr.flows.chart import CALL, lay_out, svg
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


@pytest.mark.parametrize("its", DESKS, ids=lambda its: its.desk)
def test_the_picture_has_every_way_and_no_other(its):
    paths = [element for element in ET.fromstring(svg(its)).iter() if "data-from" in element.attrib]  # noqa: S314
    assert {(path.attrib["data-from"], path.attrib["data-to"]) for path in paths} == ways_of(its)
    assert CALL == "call"


@pytest.mark.parametrize("its", DESKS, ids=lambda its: its.desk)
def test_no_two_boxes_of_the_picture_overlap_and_all_lie_inside(its):
    boxes = lay_out(its).values()
    for one, other in combinations(boxes, 2):
        beside = one.left + one.width <= other.left or other.left + other.width <= one.left
        assert beside or one.top + one.height <= other.top or other.top + other.height <= one.top, (one, other)
    picture = ET.fromstring(svg(its))  # noqa: S314
    assert all(box.left + box.width < float(picture.attrib["width"]) for box in boxes)
    assert all(box.top + box.height < float(picture.attrib["height"]) for box in boxes)


def test_what_an_author_writes_is_text_in_the_picture():
    named = desk(agents=SMALL["agents"], categories={"sale": "sale", "claim": "claim"})
    assert "<script" not in svg(named.model_copy(update={"desk": "<script>&"}))
