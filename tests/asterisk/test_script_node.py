"""Existing pyst2 handlers inside a flow, on real calls: what they hear, say and return; and what they break."""

from __future__ import annotations

import asyncio

import pytest

from tests.asterisk.front import Front, Scenes, Told

pytestmark = pytest.mark.asterisk

scenes = Scenes({})


@pytest.fixture(scope="module")
def played(front):
    return scenes.play(front)


async def run(front: Front, caller: str, menu: str, answer: str = "") -> tuple[Told, list[str]]:
    """Call the desk, start the script under a key, press the answer to its question, wait for the end."""
    async with front.caller("640", caller) as call:
        await call.press(menu)
        if answer:
            await front.noted(caller, "entered", times=2)
            await asyncio.sleep(1.4)
            await call.press(answer)
        assert await call.over(20)
        heard = await asyncio.to_thread(front.running.recognise, call.heard(), "scripted", "en")
    return await front.told(caller), [prompt.prompt for prompt in heard]


@scenes
async def asks_for_the_order(front):
    return await run(front, "+79210001101", "1", "77")


def test_a_handler_speaks_takes_keys_keeps_variables_and_its_answer_picks_the_way(played):
    told, heard = played(asks_for_the_order)
    assert told.facts("script") == [{"node": "order", "answer": "shipped", "failed": "0"}]
    assert told.call["category"] == "found"
    assert told.legs == ["ivr: goodbye"]
    assert heard[-3:] == ["pick", "order.shipped", "order.shipped"], "two by the handler, one is the way's own text"


@scenes
async def gives_another_answer(front):
    return await run(front, "+79210001102", "1", "12")


def test_an_answer_that_the_node_does_not_name_goes_otherwise(played):
    told, _ = played(gives_another_answer)
    assert told.facts("script") == [{"node": "order", "answer": "unknown", "failed": "0"}]
    assert told.call["category"] == "failed"
    assert told.legs == ["ivr: goodbye"]


@scenes
async def runs_a_broken_script(front):
    return await run(front, "+79210001103", "2")


def test_a_handler_that_raises_costs_the_caller_nothing_but_its_way(played):
    told, heard = played(runs_a_broken_script)
    assert told.facts("script") == [{"node": "broken", "answer": "", "failed": "1"}]
    assert told.call["category"] == "failed"
    assert heard[-1] == "broken.otherwise"
    assert told.legs == ["ivr: goodbye"]


@scenes
async def runs_an_endless_script(front):
    return await run(front, "+79210001104", "3")


@scenes
async def runs_a_greedy_script(front):
    return await run(front, "+79210001105", "4")


def test_a_handler_that_runs_too_long_is_left_behind_at_its_limit(played):
    told, heard = played(runs_an_endless_script)
    assert told.facts("script") == [{"node": "endless", "answer": "", "failed": "1"}]
    assert heard[-1] == "endless.otherwise"
    moments = {fact["name"]: fact["at"] for fact in told.story.facts}
    assert 0.9 < (moments["script"] - moments["key"]) / 1e6 < 2.5, "its limit is 1 s"
    assert told.call["fallback"] == ""
    assert told.legs == ["ivr: goodbye"]


def test_a_handler_that_waits_inside_asterisk_for_ever_costs_the_flow_but_not_the_caller(played):
    """Asterisk takes no other command before the one in hand has ended, so the dialplan goes the node's other way."""
    told, heard = played(runs_a_greedy_script)
    assert told.legs == ["ivr: goodbye"]
    assert (told.call["category"], told.call["fallback"]) == ("failed", "lost")
    assert heard[-1] == "greedy.otherwise"
    assert [fact["key"] for fact in told.facts("key")] == ["4"]
    assert told.facts("script") == [{"node": "greedy", "answer": "", "failed": "1"}]
    moments = {fact["name"]: fact["at"] for fact in told.story.facts}
    assert (moments["script"] - moments["key"]) / 1e6 < 1 + 5 + 2, "limit, and 5 s for the command to end"


@scenes
async def hangs_up_in_a_script(front):
    async with front.caller("640", "+79210001106") as call:
        await call.press("1")
        await front.noted("+79210001106", "entered", times=2)
        await asyncio.sleep(0.5)
    return await front.told("+79210001106")


def test_a_hang_up_inside_a_handler_ends_the_call_like_any_other(played):
    told = played(hangs_up_in_a_script)
    assert told.legs == ["ivr: caller hung up"]
    assert told.outcome == "abandoned in the menu"
