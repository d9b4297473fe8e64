"""`ivr agi`: a dialplan of somebody's own starts a plain AGI process, and the call goes the same way."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from tests.asterisk.front import Front, Scenes, Told

pytestmark = pytest.mark.asterisk

SLOW_START = 30.0
"""Seconds that a Python process may take to start on a loaded machine."""
OWN_DIALPLAN = """
[inbound]
exten => 669,1,Gosub(clean,s,1)
 same => n,MSet(AGIEXITONHANGUP=yes,__IVR_CALL=${UNIQUEID},__IVR_DESK=process,__IVR_LANGUAGE=en,IVR_TOKEN=)
 same => n,Set(CHANNEL(language)=en)
 same => n,CELGenUserEvent(IVR,arrived?desk=process&number=660&version=own)
 same => n,Answer()
 same => n,AGI({program},agi,answer,process,660)
 same => n,Goto(desk-process,went,1)
"""
scenes = Scenes({"661": {"ring": 0.3}})


@pytest.fixture(scope="module")
def played(front):
    """Add the dialplan to the running Asterisk for this module."""
    file = front.running.settings.asterisk_etc / "extensions.conf"
    rendered = file.read_text()
    file.write_text(rendered + OWN_DIALPLAN.replace("{program}", str(Path(sys.executable).with_name("ivr"))))
    front.console("dialplan reload")
    try:
        yield scenes.play(front)
    finally:
        file.write_text(rendered)
        front.console("dialplan reload")


async def whole_call(front: Front, number: str, caller: str) -> Told:
    """Press a wrong key, then the line's, answer the question, and talk."""
    async with front.running.caller(number, caller) as call:
        await call.answered()
        await front.noted(caller, "entered", within=SLOW_START)
        await asyncio.sleep(0.6)
        await call.press("5")
        await front.noted(caller, "wrong")
        await asyncio.sleep(0.4)
        await call.press("1")
        await front.noted(caller, "key")
        await asyncio.sleep(0.4)
        await call.press("2")
        await front.talking("661")
        await asyncio.sleep(0.5)
    return await front.told(caller)


@scenes
async def both_ways(front):
    by_controller = await whole_call(front, "660", "+79210003001")
    await front.silent()
    return by_controller, await whole_call(front, "669", "+79210003002")


def test_a_call_served_by_a_process_has_the_legs_of_one_served_by_the_controller(played):
    by_controller, by_process = played(both_ways)
    assert by_process.legs == by_controller.legs
    assert by_process.legs == [
        "ivr: handed over",
        "queue first: answered",
        "offer first 661: answered",
        "talk first 661: caller hung up",
    ]


def test_a_call_served_by_a_process_leaves_the_same_facts(played):
    by_controller, by_process = played(both_ways)
    assert by_process.names() == by_controller.names()
    for name in ("entered", "wrong", "key", "category", "source", "handover"):
        assert by_process.facts(name) == by_controller.facts(name)
    assert (by_process.call["category"], by_process.source) == ("sale", ("friend", "asked"))
    assert by_process.call["fallback"] == ""


@scenes
async def hangs_up_early(front):
    async with front.running.caller("669", "+79210003003") as call:
        await call.answered()
        await front.noted("+79210003003", "entered", within=SLOW_START)
    return await front.told("+79210003003")


def test_a_hang_up_ends_the_process_and_the_call(played):
    told = played(hangs_up_early)
    assert told.legs == ["ivr: caller hung up"]
    assert told.outcome == "abandoned in the menu"


def test_no_process_is_left_behind(front, played):
    """The processes of this module's calls have ended with their calls."""
    played(both_ways)
    home = str(front.running.settings.home.absolute())
    left = [
        folder.name
        for folder in Path("/proc").glob("[0-9]*")
        if b"\0agi\0answer\0process\0" in _read(folder / "cmdline") and home.encode() in _read(folder / "environ")
    ]
    assert left == []


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:
        return b""
