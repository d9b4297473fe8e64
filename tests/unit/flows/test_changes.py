"""What an admin reads of a changed desk."""

from __future__ import annotations

import pytest

from ivr.flows.changes import Version, changes
from ivr.flows.model import Desk
from tests.unit.engine.test_machine import SMALL, desk


def told(old, new, before=1.0, after=1.0):
    lasts = {"old": lambda *_: before, "new": lambda *_: after}
    return [
        (change.subject, change.sentence) for change in changes(Version(old, lasts["old"]), Version(new, lasts["new"]))
    ]


def sentences(old, new, **lasts):
    return [sentence for _, sentence in told(old, new, **lasts)]


def test_a_desk_that_is_the_same_has_no_changes():
    assert told(desk(), desk()) == []


def test_a_new_key_is_told_with_where_it_leads():
    why = SMALL["flow"]["why"] | {"7": {"then": "first"}}
    assert "`why`, key 7: new, to `first`" in sentences(desk(), desk(flow=SMALL["flow"] | {"why": why}))


def test_an_agent_who_changes_his_line_leaves_one_and_joins_another():
    lines = SMALL["lines"]
    names = list(lines)
    moved = lines[names[0]]["agents"][0]
    new = {
        name: line | {"agents": [agent for agent in line["agents"] if agent != moved] or ["299"]}
        for name, line in lines.items()
    }
    new[names[1]] = new[names[1]] | {"agents": [*new[names[1]]["agents"], moved]}
    found = told(desk(), desk(lines=new, agents={**SMALL["agents"], "299": "New"}))
    assert ("agent", f"agent {moved} leaves the line `{names[0]}`") in found
    assert ("agent", f"agent {moved} joins the line `{names[1]}`") in found


def test_a_longer_recording_is_told_in_seconds_with_what_it_makes_of_the_time_to_a_person():
    found = sentences(desk(), desk(), before=1.0, after=3.1)
    assert "`hello (en)` is spoken anew, 2.1 s longer" in found
    assert any(one.startswith("a caller who presses nothing: a telephone of `first` rings after ") for one in found)


@pytest.mark.parametrize(
    ("audio", "text", "told_as"),
    [
        ("a", "Hello.", ""),
        ("b", "Hello.", "`hello (en)` is spoken anew"),
        ("a", "Good day.", "`hello (en)` is to say: “Good day.”, and its audio is the old one"),
        ("b", "Good day.", "`hello (en)` says: “Good day.”"),
    ],
)
def test_a_prompt_is_told_by_what_callers_hear_of_it(audio, text, told_as):
    hello = {"say": {"en": "Hello.", "ru": "Привет."}, "then": "why"}
    old, new = (
        desk(flow=SMALL["flow"] | {"hello": hello | {"say": {"en": one, "ru": "Привет."}}}) for one in ("Hello.", text)
    )
    found = changes(Version(old, lambda *_: 1.0, {"en/hello": "a"}), Version(new, lambda *_: 1.0, {"en/hello": audio}))
    assert [change.sentence for change in found] == ([told_as] if told_as else [])


def test_other_parts_are_told_by_their_place():
    found = told(desk(), desk(patience="5m"))
    assert ("desk", "patience: 300 s, no more 600 s") in found


DIFFERENT = {
    "numbers": ["100", "102"],
    "languages": ["ru", "en"],
    "time zone": "Asia/Tokyo",
    "hours": SMALL["hours"] | {"mon-fri": "10:00-18:00"},
    "budget": {"time to human": "99s"},
    "recording": {"notice": "never"},
    "patience": "3m",
    "agents": SMALL["agents"] | {"204": "Dan"},
    "pauses": ["tea"],
    "categories": SMALL["categories"] | {"order": "order"},
    "lines": SMALL["lines"] | {"first": {"agents": ["201"], "then": "third"}},
    "flow": SMALL["flow"] | {"regret": {"say": {"en": "Nobody.", "ru": "Никого."}, "then": "first"}},
    "source": SMALL["source"] | {"ask": "by agent"},
    "voicemail": {"say": {"en": "Speak.", "ru": "Говорите."}},
    "outbound": {"allow": ["+7"]},
    "callback": {"within": "30m"},
    "callers": [{"who": ["hidden"], "then": "hang up"}],
    "phrases": {"sorry": {"en": "Sorry.", "ru": "Простите."}},
}
"""For each part of a desk file another value than the small desk's."""


def test_there_is_another_value_for_each_part_of_a_desk():
    """Whoever adds a part has to say how its change is told."""
    names = {field.alias or name for name, field in Desk.model_fields.items()}
    assert DIFFERENT.keys() == names - {"desk"}


@pytest.mark.parametrize("part", sorted(DIFFERENT))
def test_no_part_of_a_desk_changes_unsaid(part):
    assert told(desk(), desk(**{part: DIFFERENT[part]}))
