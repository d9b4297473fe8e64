"""docs/language.md: what it shows is right."""

import re
from pathlib import Path

import pytest

from ivr.flows import scalars
from ivr.flows.model import Callback
from ivr.flows.phrases import PHRASE_IDS
from ivr.flows.prompts import RESERVED
from ivr.flows.reader import read_desk
from tests.unit.flows.page_of_keys import faults

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
        f"{base}{lines}flow:\n{nodes}{EXAMPLES[7]}{EXAMPLES[9]}{EXAMPLES[10]}{EXAMPLES[11]}", encoding="utf-8"
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
    callers = EXAMPLES[8]
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


def test_its_times_are_right(tmp_path):
    path = tmp_path / "shop.yaml"
    clock = "".join(f"  {line}\n" for line in EXAMPLES[5].splitlines())
    base = (
        EXAMPLES[0].partition("flow:")[0].replace("lines:", "voicemail: {limit: 2m}\nlines:\n  second: {agents: [201]}")
    )
    path.write_text(f"{base}flow:\n{clock}", encoding="utf-8")
    assert list(read_desk(path).flow["noon"].targets) == ["second", "voicemail", "hang up", "first"]


def test_its_callback_is_right(tmp_path):
    path = tmp_path / "shop.yaml"
    base, flow = EXAMPLES[0].split("lines:")[0], EXAMPLES[0].partition("flow:")[2]
    path.write_text(f"{base}{EXAMPLES[6]}flow:{flow}", encoding="utf-8")
    desk = read_desk(path)
    assert desk.lines["first"].callback
    assert desk.callback == Callback(allow=("+7",))  # what it shows of each other key is its default


def test_every_key_of_the_language_stands_there_with_its_default_and_its_limits():
    assert faults(PAGE) == []


@pytest.mark.parametrize(
    ("right", "wrong", "fault"),
    [
        ("| `ring` | 15s |", "| `ring` | 20s |", "Line: `ring`: its default is 15s"),
        ("telephone rings; 1s to 5m", "telephone rings; 1s to 6m", "Line: `ring`: 1s to 5m"),
        ("| `agents` | – | whom", "| `agents` | none | whom", "Line: `agents`: – stands for what must be there"),
        ("| `wrap` | none |", "| `wrap` | – |", "Line: `wrap`: – stands for what must be there"),
        ("| `record` | true |", "| `record` | false |", "Line: `record`: its default is true"),
        ("break, lunch, meeting, training", "break, lunch", "Desk: `pauses`: its default is break, lunch, meeting,"),
        ("9 at most", "10 at most", "Desk: `pauses`: 9 at most"),
        (
            "  tries: 2                   # how often the menu",
            "  tries: 3   # how often the menu",
            "Menu: `tries`: its d",
        ),
        ("1s to 5m; 30s when left out", "1s to 5m; 40s when left out", "Script: `limit`: its default is 30s"),
        ("(180d by default, 1h at least)", "(180d by default)", "Recording: `keep`: 1h at least"),
        ("1m to 12h", "1m to 24h", "Callback: `again after`: 1m to 12h"),
        ("`priority` (1 to 9;", "`priority` (1 to 5;", "CallerRule: `priority`: 1 to 9"),
        ("1s to 10m", "1s to 1h", "Budget: `time to human`: 1s to 10m"),
        ("3s to 1m", "3s to 2m", "Voicemail: `silence`: 3s to 1m"),
        ("together, 1s to 4h", "together", "Desk: `patience`: 1s to 4h"),
        ("2 at least, and", "and", "Split: `split`: 2 at least"),
    ],
)
def test_a_default_or_a_limit_that_is_another_one_there_is_found(right, wrong, fault):
    assert right in PAGE
    assert any(found.startswith(fault) for found in faults(PAGE.replace(right, wrong)))


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        (scalars.NAME, r"beginning with a letter, {1} at most: nodes"),
        (scalars.NUMBER, r"what callers dial: {0} to {1} digits"),
        (scalars.AGENT_NUMBER, r"\*\*agent's number\*\* – {0} to {1} digits"),
        (scalars.PREFIX, r"\*\*beginning of a number\*\* – {0} to {1} digits"),
        (scalars.KEY, r"A key has {0} to {1} digits"),
    ],
)
def test_the_lengths_of_names_and_numbers_are_those_that_are_read(pattern, said):
    lengths = [n for n in range(1, 60) if re.fullmatch(pattern, "1" * n) or re.fullmatch(pattern, "a" * n)]
    assert re.search(said.format(lengths[0], lengths[-1]), PAGE)


def test_it_names_every_phrase_and_reserved_name():
    for name in (*PHRASE_IDS, *RESERVED):
        assert re.sub(r"whisper\.waited\.|(wait|place|callback\.(?:within|offer))\.(?=\d|star|pound)", "", name) in PAGE
