"""How he heard of us: asked while waiting, before the line, by the agent, never; known by the number or the card."""

from __future__ import annotations

import asyncio

import pytest

from ivr.phone.outgoing import OutgoingCall
from tests.asterisk.front import Front, Scenes
from tests.running import eventually

pytestmark = pytest.mark.asterisk

STAFF = {
    **{agent: {"ring": 2.5} for agent in ("501", "502", "503", "504")},
    "505": {"answers": False},
    "506": {"ring": 1.5},
    "507": {"ring": 0.3},
    "508": {"ring": 1.5},
    "511": {"ring": 0.3},
    "512": {"ring": 0.3},
    "513": {"ring": 0.3},
    "521": {"ring": 0.3},
    "522": {"ring": 0.3},
    "531": {"ring": 0.3},
}
TALK = 0.6
scenes = Scenes(STAFF)


@pytest.fixture(scope="module")
def played(front):
    return scenes.play(front)


def golden(line: str, agent: str) -> list[str]:
    """Return the legs of a call that one agent answered and the caller ended."""
    return [
        "ivr: handed over",
        f"queue {line}: answered",
        f"offer {line} {agent}: answered",
        f"talk {line} {agent}: caller hung up",
    ]


async def caller_heard(front: Front, call: OutgoingCall) -> list[str]:
    """Return the prompts of the desk `waiting` that a caller has heard."""
    heard = await asyncio.to_thread(front.running.recognise, call.heard(), "waiting", "en")
    return [prompt.prompt for prompt in heard]


async def whispered(front: Front, desk: str, agent: str) -> list[str]:
    """Return the prompts that an agent heard in his last call."""
    heard = front.agents[agent].calls[-1].heard()
    return [prompt.prompt for prompt in await asyncio.to_thread(front.running.recognise, heard, desk, "en")]


def new(told) -> list[str]:
    """Return what an agent hears of a number's first call: nothing when the ledger did not answer in time."""
    return ["whisper.new"] if told.facts("caller") else []


@scenes
async def answers_while_the_telephone_rings(front):
    async with front.waiting("500", "+79210000501", "1") as call:
        offer = await front.offered("501")
        await call.press("2")
        await front.talking("501")
        await asyncio.sleep(TALK)
    names = [event.name for event in offer.events]
    told = await front.told("+79210000501")
    return told, names, len(front.agents["501"].calls), await whispered(front, "waiting", "501")


def test_a_source_pressed_while_the_agents_telephone_rings_is_stored_and_lets_it_ring_on(played):
    told, names, offers, _ = played(answers_while_the_telephone_rings)
    assert told.source == ("friend", "asked")
    assert told.legs == golden("one", "501")
    assert (told.outcome, told.call["category"], told.call["answered_by"]) == ("answered", "sale", "501")
    assert offers == 1
    assert names.count("invited") == names.count("answered") == 1


def test_a_source_pressed_before_the_whisper_is_told_in_it_after_the_category(played):
    told, *_, whisper = played(answers_while_the_telephone_rings)
    assert whisper == ["whisper.category.sale", "whisper.source.friend", *new(told)]


@scenes
async def presses_twice(front):
    async with front.waiting("500", "+79210000502", "2") as call:
        await front.offered("502")
        await call.press("31")
        await front.talking("502")
        await call.press("2")
        await asyncio.sleep(TALK)
    return await front.told("+79210000502"), await whispered(front, "waiting", "502")


def test_the_first_source_counts_and_no_later_key_overwrites_it(played):
    told, whisper = played(presses_twice)
    assert told.source == ("billboard", "asked")
    assert told.legs == golden("two", "502")
    assert whisper == ["whisper.category.repair", "whisper.source.billboard", *new(told)]


@scenes
async def presses_a_wrong_key_first(front):
    async with front.waiting("500", "+79210000503", "3") as call:
        await front.offered("503")
        await front.typed(call, "+79210000503", "91")
        await front.talking("503")
        await asyncio.sleep(TALK)
    return await front.told("+79210000503"), await whispered(front, "waiting", "503")


def test_a_key_that_the_question_lacks_is_passed_over_and_a_right_one_after_it_counts(played):
    told, whisper = played(presses_a_wrong_key_first)
    assert told.source == ("internet", "asked")
    assert told.legs == golden("three", "503")
    assert whisper == ["whisper.source.internet", *new(told)]


@scenes
async def presses_nothing(front):
    async with front.waiting("500", "+79210000504", "4") as call:
        await front.talking("504")
        await call.press("1")
        await asyncio.sleep(TALK)
    return await front.told("+79210000504"), await whispered(front, "waiting", "504")


def test_neither_the_menus_key_nor_one_pressed_in_the_talk_is_taken_for_the_source(played):
    told, whisper = played(presses_nothing)
    assert told.facts("key") == [{"node": "pick", "key": "4"}]
    assert told.source == ("", "")
    assert told.legs == golden("four", "504")
    assert whisper == [*new(told)]


@scenes
async def overflows_and_then_answers(front):
    async with front.waiting("500", "+79210000505", "5") as call:
        await front.noted("+79210000505", "line", times=2)
        await front.offered("506")
        await call.press("2")
        await front.talking("506")
        heard = await caller_heard(front, call)
    return (
        await front.told("+79210000505"),
        heard,
        await whispered(front, "waiting", "506"),
    )


def test_the_question_is_spoken_once_over_an_overflow_and_can_still_be_answered_in_the_next_line(played):
    told, heard, whisper = played(overflows_and_then_answers)
    assert heard.count("source") == 1
    assert [fact["ask"] for fact in told.facts("line")] == ["waiting", ""]
    assert told.source == ("friend", "asked")
    assert whisper == ["whisper.source.friend", *new(told)]
    assert told.legs == [
        "ivr: handed over",
        "queue brief: timeout",
        "offer brief 505: missed",
        "queue longer: answered",
        "offer longer 506: answered",
        "talk longer 506: caller hung up",
    ]


@scenes
async def dials_the_billboards_number(front):
    async with front.waiting("509", "+79210000507", "7") as call:
        await front.talking("507")
        heard = await caller_heard(front, call)
    return (
        await front.told("+79210000507"),
        heard,
        await whispered(front, "waiting", "507"),
    )


def test_who_dials_a_source_s_own_number_is_not_asked_and_the_agent_hears_the_source(played):
    told, heard, whisper = played(dials_the_billboards_number)
    assert told.source == ("billboard", "dialled")
    assert told.call["number"] == "509"
    assert [fact["ask"] for fact in told.facts("line")] == [""]
    assert "source" not in heard
    assert whisper == ["whisper.source.billboard", *new(told)]
    assert told.legs == golden("dialled", "507")


@scenes
async def calls_again(front):
    async with front.waiting("500", "+79210000508", "8") as call:
        await call.press("3")
        await front.talking("508")
    first = await front.told("+79210000508")
    async with front.caller("500", "+79210000508") as call:
        await call.press("8")
        await front.offered("508", times=2)
        await front.talking("508")
        heard = await caller_heard(front, call)

    def both() -> list[dict[str, object]]:
        rows = [row for row in front.rows("+79210000508") if row["ended_at"] is not None]
        return rows if len(rows) == 2 else []

    rows = await eventually(both)
    return first, rows[0], heard, await whispered(front, "waiting", "508")


def test_who_answered_the_question_in_an_earlier_call_is_not_asked_again(played):
    first, second, heard, whisper = played(calls_again)
    assert (first.source, first.call["known"]) == (("billboard", "asked"), False)
    assert (second["source"], second["source_how"], second["known"]) == ("billboard", "known", True)
    assert "source" not in heard
    assert whisper == ["whisper.source.billboard", "whisper.known"]


async def before(front: Front, caller: str, line: str, agent: str, answer: str):
    """Reach a line of the desk that asks before it, with this answer to its question."""
    async with front.caller("510", caller) as call:
        await call.press(line)
        await front.noted(caller, "key")
        await asyncio.sleep(0.7)  # the middle of the time in which an answer counts: 0.7 s of question and 1 s of wait
        if answer:
            await call.press(answer)
        await front.talking(agent)
    return await front.told(caller)


@scenes
async def answers_before_the_line(front):
    return await before(front, "+79210000511", "1", "511", "2")


@scenes
async def is_silent_before_the_line(front):
    return await before(front, "+79210000512", "2", "512", "")


@scenes
async def is_wrong_before_the_line(front):
    return await before(front, "+79210000513", "3", "513", "7")


def test_a_source_asked_before_the_line_is_stored(played):
    told = played(answers_before_the_line)
    assert told.source == ("friend", "asked")
    assert told.facts("source") == [{"source": "friend", "how": "asked"}]
    assert told.legs == golden("one", "511")


def test_silence_to_the_question_before_the_line_costs_the_caller_nothing_but_its_wait(played):
    told = played(is_silent_before_the_line)
    assert told.source == ("", "")
    assert told.facts("silent") == [{"node": "source"}]
    assert told.legs == golden("two", "512")
    asked = next(fact["at"] for fact in told.story.facts if fact["name"] == "key")
    line = next(fact["at"] for fact in told.story.facts if fact["name"] == "line")
    assert 1.5 < (line - asked) / 1e6 < 2.6, "the prompt lasts 0.8 s and the desk waits 1 s"


def test_a_wrong_key_to_the_question_before_the_line_is_noted_and_asked_no_more(played):
    told = played(is_wrong_before_the_line)
    assert told.source == ("", "")
    assert told.facts("wrong") == [{"node": "source", "key": "7"}]
    assert told.legs == golden("three", "513")


@scenes
async def the_agent_asks(front):
    async with front.waiting("520", "+79210000521", "1") as call:
        await call.press("1")
        await front.talking("521")
        await asyncio.sleep(0.2)
        await front.typed(front.agents["521"].calls[-1], "521", "921")
    return await front.told("+79210000521"), await whispered(front, "byagent", "521")


def test_an_agent_who_asks_tells_the_source_by_a_key_in_the_talk_and_his_whisper_reminds_him(played):
    told, whisper = played(the_agent_asks)
    assert told.source == ("friend", "asked")
    assert told.legs == golden("one", "521")
    assert whisper == ["whisper.ask-source", *new(told)]


@scenes
async def the_agent_forgets(front):
    async with front.waiting("520", "+79210000522", "2") as call:
        await front.talking("522")
        await call.press("1")
        await asyncio.sleep(0.3)
    return await front.told("+79210000522")


def test_an_agent_who_does_not_ask_leaves_the_source_open_whatever_the_caller_presses(played):
    told = played(the_agent_forgets)
    assert told.source == ("", "")
    assert told.legs == golden("two", "522")


@scenes
async def is_never_asked(front):
    async with front.waiting("530", "+79210000531") as call:
        await call.press("1")
        await front.talking("531")
    return await front.told("+79210000531")


def test_a_desk_that_never_asks_takes_no_key_for_a_source(played):
    told = played(is_never_asked)
    assert told.source == ("", "")
    assert [fact["ask"] for fact in told.facts("line")] == [""]
    assert told.legs == golden("one", "531")
