"""Closed hours, holidays and the caller's language, on real calls."""

from __future__ import annotations

import asyncio

import pytest

from tests.asterisk.front import Scenes

pytestmark = pytest.mark.asterisk

scenes = Scenes({"631": {"ring": 0.2}, "628": {"ring": 0.2}})


@pytest.fixture(scope="module")
def played(front):
    return scenes.play(front)


async def heard_by(front, call, desk: str, language: str = "en") -> list[str]:
    found = await asyncio.to_thread(front.running.recognise, call.heard(), desk, language)
    return [prompt.prompt for prompt in found]


@scenes
async def calls_on_a_holiday(front):
    async with front.caller("620", "+79210001001") as call:
        assert await call.over(10)
        return await front.told("+79210001001"), await heard_by(front, call, "holiday")


def test_a_call_on_a_holiday_hears_that_the_desk_is_closed_and_ends(played):
    told, heard = played(calls_on_a_holiday)
    assert heard == ["closed"]
    assert told.legs == ["ivr: closed"]
    assert told.outcome == "closed"
    assert told.names()[:3] == ["arrived", "began", "closed"]


@scenes
async def calls_after_hours(front):
    async with front.caller("621", "+79210001002") as call:
        assert await call.over(10)
    return await front.told("+79210001002")


def test_a_call_outside_the_hours_that_takes_no_offer_of_the_closed_desk_ends_closed(played):
    told = played(calls_after_hours)
    assert told.legs == ["ivr: closed"]
    assert told.outcome == "closed"
    assert told.facts("silent") == [{"node": "emergency"}]


@scenes
async def has_an_emergency_after_hours(front):
    async with front.waiting("621", "+79210001003", "1"):
        await front.talking("628")
    return await front.told("+79210001003")


def test_a_call_outside_the_hours_can_still_reach_a_line_that_the_closed_way_leads_to(played):
    told = played(has_an_emergency_after_hours)
    assert told.legs == [
        "ivr: handed over",
        "queue first: answered",
        "offer first 628: answered",
        "talk first 628: caller hung up",
    ]
    assert (told.outcome, told.call["category"]) == ("answered", "urgent")
    assert "closed" in told.names()


@scenes
async def calls_on_an_extra_day(front):
    async with front.caller("622", "+79210001004") as call:
        assert await call.over(10)
        return await front.told("+79210001004"), await heard_by(front, call, "extraday")


def test_a_holiday_with_times_opens_a_desk_on_a_day_that_its_week_does_not_have(played):
    told, heard = played(calls_on_an_extra_day)
    assert heard == ["hello", "sorry"]
    assert "closed" not in told.names()
    assert told.legs == ["ivr: handed over", "queue first: empty"]
    assert told.outcome == "gave up"


@scenes
async def picks_russian(front):
    async with front.caller("630", "+79210001005") as call:
        await call.press("2")
        assert await call.over(10)
        return await front.told("+79210001005"), await heard_by(front, call, "tongues", "ru")


@scenes
async def picks_english(front):
    async with front.waiting("630", "+79210001006", "1") as call:
        await front.talking("631")
        heard = await heard_by(front, call, "tongues")
    return await front.told("+79210001006"), heard


def test_who_picks_another_language_hears_all_that_follows_in_it_and_the_call_says_so(played):
    told, heard = played(picks_russian)
    assert heard == ["welcome", "sorry"]
    assert told.call["language"] == "ru"
    assert told.facts("language") == [{"language": "ru"}]


def test_who_keeps_the_first_language_hears_it(played):
    told, heard = played(picks_english)
    assert "hello" in heard
    assert "welcome" not in heard
    assert told.facts("language") == []
