"""Messages in the voicemail, on real calls: how one gets there, how it ends, and what is kept of it."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
import soundfile

from ivr.phone.outgoing import OutgoingCall
from ivr.phone.tones import tone, tone_level
from ivr.speech.models import POCKETSPHINX
from tests.asterisk.front import Front, Scenes, Told
from tests.running import CALLER_HZ, DEMO, eventually

pytestmark = pytest.mark.asterisk

scenes = Scenes({"672": {"answers": False}})


@pytest.fixture(scope="module")
def played(front):
    return scenes.play(front)


async def to_the_tone(front: Front, call: OutgoingCall, caller: str) -> None:
    """Wait until the caller is recorded."""
    await front.noted(caller, "recording", within=20)
    await asyncio.sleep(0.2)


async def leave(front: Front, caller: str, key: str, *, says: float, then: str = "", stays: bool = False) -> Any:
    """Call, press a key, speak after the tone, press a key or hang up or stay; return the prompts behind the menu."""
    async with front.caller("670", caller) as call:
        await call.press(key)
        await to_the_tone(front, call, caller)
        if says:
            call.say(tone(CALLER_HZ, says))
            await asyncio.sleep(says)
        if then:
            await call.press(then)
        if stays:
            assert await call.over(15), "the desk did not end the call"
        heard = call.heard()
    found = await asyncio.to_thread(front.running.recognise, heard, "mailbox", "en")
    return [one.prompt for one in found if one.prompt != "pick"]


@scenes
async def hangs_up_after_his_message(front: Front):
    heard = await leave(front, "+79210009001", "3", says=3)
    return await front.told("+79210009001"), heard


def test_who_hangs_up_after_his_message_has_left_it(played):
    told, heard = played(hangs_up_after_his_message)
    assert told.legs == ["ivr: handed over", "voicemail: left"]
    assert (told.outcome, told.call["end_reason"]) == ("voicemail", "left")
    assert heard == ["voicemail"]
    assert told.names().count("voicemail") == told.names().count("recording") == 1


@scenes
async def presses_the_pound_key_where_nobody_is(front: Front):
    heard = await leave(front, "+79210009002", "1", says=2.5, then="#", stays=True)
    return await front.told("+79210009002"), heard


def test_a_line_without_anybody_leads_to_the_voicemail_and_a_key_ends_the_message(played):
    told, heard = played(presses_the_pound_key_where_nobody_is)
    assert told.legs == ["ivr: handed over", "queue nobody: empty", "voicemail: left"]
    assert heard == ["voicemail", "voicemail.thanks"]
    assert told.facts("message") == [{"status": "DTMF", "silence": "3"}]


@scenes
async def speaks_without_end(front: Front):
    await leave(front, "+79210009003", "3", says=7, stays=True)
    return await front.told("+79210009003")


def test_a_message_ends_at_the_limit(played):
    told = played(speaks_without_end)
    leg = told.story.legs[-1]
    assert (leg["kind"], leg["reason"], told.facts("message")[0]["status"]) == ("voicemail", "left", "TIMEOUT")
    assert (leg["ended_at"] - leg["answered_at"]) / 1e6 == pytest.approx(6, abs=0.5)


@scenes
async def says_nothing(front: Front):
    await leave(front, "+79210009004", "3", says=0, stays=True)
    return await front.told("+79210009004")


def test_who_says_nothing_has_left_no_message(played):
    told = played(says_nothing)
    assert told.facts("message")[0]["status"] == "SILENCE"
    assert told.legs[-1] == "voicemail: too short"
    assert told.outcome == "abandoned in the menu"


@scenes
async def hangs_up_before_the_tone(front: Front):
    async with front.caller("670", "+79210009005") as call:
        await call.press("3")
        await front.noted("+79210009005", "voicemail")
    return await front.told("+79210009005")


def test_who_hangs_up_before_the_tone_has_left_nothing_and_is_not_recorded(played):
    told = played(hangs_up_before_the_tone)
    assert told.legs == ["ivr: handed over", "voicemail: hung up"]
    assert told.story.recordings == ()


@scenes
async def nobody_answers(front: Front):
    await leave(front, "+79210009006", "2", says=3)
    return await front.told("+79210009006")


def test_who_would_hear_sorry_may_leave_a_message_instead(played):
    told = played(nobody_answers)
    assert [leg for leg in told.legs if "offer" not in leg] == [
        "ivr: handed over", "queue rings: timeout", "voicemail: left",
    ]  # fmt: skip
    assert "exhausted" in told.names()
    assert told.outcome == "voicemail"


async def kept(front: Front, told: Told) -> dict[str, Any]:
    """Return the recording of a call when it has its verdict."""

    def settled() -> list[dict[str, Any]]:
        told_so = front.running.read("recordings", "show", told.call["id"], "--json")
        return [one for one in json.loads(told_so) if one["state"] != "expected"]

    return (await eventually(settled, 15))[0]


@pytest.mark.parametrize("scene", [hangs_up_after_his_message, presses_the_pound_key_where_nobody_is, says_nothing])
async def test_a_message_is_kept_verified_and_as_long_as_the_stay_after_the_tone(front, played, scene):
    told = played(scene)
    one = await kept(front, told[0] if isinstance(told, tuple) else told)
    assert (one["kind"], one["state"], one["name"]) == ("voicemail", "ok", f"{one['call_id']}-message"), one
    assert one["seconds"] == pytest.approx(one["talk_seconds"], abs=0.5)
    sound, rate = soundfile.read(front.running.settings.recordings / one["path"])
    assert sound.ndim == 1
    if scene is not says_nothing:
        assert tone_level(sound[rate : 2 * rate], CALLER_HZ) > 0.9


async def test_messages_are_listed_apart_and_exported_under_their_own_name(front, played, tmp_path):
    told, _ = played(hangs_up_after_his_message)
    one = await kept(front, told)
    listed = json.loads(front.running.ivr("recordings", "list", "--kind", "voicemail", "--json").stdout)
    assert one["name"] in {each["name"] for each in listed}
    talks = json.loads(front.running.ivr("recordings", "list", "--kind", "talk", "--json").stdout)
    assert one["name"] not in {each["name"] for each in talks}
    (written,) = json.loads(
        front.running.ivr("recordings", "export", one["name"], "--to", str(tmp_path), "--json").stdout
    )
    assert f"_mailbox_voicemail_{one['name']}.wav" in written["file"]


async def test_without_the_controller_a_caller_leaves_his_message_all_the_same(front):
    front.running.kill("controller")
    async with front.running.caller("670", "+79210009007") as call:
        await call.answered()
        await to_the_tone(front, call, "+79210009007")
        call.say(tone(CALLER_HZ, 3))
        await asyncio.sleep(3)
    told = await front.told("+79210009007")
    await front.controlled()
    assert told.call["fallback"]
    assert told.legs[-1] == "voicemail: left"
    assert (await kept(front, told))["state"] == "ok"


@scenes
async def says_what_he_wants(front: Front):
    if POCKETSPHINX.version() is None:
        return None
    async with front.caller("670", "+79210009011") as call:
        await call.press("3")
        await to_the_tone(front, call, "+79210009011")
        call.say(DEMO / "homecare/prompts/en/voicemail.wav")
        await call.said()
    told = await front.told("+79210009011")

    def written() -> dict[str, Any]:
        (one,) = json.loads(front.running.read("recordings", "show", told.call["id"], "--json"))
        return one["said"] if one["said"] and one["said"]["state"] != "awaiting" else {}

    return await eventually(written, 120)


def test_what_a_caller_said_can_be_read(played):
    """By a small engine, after every other message of these scenes that came later."""
    said = played(says_what_he_wants)
    if said is None:
        pytest.skip("pocketsphinx is not installed: pip install pocketsphinx")
    assert (said["state"], said["language"], said["engine"].split()[0]) == ("written", "en", "pocketsphinx")
    assert {"sorry", "name", "number"} <= set(said["text"].split())
