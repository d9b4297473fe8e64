"""Lines on real calls: who waits, who is offered a call, and where it goes when nobody takes it."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from itertools import pairwise

import pytest

from ivr.phone.incoming import IncomingCall
from tests.asterisk.front import Front, Scenes, Told
from tests.running import eventually

pytestmark = pytest.mark.asterisk

STAFF = {
    "568": {"ring": 0.2},
    "569": {"answers": False},
    "571": {"ring": 0.2},
    "573": {"ring": 0.2},
    "574": {"answers": False},
    "575": {"answers": False},
    "576": {"rejects": 486, "ring": 0.2},
    "577": {"rejects": 486, "ring": 0.2},
    "578": {"ring": 0.4},
    "579": {"ring": 0.4},
    "581": {"answers": False},
    "582": {"answers": False},
    "583": {"answers": False},
    "601": {"answers": False},
    "602": {"ring": 0.2},
    "681": {"answers": False, "ring": 0.2},
    "682": {"ring": 0.2},
}
scenes = Scenes(STAFF)


@pytest.fixture(scope="module")
def played(front):
    return scenes.play(front)


def seconds(told, name: str, place: int = 0) -> float:
    """Return when a fact was noted, in seconds after the call began."""
    moments = [fact["at"] for fact in told.story.facts if fact["name"] == name]
    return (moments[place] - told.call["began_at"]) / 1e6


@scenes
async def three_call_one_agent(front: Front):
    callers = ["+79210000701", "+79210000702", "+79210000703"]

    async def wait_and_talk(caller: str) -> None:
        async with front.waiting("570", caller, "1"):
            await eventually(lambda: (now := front.now(caller)) and now.connected_at, 30)
            await asyncio.sleep(0.8)

    tasks = []
    for caller in callers:
        tasks.append(asyncio.create_task(wait_and_talk(caller)))
        await front.noted(caller, "line")
    await asyncio.gather(*tasks)
    return [await front.told(caller) for caller in callers], list(front.agents["571"].calls)


def test_callers_of_a_busy_agent_wait_and_are_served_in_the_order_of_their_coming(played):
    told, calls = played(three_call_one_agent)
    for one in told:
        assert one.legs == [
            "ivr: handed over",
            "queue single: answered",
            "offer single 571: answered",
            "talk single 571: caller hung up",
        ]
    connected = [one.call["connected_at"] for one in told]
    assert connected == sorted(connected)
    assert len(calls) == 3


def test_an_agent_is_never_offered_a_call_before_his_talk_has_ended(played):
    _, calls = played(three_call_one_agent)
    assert overlaps(calls) == 0


def overlaps(calls: list[IncomingCall]) -> int:
    """Return how many of a telephone's calls began before the one before had ended."""
    spans = sorted((call.origin, call.origin + call.events[-1].at) for call in calls)
    return sum(later[0] < earlier[1] for earlier, later in pairwise(spans))


@scenes
async def finds_a_line_without_telephones(front):
    async with front.waiting("570", "+79210000711", "2"):
        await front.talking("573")
    return await front.told("+79210000711")


def test_f35_a_line_whose_agents_have_no_telephone_is_left_at_once_for_the_next(played):
    told = played(finds_a_line_without_telephones)
    assert told.legs == [
        "ivr: handed over",
        "queue absent: empty",
        "queue present: answered",
        "offer present 573: answered",
        "talk present 573: caller hung up",
    ]
    assert seconds(told, "line", 1) - seconds(told, "line", 0) < 0.5


@scenes
async def a_second_comes_to_a_line_for_one(front):
    async with front.waiting("570", "+79210000715", "7"):
        await front.noted("+79210000715", "offer")
        async with front.waiting("570", "+79210000716", "7"):
            await front.talking("568")
        front.agents["569"].answers = True
        await front.talking("569")
    return [await front.told(caller) for caller in ("+79210000715", "+79210000716")]


def test_who_comes_when_as_many_wait_as_may_goes_on_to_the_next_line_at_once(played):
    first, second = played(a_second_comes_to_a_line_for_one)
    assert first.legs[1] == "queue narrow: answered"
    assert second.legs == [
        "ivr: handed over",
        "queue narrow: full",
        "queue wide: answered",
        "offer wide 568: answered",
        "talk wide 568: caller hung up",
    ]
    assert seconds(second, "line", 1) - seconds(second, "line", 0) < 0.5


@scenes
async def finds_a_pair_that_does_not_answer(front):
    async with front.waiting("570", "+79210000712", "3"):
        await front.noted("+79210000712", "offer", times=2)
        front.agents["574"].answers = front.agents["575"].answers = True
        await eventually(lambda: (now := front.now("+79210000712")) and now.connected_at, 20)
    return await front.told("+79210000712")


def test_f35_an_agent_who_does_not_answer_is_followed_by_the_next_and_the_caller_keeps_his_place(played):
    told = played(finds_a_pair_that_does_not_answer)
    first, second = [leg["agent"] for leg in told.story.legs if leg["kind"] == "offer"][:2]
    assert {first, second} == {"574", "575"}
    assert told.legs[:3] == ["ivr: handed over", "queue pair: answered", f"offer pair {first}: missed"]
    assert told.legs[-1] == f"talk pair {told.call['answered_by']}: caller hung up"
    assert told.outcome == "answered"


@scenes
async def finds_busy_telephones(front):
    async with front.waiting("570", "+79210000713", "4"):
        await front.noted("+79210000713", "missed", times=2)
        front.agents["577"].rejects = 0
        await front.talking("577")
    return await front.told("+79210000713")


def test_f35_a_busy_telephone_passes_the_call_to_the_next_agent_and_the_offer_says_busy(played):
    told = played(finds_busy_telephones)
    offers = [(leg["agent"], leg["reason"]) for leg in told.story.legs if leg["kind"] == "offer"]
    assert set(offers[:2]) == {("576", "busy"), ("577", "busy")}
    assert offers[-1] == ("577", "answered")
    assert told.facts("missed")[0]["status"] == "BUSY"
    assert told.legs[-1] == "talk busy 577: caller hung up"


@scenes
async def two_lines_share_an_agent(front):
    """Six calls at once into two lines of 578 and 579, of whom 578 is in both."""
    callers = [f"+7921000072{place}" for place in range(6)]

    async def wait_and_talk(place: int, caller: str) -> None:
        async with front.waiting("570", caller, "56"[place % 2]):
            await eventually(lambda: (now := front.now(caller)) and now.connected_at, 40)
            await asyncio.sleep(0.5)

    await asyncio.gather(*(wait_and_talk(place, caller) for place, caller in enumerate(callers)))
    told = [await front.told(caller) for caller in callers]
    return told, list(front.agents["578"].calls), list(front.agents["579"].calls)


def test_f34_an_agent_of_two_lines_never_has_two_calls_at_once(played):
    _, *telephones = played(two_lines_share_an_agent)
    assert [overlaps(calls) for calls in telephones] == [0, 0]


def test_f36_each_caller_of_lines_that_share_an_agent_is_served_by_one_agent_once(played):
    told, *telephones = played(two_lines_share_an_agent)
    for one in told:
        assert one.outcome == "answered"
        assert [leg.partition(" ")[0] for leg in one.legs if not leg.startswith("offer")] == ["ivr:", "queue", "talk"]
        assert sum(leg["kind"] == "offer" and leg["reason"] == "answered" for leg in one.story.legs) == 1
    answered = sum(call.answered_at is not None for calls in telephones for call in calls)
    assert answered == len(told)


@scenes
async def goes_round_and_round(front):
    async with front.waiting("580", "+79210000731") as call:
        assert await call.over(30)
        heard = await asyncio.to_thread(front.running.recognise, call.heard(), "ring", "en")
    return await front.told("+79210000731"), [prompt.prompt for prompt in heard]


def test_a_call_that_nobody_takes_goes_through_the_lines_and_back_until_patience_ends_with_sorry(played):
    told, heard = played(goes_round_and_round)
    lines = [fact["line"] for fact in told.facts("line")]
    assert lines == (["first", "second", "third"] * 3)[: len(lines)]
    assert len(lines) >= 4, "it comes back to the first line"
    queues = [leg for leg in told.legs if leg.startswith("queue")]
    assert queues == [f"queue {line}: timeout" for line in lines]
    offers = {leg for leg in told.legs if leg.startswith("offer")}
    assert offers == {"offer first 581: missed", "offer second 582: missed", "offer third 583: missed"}
    assert (told.outcome, told.call["answered_by"]) == ("gave up", "")
    assert heard[-1] == "sorry"
    assert 8 <= seconds(told, "exhausted") - seconds(told, "line") < 12, "patience is 8 s"


@scenes
async def finds_nobody_anywhere(front):
    async with front.caller("590", "+79210000732") as call:
        assert await call.over(15)
        heard = await asyncio.to_thread(front.running.recognise, call.heard(), "empty", "en")
    return await front.told("+79210000732"), [prompt.prompt for prompt in heard]


def test_a_call_that_finds_no_telephone_in_any_line_hears_sorry_at_once(played):
    told, heard = played(finds_nobody_anywhere)
    assert told.legs[0] == "ivr: handed over"
    assert set(told.legs[1:]) == {"queue first: empty", "queue second: empty"}
    assert told.outcome == "gave up"
    assert heard == ["hello", "sorry"]
    assert seconds(told, "exhausted") - seconds(told, "line") < 1.0


@scenes
async def is_asked_again_after_the_line(front):
    async with front.waiting("600", "+79210000741", "1") as call:
        await call.press("1")
        await front.noted("+79210000741", "left")
        await asyncio.sleep(0.5)
        await call.press("2")
        await front.talking("602")
    whispers = front.agents["602"].calls[-1].heard()
    heard = await asyncio.to_thread(front.running.recognise, whispers, "back", "en")
    return await front.told("+79210000741"), [prompt.prompt for prompt in heard]


def test_a_line_whose_then_is_a_node_brings_the_caller_back_into_the_flow_with_all_that_is_known(played):
    told, whisper = played(is_asked_again_after_the_line)
    assert told.legs == [
        "ivr: handed over",
        "queue first: timeout",
        "offer first 601: missed",
        "ivr: handed over",
        "queue second: answered",
        "offer second 602: answered",
        "talk second 602: caller hung up",
    ]
    assert [fact["key"] for fact in told.facts("key")] == ["1", "2"]
    assert told.call["category"] == "again"
    assert told.source == ("internet", "asked")
    assert whisper[:2] == ["whisper.category.again", "whisper.source.internet"]


@pytest.fixture(scope="module")
def without_a_controller(front, played):
    """Two callers wait for nobody; the controller is killed early in the first one's wait, late in the other's."""

    async def early() -> Told:
        async with front.caller("600", "+79210000751") as call:
            await call.press("1")
            await front.noted("+79210000751", "line")
            front.running.kill("controller")
            await front.noted("+79210000751", "left", within=20)
            await asyncio.sleep(0.5)
            await call.press("2")
            await front.noted("+79210000751", "line", times=2)
        return await front.told("+79210000751")

    async def late() -> Told:
        async with front.waiting("600", "+79210000752", "1") as call:
            while True:  # until the dialplan has him, each controller is killed as soon as it is there
                with suppress(AssertionError):
                    front.running.kill("controller")
                with suppress(AssertionError):
                    await front.noted("+79210000752", "fallback", within=0.2)
                    break
            await asyncio.sleep(0.5)
            await call.press("2")
            await front.noted("+79210000752", "line", times=2)
        return await front.told("+79210000752")

    async def both():
        async with front.staff({"601": {"answers": False}}):
            results = await early(), await late()
            await front.settled()
        await front.controlled()
        return results

    return asyncio.run(both())


def test_a_caller_comes_back_into_the_flow_though_another_controller_lives_there_by_then(without_a_controller):
    told, _ = without_a_controller
    assert told.legs[:4] == ["ivr: handed over", "queue first: timeout", "offer first 601: missed", "ivr: handed over"]
    assert [fact["key"] for fact in told.facts("key")] == ["1", "2"]
    assert told.call["fallback"] == ""


def test_a_key_of_a_menu_after_the_line_does_not_answer_the_source_question_of_that_line(without_a_controller):
    told, _ = without_a_controller
    assert told.source == ("", "")


def test_the_dialplan_alone_takes_a_caller_back_into_the_flow_when_no_controller_is_there(without_a_controller):
    _, told = without_a_controller
    assert told.legs[:3] == ["ivr: handed over", "queue first: timeout", "offer first 601: missed"]
    assert told.legs[3] in {"ivr: controller absent", "ivr: controller lost"}
    assert told.legs[4].startswith("queue second: ")
    assert [fact["key"] for fact in told.facts("key")] == ["1", "2"]
    assert (told.call["category"], told.call["last_line"]) == ("again", "second")


@scenes
async def two_calls_ring_out(front: Front):
    """Let the first call ring out twice and go on; then he is back, and lets one more ring out before he answers."""
    agent = front.agents["681"]
    async with front.caller("680", "+79210006821") as call:
        await call.answered()
        await front.talking("682")
    first = await front.told("+79210006821")
    paused = json.loads((await asyncio.to_thread(front.running.ivr, "agents", "--json")).stdout)
    await asyncio.to_thread(front.running.ivr, "agents", "ready", "681")
    async with front.caller("680", "+79210006822") as call:
        await call.answered()
        await front.offered("681", times=3)
        await front.noted("+79210006822", "missed")
        agent.answers = True
        await front.talking("681")
        await asyncio.sleep(0.3)
    return first, await front.told("+79210006822"), {row["agent"]: row for row in paused}["681"]


def test_an_agent_who_lets_calls_ring_out_is_paused_after_as_many_as_his_line_says(played):
    first, second, paused = played(two_calls_ring_out)
    assert [leg for leg in first.legs if "681" in leg] == ["offer one 681: missed"] * 2
    assert first.legs[-1] == "talk two 682: caller hung up"
    assert (paused["state"], paused["reason"]) == ("paused", "missed")
    assert [leg for leg in second.legs if "681" in leg] == [
        "offer one 681: missed", "offer one 681: answered", "talk one 681: caller hung up",
    ]  # fmt: skip
