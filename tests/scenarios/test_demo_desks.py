"""Each category of the demo desks, walked without a telephone: prompts in order, category, source, line, whisper."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from ivr.desk.play import Playing
from ivr.engine.inputs import Caller
from ivr.flows.prompts import prompts_of
from ivr.flows.reader import read_desk

DESKS = Path(__file__).parents[2] / "dialplans"
WORKDAY = datetime(2026, 3, 2, 12, 0, tzinfo=UTC)
HOLIDAY = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)


def walk(name, keys, *, number=None, caller=None, moment=WORKDAY):
    desk = read_desk(DESKS / f"{name}.yaml")
    texts = {(prompt.id, prompt.language): prompt.text for prompt in prompts_of(desk)}
    pressed = iter(keys)
    playing = Playing(
        desk, texts, lambda *_: 1.0, lambda _: next(pressed, "").strip("-"), caller or Caller(known=False)
    )
    steps = list(playing.run(number or desk.numbers[0], "+79210000001", moment))
    spoken = [step.subject for step in steps if step.what in {"says", "asks", "hears in the line"}]
    assert all((prompt, desk.languages[0]) in texts for prompt in spoken), "every prompt on the way has a text"
    return {
        "spoken": spoken,
        "line": next((step.subject for step in steps if step.what == "line"), None),
        "category": next((step.text for step in steps if step.subject == "category" and step.what == "notes"), None),
        "whisper": [step.subject for step in steps if step.what == "whispers"],
        "source": [step.text for step in steps if step.subject == "source" and step.what == "notes"],
        "end": steps[-1].what,
    }


@pytest.mark.parametrize(
    ("key", "category", "line", "whisper"),
    [
        ("1", "directions", "first", []),
        ("2", "product", "second", ["whisper.category.product", "whisper.source.friends", "whisper.new"]),
        ("3", "order", "second", ["whisper.category.order", "whisper.source.friends", "whisper.new"]),
        ("4", "claim", "third", ["whisper.category.claim", "whisper.source.friends", "whisper.new", "whisper.accept"]),
        ("5", "other", "first", []),
    ],
)
def test_ultralight_takes_each_category_to_its_line_and_asks_the_source_in_the_line(key, category, line, whisper):
    way = walk("ultralight", [key, "2"])
    assert way["spoken"] == ["informer", "category", "notice", "source"]
    assert (way["category"], way["line"], way["whisper"]) == (f"category={category}", line, whisper)


@pytest.mark.parametrize(
    ("key", "category", "line"),
    [
        ("1", "urgent", "second"),
        ("2", "visit", "first"),
        ("3", "change", "first"),
        ("4", "invoice", "second"),
        ("5", "complaint", "third"),
    ],
)
def test_homecare_takes_each_category_to_its_line_and_asks_the_source_before_it(key, category, line):
    way = walk("homecare", [key, "1"])
    own_words = ["reason.1"] if key == "1" else []
    assert way["spoken"] == ["greeting", "reason", *own_words, "source", "notice"]
    assert (way["category"], way["line"]) == (f"category={category}", line)
    assert way["source"] == ["source=internet how=asked"]
    assert "whisper.source.internet" in way["whisper"]


@pytest.mark.parametrize(
    ("name", "keys"), [("ultralight", ["-"]), ("ultralight", ["9"]), ("homecare", ["-", "-", "-"])]
)
def test_whoever_does_not_answer_reaches_a_person(name, keys):
    assert walk(name, keys)["line"] is not None


def test_a_holiday_is_told_and_ends_the_call():
    way = walk("ultralight", [], moment=HOLIDAY)
    assert (way["spoken"], way["end"]) == (["closed"], "hangs up")


def test_the_number_on_the_billboard_tells_the_source():
    way = walk("ultralight", ["2"], number="+78124483455")
    assert way["source"] == ["source=billboard how=dialled"]
    assert "source" not in way["spoken"]


def test_a_known_caller_with_a_known_source_is_not_asked():
    way = walk("homecare", ["1"], caller=Caller(known=True, source="leaflet"))
    assert "source" not in way["spoken"]
    assert way["whisper"] == ["whisper.category.urgent", "whisper.source.leaflet", "whisper.known"]
