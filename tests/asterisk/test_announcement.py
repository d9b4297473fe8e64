"""An announcement that is switched on while the desk runs: who hears it, and what comes behind it."""

from __future__ import annotations

import asyncio
import json

import pytest

from ivr.phone.hearing import recognise
from ivr.phone.wav import write_sound
from tests.asterisk.front import Front
from tests.running import spoken

pytestmark = pytest.mark.asterisk

DESK, NUMBER = "never", "530"


@pytest.fixture
def recorded(tmp_path, front: Front):
    """Record an announcement; whatever a test switched on is switched off behind it."""
    path = tmp_path / "announcement.wav"
    write_sound(path, spoken("announcement", 1.0))
    yield path
    front.running.ivr("announce", "off")


async def _call(front: Front, caller: str, *, seconds: float):
    async with front.caller(NUMBER, caller) as call:
        await call.over(seconds)
        heard = call.heard()
        ended = call.ended
    told = await front.told(caller)
    sounds = front.running.prompts(DESK, "en") | {"announcement": spoken("announcement", 1.0)}

    return told, [one.prompt for one in await asyncio.to_thread(recognise, heard, sounds)], ended


def test_the_next_call_hears_it_before_everything_else_until_it_is_switched_off(front: Front, recorded) -> None:
    front.running.ivr("announce", "on", "--file", str(recorded), "--desk", DESK)
    assert json.loads(front.running.ivr("announce", "show", "--json").stdout) == {DESK: "go on"}
    told, heard, _ = asyncio.run(_call(front, "+79210000861", seconds=3.0))
    assert heard[:2] == ["announcement", "hello"]
    assert [fact["name"] for fact in told.story.facts][:3] == ["arrived", "announced", "began"]
    front.running.ivr("announce", "off", "--desk", DESK)
    told, heard, _ = asyncio.run(_call(front, "+79210000862", seconds=2.0))
    assert heard[:1] == ["hello"]
    assert not told.facts("announced")


def test_a_call_may_end_behind_it(front: Front, recorded) -> None:
    front.running.ivr("announce", "on", "--file", str(recorded), "--desk", DESK, "--then", "hang up")
    told, heard, ended = asyncio.run(_call(front, "+79210000863", seconds=5.0))
    assert heard == ["announcement"]
    assert ended is not None
    assert told.legs == ["ivr: goodbye"]


def test_a_desk_that_does_not_run_says_so(front: Front, recorded, tmp_path) -> None:
    other = front.running.__class__(tmp_path / "home", front.running.shift, desks=front.running.desks)
    done = other.ivr("announce", "on", "--file", str(recorded), check=False)
    assert done.returncode == 2
    assert "No Asterisk of" in done.stderr


def test_a_text_and_a_file_together_are_refused(front: Front, recorded) -> None:
    done = front.running.ivr("announce", "on", "Hello.", "--file", str(recorded), check=False)
    assert done.returncode == 2
    assert "either a text or a file" in done.stderr
