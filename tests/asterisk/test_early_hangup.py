"""A call that ends early, at each of its steps: one call row, the right legs with their reasons, nothing left open."""

from __future__ import annotations

import asyncio

import pytest

from ivr.phone.phone import Phone
from tests.asterisk.front import Scenes
from tests.running import eventually

pytestmark = pytest.mark.asterisk

STAFF = {
    "561": {"ring": 0.2},
    "562": {"answers": False},
    "563": {"ring": 0.2},
    "564": {"ring": 0.2},
    "565": {"ring": 0.2, "hangs_up_after": 1.0},
}
MENU = "abandoned in the menu"
LINE = "abandoned in a line"
scenes = Scenes(STAFF)


@pytest.fixture(scope="module")
def played(front):
    return scenes.play(front)


@scenes
async def cancels(front):
    async with Phone(server=front.running.server) as phone:
        call = await phone.call("560", caller="+79210000600")
        await call.hang_up()
    return await front.told("+79210000600")


def test_a_call_that_is_cancelled_as_soon_as_it_is_placed_is_one_call_abandoned_in_the_menu(played):
    told = played(cancels)
    assert told.legs == ["ivr: caller hung up"]
    assert told.outcome == MENU


@scenes
async def hangs_up_at_the_answer(front):
    async with front.running.caller("560", "+79210000601") as call:
        await call.answered()
    return await front.told("+79210000601")


def test_a_bye_right_after_the_answer_is_one_call_of_no_length(played):
    told = played(hangs_up_at_the_answer)
    assert told.legs == ["ivr: caller hung up"]
    assert told.outcome == MENU
    assert told.call["ended_at"] - told.call["began_at"] < 2_000_000


@scenes
async def hangs_up_in_the_informer(front):
    async with front.caller("560", "+79210000602"):
        await asyncio.sleep(0.2)
    return await front.told("+79210000602")


def test_a_hang_up_in_the_informer_ends_the_menu_leg(played):
    told = played(hangs_up_in_the_informer)
    assert told.legs == ["ivr: caller hung up"]
    assert (told.outcome, told.call["end_reason"]) == (MENU, "caller hung up")


@scenes
async def hangs_up_in_the_menu(front):
    async with front.caller("560", "+79210000603") as call:
        await call.press("9")
        await front.noted("+79210000603", "wrong")
    return await front.told("+79210000603")


def test_a_hang_up_in_the_menu_after_a_wrong_key_keeps_that_key(played):
    told = played(hangs_up_in_the_menu)
    assert told.legs == ["ivr: caller hung up"]
    assert told.outcome == MENU
    assert told.facts("wrong") == [{"node": "pick", "key": "9"}]


@scenes
async def hangs_up_after_his_key(front):
    async with front.caller("560", "+79210000604") as call:
        await call.press("1")
        await front.noted("+79210000604", "key")
    return await front.told("+79210000604")


def test_a_hang_up_between_the_key_and_the_line_leaves_no_queue_leg(played):
    told = played(hangs_up_after_his_key)
    assert told.legs == ["ivr: caller hung up"]
    assert told.outcome == MENU
    assert "line" not in told.names()


@scenes
async def hangs_up_in_the_notice(front):
    async with front.caller("560", "+79210000605") as call:
        await call.press("2")
        await front.noted("+79210000605", "notice")
        await asyncio.sleep(0.1)
    return await front.told("+79210000605")


def test_a_hang_up_in_the_recording_notice_keeps_the_category_and_records_nothing(played):
    told = played(hangs_up_in_the_notice)
    assert told.legs == ["ivr: caller hung up"]
    assert (told.outcome, told.call["category"]) == (MENU, "sale")
    assert told.story.recordings == ()


@scenes
async def hangs_up_while_all_are_busy(front):
    async with front.waiting("560", "+79210000606", "1"):
        await front.talking("561")
        async with front.waiting("560", "+79210000607", "1"):
            await asyncio.sleep(1.5)
        second = await front.told("+79210000607")
        still = front.agents["561"].calls[-1].ended
    return await front.told("+79210000606"), second, still


def test_a_hang_up_in_a_line_whose_agent_is_busy_is_abandoned_without_an_offer(played):
    _, told, _ = played(hangs_up_while_all_are_busy)
    assert told.legs == ["ivr: handed over", "queue busy: abandoned"]
    assert told.outcome == LINE


def test_the_agents_talk_goes_on_when_another_caller_gives_up_waiting(played):
    told, _, ended = played(hangs_up_while_all_are_busy)
    assert ended is None
    assert told.legs == [
        "ivr: handed over",
        "queue busy: answered",
        "offer busy 561: answered",
        "talk busy 561: caller hung up",
    ]


@scenes
async def hangs_up_while_it_rings(front):
    async with front.waiting("560", "+79210000608", "2"):
        offer = await front.offered("562")
        await asyncio.sleep(0.3)
    await eventually(lambda: offer.ended)
    return await front.told("+79210000608"), offer


def test_a_hang_up_while_an_agents_telephone_rings_cancels_the_offer(played):
    told, offer = played(hangs_up_while_it_rings)
    assert told.legs == ["ivr: handed over", "queue ringing: abandoned", "offer ringing 562: cancelled"]
    assert told.outcome == LINE
    assert (offer.ended.by, offer.answered_at) == ("them", None)


@scenes
async def hangs_up_in_the_whisper(front):
    async with front.waiting("560", "+79210000609", "3"):
        offer = await front.offered("563")
        await eventually(lambda: any(event.name == "audio" for event in offer.events))
    await eventually(lambda: offer.ended)
    return await front.told("+79210000609"), offer


def test_a_hang_up_while_the_agent_hears_the_whisper_is_no_talk(played):
    told, offer = played(hangs_up_in_the_whisper)
    assert told.legs == ["ivr: handed over", "queue whispered: abandoned", "offer whispered 563: cancelled"]
    assert told.outcome == LINE
    assert offer.ended.by == "them"


@scenes
async def hangs_up_in_the_talk(front):
    async with front.waiting("560", "+79210000610", "4"):
        await front.talking("564")
        await asyncio.sleep(0.8)
    return await front.told("+79210000610")


def test_a_hang_up_in_the_talk_is_the_callers(played):
    told = played(hangs_up_in_the_talk)
    assert told.legs == [
        "ivr: handed over",
        "queue talked: answered",
        "offer talked 564: answered",
        "talk talked 564: caller hung up",
    ]
    assert (told.outcome, told.call["answered_by"]) == ("answered", "564")
    assert 500_000 < told.call["talked"] < 3_000_000


@scenes
async def is_hung_up_upon(front):
    async with front.waiting("560", "+79210000611", "5") as call:
        await front.talking("565")
        assert await call.over(10)
    return await front.told("+79210000611"), call.ended


def test_a_hang_up_by_the_agent_ends_the_call_as_his(played):
    told, end = played(is_hung_up_upon)
    assert told.legs == [
        "ivr: handed over",
        "queue left: answered",
        "offer left 565: answered",
        "talk left 565: agent hung up",
    ]
    assert (told.outcome, told.call["end_reason"]) == ("answered", "agent hung up")
    assert end.by == "them"
