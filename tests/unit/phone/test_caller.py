"""The caller who listens, against a desk of one telephone that speaks prompts and waits for keys."""

from __future__ import annotations

import asyncio
import importlib.util
from pathlib import Path

import numpy as np
import pytest

from ivr.phone.call import Event
from ivr.phone.caller import Caller, Knowledge, Nobody, Plan
from ivr.phone.phone import Phone
from ivr.phone.steps import read_steps
from ivr.phone.tones import tone_level, voice

pytestmark = pytest.mark.slow

_spec = importlib.util.spec_from_file_location("sounds", Path(__file__).with_name("sounds.py"))
sounds = importlib.util.module_from_spec(_spec)
_spec.loader.exec_module(sounds)

PROMPTS = {"informer": sounds.speech(1, 0.8), "menu": sounds.speech(2, 1.2), "source": sounds.speech(3, 1.0)}
KNOWLEDGE = Knowledge(PROMPTS, frozenset({"menu", "source"}), {"201": 620, "202": 640})


async def _until_key(call, count):
    while len(call.keys) < count and not await call.over(0.02):
        pass


async def desk(call):
    """Informer, menu, a key; source, a key; then agent 202."""
    call.answer()
    call.say(PROMPTS["informer"])
    call.say(sounds.silence(0.2))
    call.say(PROMPTS["menu"])
    await _until_key(call, 1)
    call.say(PROMPTS["source"])
    await _until_key(call, 2)
    call.media.repeat(voice(640))
    await call.over()


async def run(plan, witness=None, handler=desk):
    told = []
    async with Phone() as called, Phone(server=called.address) as phone:
        called.on_call = handler
        report = await Caller(plan, KNOWLEDGE, witness or Nobody(), told.append).run(phone)
        return report, called.calls[0], told


async def test_each_key_is_pressed_after_its_question_was_heard_to_the_end():
    report, taken, told = await run(Plan("100", steps=read_steps("2w1"), talk=1.0))
    assert [key for _, key in taken.keys] == ["2", "1"]
    assert [(heard.prompt, heard.cut) for heard in report.prompts] == [
        ("informer", False), ("menu", False), ("source", False),
    ]  # fmt: skip
    pressed = [event.at for event in report.events if event.name == "pressed"]
    for at, heard, pause in zip(pressed, report.prompts[1:], (0.0, 1.0), strict=True):
        assert 0.2 + pause <= at - heard.ended < 3 + pause  # how much later depends on what else the machine does
    assert ("hears", "agent 202") in [(event.name, event.detail) for event in told]
    assert report.end.by == "us"
    assert report.unpressed == ""
    assert tone_level(taken.heard()[-4000:], 440) > 0.4, "he spoke to the agent"


async def test_a_question_that_he_does_not_answer_is_consumed_without_a_key():
    report, taken, _ = await run(Plan("100", steps=read_steps("-17"), patience=4.0))
    assert taken.keys == []
    assert report.unpressed == "17"


async def test_the_witness_says_when_the_agent_answered_and_the_talk_is_timed_by_it():
    class Sees:
        def seen(self, call):
            if call.now < 0.5 or self.told:
                return ()
            self.told = True
            return [Event(0.5, "line", "first"), Event(0.5, "answered by", "agent 201")]

        told = False

    async def human(call):
        call.answer()
        await asyncio.sleep(0.7)
        call.media.repeat(sounds.speech(9, 2.0))
        await call.over()

    own = np.asarray(voice(500, 2.0))
    report, taken, told = await run(Plan("100", sound=own, talk=1.5), Sees(), human)
    names = [(event.name, event.detail) for event in told]
    assert ("line", "first") in names
    assert ("hears", "agent 201") in names
    hung = next(event.at for event in report.events if event.name == "hung up")
    assert hung == pytest.approx(2.0, abs=0.3)
    assert tone_level(taken.heard()[-4000:], 500) > 0.5


async def test_a_desk_that_hangs_up_ends_the_report_with_what_was_being_said_as_cut():
    async def short(call):
        call.answer()
        call.say(PROMPTS["menu"])
        await asyncio.sleep(0.8)
        await call.hang_up()

    report, _, told = await run(Plan("100"), handler=short)
    assert [(heard.prompt, heard.cut) for heard in report.prompts] == [("menu", True)]
    assert told[-1].name == "the desk hung up"
    assert report.end.by == "them"


async def test_a_refused_call_is_reported_as_failed():
    async def refuse(call):
        call.reject(404)

    report, _, told = await run(Plan("999"), handler=refuse)
    assert (report.end.by, report.end.code) == ("failed", 404)
    assert (told[-1].name, told[-1].detail) == ("failed", "404 Not Found")
    assert report.sound.size == 0
