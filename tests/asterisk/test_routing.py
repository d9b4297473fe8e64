"""Who is served by whom, and when: VIPs, blocked callers, ranks, own agents, splits; what a waiting caller hears."""

from __future__ import annotations

import asyncio
import json

import pytest

from ivr.flows.split import way_for
from tests.asterisk.front import Front, Scenes
from tests.running import eventually

pytestmark = pytest.mark.asterisk

STAFF = {
    "761": {"ring": 0.2},
    "762": {"answers": False},
    "763": {"ring": 0.2},
    "764": {"ring": 0.2},
    "765": {"ring": 0.2},
    "766": {"ring": 0.1},
    "767": {"ring": 0.1},
}
scenes = Scenes(STAFF)


@pytest.fixture(scope="module")
def played(front):
    return scenes.play(front)


def connected(front: Front, caller: str) -> bool:
    now = front.now(caller)
    return bool(now and now.connected_at)


@scenes
async def a_vip_comes_last(front: Front):
    heard = []

    async def waits(caller: str) -> None:
        async with front.waiting("760", caller, "1", listens=0.5) as call:
            await eventually(lambda: connected(front, caller), 30)
            await asyncio.sleep(0.5)
            heard.append((caller, [one.prompt for one in front.running.recognise(call.heard(), "routing", "en")]))

    async with front.waiting("760", "+79210003701", "1", listens=0.5):
        await front.talking("761")
        tasks = [asyncio.create_task(waits("+79210003702"))]
        await front.noted("+79210003702", "told")
        tasks.append(asyncio.create_task(waits("+79210003703")))
        await front.noted("+79210003703", "told")
        tasks.append(asyncio.create_task(waits("+79210000991")))
        await front.noted("+79210000991", "line")
        await asyncio.sleep(1)  # he stands in the line
    await asyncio.gather(*tasks)
    return [await front.told(f"+7921000{number}") for number in ("3702", "3703", "0991")], dict(heard)


def test_a_vip_is_served_before_all_who_came_before_him(played):
    (second, third, vip), _ = played(a_vip_comes_last)
    assert vip.facts("priority") == [{"priority": "5"}]
    assert vip.call["connected_at"] < second.call["connected_at"] < third.call["connected_at"]


def test_who_has_to_wait_hears_his_place_and_a_vip_does_not(played):
    (second, third, vip), heard = played(a_vip_comes_last)
    assert [one.facts("told") for one in (second, third, vip)] == [
        [{"place": "1", "minutes": ""}], [{"place": "2", "minutes": ""}], [],
    ]  # fmt: skip
    assert [heard[f"+7921000{number}"] for number in ("3702", "3703", "0991")] == [
        ["place.1"], ["place.2"], [],
    ]  # fmt: skip


@scenes
async def the_first_rank_does_not_answer(front: Front):
    async with front.waiting("760", "+79210003711", "2"):
        await front.talking("763")
    return await front.told("+79210003711")


def test_an_agent_of_a_later_rank_is_asked_when_the_first_has_not_answered(played):
    """The first is free all the time, and not offered the same call again."""
    assert played(the_first_rank_does_not_answer).legs == [
        "ivr: handed over",
        "queue ranked: answered",
        "offer ranked 762: missed",
        "offer ranked 763: answered",
        "talk ranked 763: caller hung up",
    ]


@scenes
async def somebody_calls_again(front: Front):
    """Four times; the last time his agent pauses."""
    served = []
    for turn in range(4):
        if turn == 3:
            front.console(f"queue pause member Local/{served[0]}@agents/n queue routing-own")
        async with front.waiting("760", "+79210003721", "3", listens=0.1):
            await eventually(lambda: connected(front, "+79210003721"), 20)
            await asyncio.sleep(0.3)
        await eventually(
            lambda turn=turn: len([row for row in front.rows("+79210003721") if row["ended_at"]]) == turn + 1, 12
        )
        served.append(front.rows("+79210003721")[0]["answered_by"])
    front.console(f"queue unpause member Local/{served[0]}@agents/n queue routing-own")
    return served, [front.story(row["id"]) for row in reversed(front.rows("+79210003721"))]


def test_a_known_caller_is_offered_to_his_own_agent_first_and_to_another_when_that_one_is_away(played):
    served, stories = played(somebody_calls_again)
    assert served[0] == served[1] == served[2] != served[3]
    for story in stories:
        legs = [(leg["kind"], leg["reason"]) for leg in story.legs]
        assert legs == [
            ("ivr", "handed over"), ("queue", "answered"), ("offer", "answered"), ("talk", "caller hung up"),
        ]  # fmt: skip


@scenes
async def a_blocked_caller_calls(front: Front):
    async with front.caller("760", "+79210000981") as call:
        await eventually(lambda: call.ended is not None)
        heard = [one.prompt for one in front.running.recognise(call.heard(), "routing", "en")]
    return await front.told("+79210000981"), heard


def test_a_blocked_caller_hears_what_his_rule_says_and_no_more(played):
    told, heard = played(a_blocked_caller_calls)
    assert heard == ["callers.2"]
    assert told.names() == ["arrived", "began", "blocked", "ended"]
    assert told.outcome == "goodbye"


@scenes
async def many_are_served_and_two_more_come(front: Front):
    for turn in range(10):
        caller = f"+7921000375{turn}"
        async with front.waiting("760", caller, "4", listens=0):
            await eventually(lambda caller=caller: connected(front, caller), 20)
            await asyncio.sleep(0.3)
    async with front.waiting("760", "+79210003738", "4", listens=0.5):
        await eventually(lambda: connected(front, "+79210003738"), 20)
        async with front.waiting("760", "+79210003739", "4", listens=0.5) as call:
            told = await front.noted("+79210003739", "told")
            await asyncio.sleep(2)
            heard = [one.prompt for one in front.running.recognise(call.heard(), "routing", "en")]
    return told, heard


def test_once_the_length_of_talks_is_known_the_wait_is_told_too(played):
    told, heard = played(many_are_served_and_two_more_come)
    assert told.values == {"place": "1", "minutes": "1"}
    assert heard == ["place.1", "wait.1"]


@scenes
async def several_meet_a_split(front: Front):
    callers = [f"+7921000374{number}" for number in range(6)]
    for caller in callers:
        async with front.waiting("760", caller, "5", listens=0):
            await eventually(lambda caller=caller: connected(front, caller), 20)
    told = [await front.told(caller) for caller in callers]
    return callers, told, json.loads(front.running.ivr("report", "splits", "--format", "json", "--since", "1h").stdout)


def test_a_split_sends_each_caller_the_way_of_his_number_and_the_report_counts_them(played, front):
    callers, told, report = played(several_meet_a_split)
    wanted = [way_for("trial", front.running.desk("routing").flow["trial"], caller) for caller in callers]
    assert [one.facts("split")[0]["way"] for one in told] == wanted
    assert [one.call["first_line"] for one in told] == wanted
    rows = {(row[1], row[2]): row[3] for row in report["tables"][0]["rows"]}
    assert rows == {("trial", way): wanted.count(way) for way in set(wanted)}
