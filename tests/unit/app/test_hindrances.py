"""What keeps desks that can be opened from being served."""

from __future__ import annotations

import pytest

from ivr.app.hindrances import hindrances
from ivr.app.planned import _felt
from ivr.flows.reader import read_desks
from ivr.speech.library import made_path
from ivr.speech.manifest import FILE, Made, text_hash, write_manifest
from ivr.speech.wav import RATES
from tests.running import desk_folder

SHOP = """desk: shop
numbers: ["100"]
language: en
agents: {201: Ann, 202: Ben}
categories: {}
lines: {one: {agents: [201]}, two: {agents: [202]}}
flow: {hello: {say: Hello., then: one}}
"""


def found(folder):
    return [(one.sentence, one.cure) for one in hindrances(folder, read_desks(folder))]


@pytest.fixture
def folder(tmp_path):
    return desk_folder(tmp_path, {"shop": SHOP})


def test_a_recorded_desk_within_its_budget_has_none(folder):
    assert found(folder) == []


def test_audio_that_says_an_old_text_is_one(folder):
    """Keys may have changed their meaning since it was spoken."""
    (folder / "shop/recorded/en/hello.wav").unlink()
    for rate in RATES:
        made_path(folder, "shop", "hello", "en", rate).parent.mkdir(parents=True, exist_ok=True)
        made_path(folder, "shop", "hello", "en", rate).touch()
    made = Made(text_hash("Good day."), "a", "1", "b", "", "", 1.0, -16.0)
    write_manifest(folder / "shop/prompts", {"en/hello": made})
    assert (folder / "shop/prompts" / FILE).is_file()
    ((sentence, cure),) = found(folder)
    assert sentence == "shop: the audio of `hello` (en) does not say the text that stands in the file now."
    assert cure.startswith("`ivr prompts build shop`")


def test_a_way_over_the_budget_is_one(folder):
    text = SHOP.replace("say: Hello.", "say: Hello and good day to everybody.")
    desk_folder(folder, {"shop": text + "budget: {time to human: 1s}\n"})
    (folder / "shop/recorded/en/hello.wav").unlink()  # its length is reckoned from the text
    ((sentence, _),) = found(folder)
    assert sentence.startswith("shop: the way to the line `one` is over the budget: hello ")


def test_who_waits_in_a_line_whose_agents_change_is_told_of_and_nobody_else(folder, tmp_path):
    old = read_desks(folder)
    new = read_desks(
        desk_folder(tmp_path / "new", {"shop": SHOP.replace("two: {agents: [202]", "two: {agents: [201]")})
    )
    now = {"shop-one": {"waiting": 2}, "shop-two": {"waiting": 3}}
    assert list(_felt(now, old, new)) == [
        "3 callers wait in `two` of shop: what changes of its agents and ringing counts there at once."
    ]
