"""An announcement that is switched on while the desk runs: who hears it, and what comes behind it."""

from __future__ import annotations

import asyncio
import json
import signal
from contextlib import contextmanager, nullcontext

import pytest

from ivr.asterisk.render import ANNOUNCED, ANNOUNCEMENTS
from ivr.ledger.channels import facts_of
from ivr.phone.hearing import recognise
from ivr.phone.wav import write_sound
from tests.asterisk.front import Front
from tests.running import eventually, spoken

pytestmark = pytest.mark.asterisk

DESK, NUMBER = "never", "530"
OTHER, OTHER_NUMBER = "extraday", "622"
"""A desk that is open all day, and has a way of closed hours that speaks."""


@pytest.fixture
def recorded(tmp_path, front: Front):
    """Record an announcement; whatever a test switched on is switched off behind it."""
    path = tmp_path / "announcement.wav"
    write_sound(path, spoken("announcement", 1.0))
    yield path
    front.running.ivr("announce", "off")


async def _call(front: Front, caller: str, *, seconds: float, desk: str = DESK, number: str = NUMBER):
    async with front.caller(number, caller) as call:
        await call.over(seconds)
        heard = call.heard()
        ended = call.ended
    told = await front.told(caller)
    sounds = front.running.prompts(desk, "en") | {"announcement": spoken("announcement", 1.0)}

    return told, [one.prompt for one in await asyncio.to_thread(recognise, heard, sounds)], ended


def _shown(front: Front) -> dict[str, str]:
    return json.loads(front.running.ivr("announce", "show", "--json").stdout)


@contextmanager
def _alone(front: Front):
    """Let nobody take a call but the dialplan, for the block."""
    front.running.process.send_signal(signal.SIGSTOP)
    front.running.kill("controller", signal.SIGKILL)
    try:
        yield
    finally:
        front.running.process.send_signal(signal.SIGCONT)
        asyncio.run(front.controlled())


def test_the_next_call_hears_it_before_everything_else_until_it_is_switched_off(front: Front, recorded) -> None:
    front.running.ivr("announce", "on", "--file", str(recorded), "--desk", DESK)
    assert _shown(front) == {DESK: "go on"}
    told, heard, _ = asyncio.run(_call(front, "+79210000861", seconds=3.0))
    assert heard[:2] == ["announcement", "hello"]
    assert told.names()[:3] == ["arrived", "announced", "began"]
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


def test_the_call_that_proves_an_apply_goes_past_it_to_the_controller(front: Front, recorded) -> None:
    front.running.ivr("announce", "on", "--file", str(recorded), "--desk", DESK, "--then", "hang up")
    edition = front.running.edition(DESK)
    begin = len(front.records())
    front.console(f"channel originate Local/{edition}@selftest application MusicOnHold hold,3")

    def noted() -> list[str]:
        return [fact.name for one in front.records()[begin:] if one.event == "IVR" for fact in facts_of(one.extra)]

    asyncio.run(eventually(lambda: "began" in noted() or "ended" in noted(), 10))
    assert noted()[:3] == ["smoke", "arrived", "began"]
    asyncio.run(front.silent())


def test_a_sound_that_is_lost_leaves_nobody_in_silence(front: Front, recorded) -> None:
    said = front.running.ivr("announce", "on", "--file", str(recorded), "--desk", DESK, "--then", "hang up")
    assert "behind it the call ends" in said.stdout
    for path in (front.running.settings.sounds / ANNOUNCED).glob(f"{DESK}.*"):
        path.unlink()
    told, heard, _ = asyncio.run(_call(front, "+79210000864", seconds=2.0))
    assert heard[:1] == ["hello"]
    assert told.names()[:4] == ["arrived", "announced", "unannounced", "began"]
    assert "its sound is lost" in front.running.ivr("announce", "show").stdout


def test_all_desks_say_it_also_one_that_is_applied_later_but_for_those_that_say_another_or_none(
    front: Front, recorded
) -> None:
    """Nothing of it is kept by desk: what one has to say that is applied later stands already."""
    front.running.ivr("announce", "on", "--file", str(recorded), "--desk", DESK, "--then", "hang up")
    front.running.ivr("announce", "on", "--file", str(recorded))
    assert _shown(front) == {"_all": "go on"}, "what was said to one is said no more"
    _, heard, _ = asyncio.run(_call(front, "+79210000865", seconds=3.0))
    assert heard[:2] == ["announcement", "hello"]
    front.running.ivr("announce", "off", "--desk", DESK)
    assert _shown(front) == {"_all": "go on", DESK: "off"}
    told, heard, _ = asyncio.run(_call(front, "+79210000866", seconds=2.0))
    assert heard[:1] == ["hello"]
    assert not told.facts("announced")


def test_off_also_ends_what_a_desk_says_that_is_served_no_more(front: Front, recorded) -> None:
    front.console(f'database put {ANNOUNCEMENTS} gone "hang up"')
    assert "gone, which is not served now" in front.running.ivr("announce", "show").stdout
    assert "gone says it no more" in front.running.ivr("announce", "off").stdout
    assert _shown(front) == {}


@pytest.mark.parametrize("alone", [False, True], ids=["with the controller", "without"])
def test_behind_it_a_call_may_go_the_way_of_closed_hours(front: Front, recorded, alone) -> None:
    front.running.ivr("announce", "on", "--file", str(recorded), "--desk", OTHER, "--then", "closed")
    caller = "+79210000868" if alone else "+79210000867"
    with _alone(front) if alone else nullcontext():
        told, heard, ended = asyncio.run(_call(front, caller, seconds=6.0, desk=OTHER, number=OTHER_NUMBER))
    assert heard == ["announcement", "closed"]
    assert ended is not None
    assert told.names() == ["arrived", "announced", "fallback" if alone else "began", "closed", "ended"]


def test_a_desk_without_hours_cannot_be_closed(front: Front, recorded) -> None:
    for one in (["--desk", DESK], []):
        done = front.running.ivr("announce", "on", "--file", str(recorded), "--then", "closed", *one, check=False)
        assert done.returncode == 2
        assert "no hours, and so no way of closed hours" in done.stderr
        assert DESK in done.stderr
    assert _shown(front) == {}


def test_a_desk_that_lost_its_hours_meanwhile_hangs_up(front: Front, recorded) -> None:
    front.running.ivr("announce", "on", "--file", str(recorded), "--desk", DESK)
    front.console(f"database put {ANNOUNCEMENTS} {DESK} closed")
    told, heard, ended = asyncio.run(_call(front, "+79210000869", seconds=5.0))
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
