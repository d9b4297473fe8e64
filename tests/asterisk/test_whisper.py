"""The whisper with a decision: refused, silent or gone, the call goes to the next agent and the caller hears music."""

from __future__ import annotations

import asyncio

import pytest

from ivr.phone.outgoing import OutgoingCall
from ivr.phone.tones import tone_level
from tests.asterisk.front import Front, Scenes, Told
from tests.running import AGENT_HZ, eventually

pytestmark = pytest.mark.asterisk

KEY_AFTER = 0.5
STAFF = {
    "611": {"ring": 0.2, "decision": "2", "after": KEY_AFTER},
    "612": {"ring": 0.2, "decision": "2", "after": KEY_AFTER},
    "613": {"ring": 0.2},
    "614": {"ring": 0.2},
    "615": {"ring": 0.2, "hangs_up_after": 0.6},
    "616": {"ring": 0.2, "hangs_up_after": 0.6},
    "617": {"ring": 0.2, "decision": "1", "after": KEY_AFTER},
}
scenes = Scenes(STAFF)


@pytest.fixture(scope="module")
def played(front):
    return scenes.play(front)


async def until_taken(front: Front, caller: str, keys: str, agents: tuple[str, str]):
    """Let two agents be offered a call, the first one not take it, and the other accept; the caller ends the talk."""
    async with front.waiting("610", caller, keys, listens=0) as call:
        await eventually(lambda: any(front.agents[agent].calls for agent in agents))
        second = front.agents[next(agent for agent in agents if not front.agents[agent].calls)]
        second.decision, second.after, second.hangs_up_after = "1", KEY_AFTER, None
        await front.talking(second.number, within=30)
        await asyncio.sleep(0.6)
    told = await front.told(caller)
    return told, second.number, call, await sounds(front, told, call)


async def sounds(front: Front, told: Told, call: OutgoingCall) -> tuple[list[str], float]:
    """Return the prompts that a caller heard in the line, and the agent's tone in it (0 to 1)."""
    line = next(fact["at"] for fact in told.story.facts if fact["name"] == "line")
    began, connected = ((moment / 1e6) - call.began for moment in (line, told.call["connected_at"]))
    waited = call.heard(began, connected - 0.1)
    prompts = await asyncio.to_thread(front.running.recognise, waited, "accept", "en")
    return [prompt.prompt for prompt in prompts], tone_level(waited, AGENT_HZ)


def legs(line: str, first: str, reason: str, second: str) -> list[str]:
    return [
        "ivr: handed over",
        f"queue {line}: answered",
        f"offer {line} {first}: {reason}",
        f"offer {line} {second}: answered",
        f"talk {line} {second}: caller hung up",
    ]


def other(agents: tuple[str, str], taken: str) -> str:
    return agents[1 - agents.index(taken)]


@scenes
async def refuses(front):
    return await until_taken(front, "+79210000801", "1", ("611", "612"))


def test_an_agent_who_refuses_by_key_passes_the_call_to_the_next_agent(played):
    told, taker, *_ = played(refuses)
    refuser = other(("611", "612"), taker)
    assert told.legs == legs("refused", refuser, "refused", taker)
    assert told.facts("refused") == [{"agent": refuser, "how": "key"}]
    assert told.facts("accepted") == [{"agent": taker, "how": "key"}]
    assert (told.outcome, told.call["answered_by"]) == ("answered", taker)


@scenes
async def says_nothing(front):
    return await until_taken(front, "+79210000802", "2", ("613", "614"))


def test_an_agent_who_presses_nothing_does_not_get_the_call(played):
    told, taker, *_ = played(says_nothing)
    silent = other(("613", "614"), taker)
    assert told.legs == legs("silent", silent, "refused", taker)
    assert told.facts("refused") == [{"agent": silent, "how": "silence"}]
    assert told.facts("accepted") == [{"agent": taker, "how": "key"}]


@scenes
async def hangs_up_in_the_whisper(front):
    return await until_taken(front, "+79210000803", "3", ("615", "616"))


def test_an_agent_who_hangs_up_in_the_whisper_passes_the_call_to_the_next_agent(played):
    told, taker, *_ = played(hangs_up_in_the_whisper)
    gone = other(("615", "616"), taker)
    assert told.legs == legs("gone", gone, "refused", taker)
    assert told.facts("accepted") == [{"agent": taker, "how": "key"}]


@pytest.mark.parametrize("scene", [refuses, says_nothing, hangs_up_in_the_whisper])
def test_the_caller_hears_music_alone_and_keeps_his_place_while_agents_decide(played, scene):
    told, _, _, (prompts, agents_tone) = played(scene)
    assert prompts == []
    assert agents_tone < 0.3
    assert told.names().count("line") == 1
    assert "left" not in told.names()


@scenes
async def takes_it_at_last(front):
    """Offer a caller to the only agent again and again, while another waits behind."""
    agent = front.agents["617"]
    agent.decision = "2"
    async with front.waiting("610", "+79210000804", "4"):
        await front.noted("+79210000804", "refused")
        async with front.waiting("610", "+79210000805", "4"):
            agent.decision = "1"
            await eventually(lambda: (now := front.now("+79210000804")) and now.connected_at, 30)
            later = front.now("+79210000805")
            await asyncio.sleep(0.4)
        second = await front.told("+79210000805")
    return await front.told("+79210000804"), second, later


def test_a_refused_caller_keeps_his_place_before_one_who_came_later(played):
    told, second, later = played(takes_it_at_last)
    assert told.legs[-1] == "talk alone 617: caller hung up"
    assert told.legs.count("offer alone 617: answered") == 1
    assert "offer alone 617: refused" in told.legs
    assert later.connected_at is None
    assert second.legs[:2] == ["ivr: handed over", "queue alone: abandoned"]
