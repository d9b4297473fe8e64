"""docs/language.md: what it shows is right."""

import re
from pathlib import Path

from ivr.flows.model import (
    Callback,
    CallerRule,
    Desk,
    Hours,
    Line,
    Menu,
    Outbound,
    Recording,
    Script,
    Source,
    Split,
    Voicemail,
    Way,
)
from ivr.flows.phrases import PHRASE_IDS
from ivr.flows.prompts import RESERVED
from ivr.flows.reader import read_desk

PAGE = (Path(__file__).parents[3] / "docs" / "language.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)


def test_its_smallest_desk_is_a_desk(tmp_path):
    path = tmp_path / "shop.yaml"
    path.write_text(EXAMPLES[0], encoding="utf-8")
    assert read_desk(path).desk == "shop"


def test_its_other_examples_are_right_together(tmp_path):
    """The pieces of the page make one desk with the lines, categories and numbers that they name."""
    nodes = "".join("".join(f"  {line}\n" for line in text.splitlines()) for text in EXAMPLES[1:4])
    base = EXAMPLES[0].split("lines:")[0].replace('["100"]', '["100", "+78124483455"]')
    base = base.replace("{sale: sale}", "{directions: d, product: p}")
    lines = "lines:\n  first: {agents: [201], whisper: true}\n  second: {agents: [201], then: order}\n"
    path = tmp_path / "shop.yaml"
    path.write_text(
        f"{base}{lines}flow:\n{nodes}{EXAMPLES[6]}{EXAMPLES[8]}{EXAMPLES[9]}{EXAMPLES[10]}", encoding="utf-8"
    )
    scripts = tmp_path / "shop" / "scripts"
    scripts.mkdir(parents=True)
    (scripts / "orders.py").write_text("def find(agi): ...\n")
    desk = read_desk(path)
    assert set(desk.flow) == {"informer", "category", "order"}
    assert desk.source is not None
    assert desk.hours is not None
    assert desk.voicemail is not None
    assert desk.diallers == ("201",)


def test_its_split_and_its_callers_are_right_together(tmp_path):
    """The pieces of the page stand in a desk of two languages, with what they name."""
    base = EXAMPLES[0].split("flow:")[0].replace("language: en", "languages: [en, ru]")
    split = "".join(f"  {line}\n" for line in EXAMPLES[4].replace("then: category", "then: first").splitlines())
    callers = EXAMPLES[7]
    for text in re.findall(r'say: (".*?")', split + callers):
        split, callers = (one.replace(f"say: {text}", f"say: {{en: {text}, ru: {text}}}") for one in (split, callers))
    path = tmp_path / "shop.yaml"
    path.write_text(
        base.replace("{sale: sale}", "{other: {en: other, ru: другое}}")
        + f"flow:\n{split}  reception: {{say: {{en: Hello, ru: Алло}}, then: first}}\n"
        + callers,
        encoding="utf-8",
    )
    desk = read_desk(path)
    assert len(desk.callers) == 4
    assert desk.first_node == "trial"


def test_its_callback_is_right(tmp_path):
    path = tmp_path / "shop.yaml"
    base, flow = EXAMPLES[0].split("lines:")[0], EXAMPLES[0].partition("flow:")[2]
    path.write_text(f"{base}{EXAMPLES[5]}flow:{flow}", encoding="utf-8")
    desk = read_desk(path)
    assert desk.lines["first"].callback
    assert desk.callback == Callback(allow=("+7",))  # what it shows of each other key is its default


def test_it_names_every_key_of_the_language():
    hidden = {"days", "options", "answers"}
    for part in (
        Callback,
        CallerRule,
        Desk,
        Hours,
        Line,
        Menu,
        Outbound,
        Recording,
        Script,
        Source,
        Split,
        Voicemail,
        Way,
    ):
        for name, field in part.model_fields.items():
            assert name in hidden or re.search(rf"\b{field.alias}\b", PAGE), f"{part.__name__}: {field.alias}"


def test_it_names_every_phrase_and_reserved_name():
    for name in (*PHRASE_IDS, *RESERVED):
        assert re.sub(r"whisper\.waited\.|(wait|place|callback\.(?:within|offer))\.(?=\d|star|pound)", "", name) in PAGE
