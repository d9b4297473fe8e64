"""Calls of agents to outside, on a real Asterisk; a telephone of ours plays the provider and everybody behind it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from types import MappingProxyType

import numpy as np
import pytest
import soundfile

from ivr.phone.call import Call
from ivr.phone.incoming import IncomingCall
from ivr.phone.phone import Phone
from ivr.phone.tones import tone, tone_level
from tests.asterisk.front import Front, Told
from tests.running import AGENT_HZ, CALLER_HZ, WORKER, RunningDesk, desk_folder, eventually

pytestmark = pytest.mark.asterisk

OUT = """
desk: out
numbers: ["900", "+78125550100"]
language: en
recording: {notice: never}
agents: {901: Ann, 902: Bob, 903: Cid, 904: Dan, 905: Eva, 906: Fay}
categories: {sale: a sale}
outbound: {allow: ["+7921", "112"], caller id: "+78125550100", agents: [901, 903, 904, 906], ring: 5s}
lines:
  first: {agents: [904], ring: 5s, wait: 10s}
  second: {agents: [902], ring: 5s, wait: 10s}
  third: {agents: [906, 905], ring: 5s, wait: 10s}
flow:
  pick:
    menu: "Which?"
    1: first
    2: second
    3: third
    no answer: first
"""
SHIFT = 6700 + 10 * WORKER
PROVIDER = 5060 + SHIFT + 3
"""The port of the provider's telephone."""
HANGS_UP, TALKS, BUSY, SILENT, GIVEN_UP, UNKNOWN, SHORT, SENT_ON, SENT_TO, ASKED = (
    "+79215550101", "+79215550102", "+79215550186", "+79215550120", "+79215550220", "+79215550104", "112",
    "+79215550303", "+79215550304", "+79215550305",
)  # fmt: skip
AFTER = MappingProxyType({TALKS: 2.0, SHORT: 2.0, GIVEN_UP: -1.0})
"""When agent 901 hangs up: seconds after the answer, or, negative, after he began to call; never where none stands."""


class World:
    """Everybody outside: what each number does with a call, and the calls that came."""

    def __init__(self) -> None:
        self.calls: dict[str, IncomingCall] = {}
        self.rung: list[str] = []

    async def take(self, call: IncomingCall) -> None:
        """Do what this number does."""
        number = call.events[0].detail.removeprefix("sip:").partition("@")[0]
        self.calls[number] = call
        self.rung.append(number)
        if number in (BUSY, UNKNOWN):
            return call.reject(400 + int(number[-2:]))
        call.ring()
        if number[-2:] == "20":
            return None
        await asyncio.sleep(0.4)
        call.answer()
        call.say(tone(CALLER_HZ, 30))
        if number == HANGS_UP:
            await asyncio.sleep(2)
            await call.hang_up()
        return None


@dataclass
class Placed:
    """What came of the calls: by number in the ledger and outside, and how what is not allowed ended."""

    told: dict[str, Told]
    """A call that came in stands by its caller's number."""
    world: World
    refused: dict[str, int] = field(default_factory=dict)


@pytest.fixture(scope="module")
def front(tmp_path_factory):
    """Run a desk of whose agents all but 902 and 905 may call outside."""
    place = tmp_path_factory.mktemp("out")
    desks = desk_folder(place / "desks", {"out": OUT})
    front = Front(RunningDesk(place / "home", SHIFT, desks=desks, provider=f"127.0.0.1:{PROVIDER}").start())
    try:
        yield front
    finally:
        front.close()
        assert front.running.stop() == 0


@pytest.fixture(scope="module")
def placed(front):
    """Let agent 901 call everybody at once, and others try to."""
    return asyncio.run(_place(front))


@asynccontextmanager
async def outside(front: Front) -> AsyncIterator[World]:
    """Give the world outside, and telephones to the agents."""
    world = World()
    async with (
        Phone(port=PROVIDER, user="provider") as provider,
        front.staff({f"90{n}": {"ring": 0.2} for n in range(1, 7)}),
    ):
        provider.on_call = world.take
        yield world


async def _place(front: Front) -> Placed:
    async with outside(front) as world:
        ann, bob = front.agents["901"].phone, front.agents["902"].phone
        numbers = (HANGS_UP, TALKS, BUSY, SILENT, GIVEN_UP, UNKNOWN, SHORT)
        await asyncio.gather(
            *(_call(ann, number) for number in numbers),
            _send_on(front),
            _send_out(front, "1", "+79210000101", "904"),
            _send_out(front, "2", "+79210000102", "902"),
            _ask_outside(front, "+79210000103"),
        )
        refused = {
            "a number that is not allowed": await _final(await ann.call("+78125550101")),
            "an agent who may not": await _final(await bob.call(HANGS_UP)),
        }
        async with Phone(server=front.running.server) as stranger:
            refused["a caller"] = await _final(await stranger.call(HANGS_UP, caller="+79210000001"))
        await front.silent()
        await eventually(lambda: (rows := front.rows()) and all(row["ended_at"] for row in rows), 15)
    told = {row["number"] if row["agent"] else row["caller"]: Told(front.story(row["id"])) for row in front.rows()}
    return Placed(told, world, refused)


async def _send_on(front: Front) -> None:
    """Let agent 903 call somebody and send him on to agent 905, who ends it."""
    call = await front.agents["903"].phone.call(SENT_ON)
    await call.answered()
    await asyncio.sleep(1.5)
    assert await call.transfer("905") == 202
    await front.talking("905")
    await asyncio.sleep(1.5)
    await front.agents["905"].calls[-1].hang_up()


async def _ask_outside(front: Front, caller: str) -> None:
    """Let a caller talk with agent 906, who asks somebody outside and connects the two."""
    async with front.waiting("900", caller, "3"):
        await front.talking("906")
        await asyncio.sleep(1)
        mine = front.agents["906"].calls[-1]
        await mine.hold()
        second = await front.agents["906"].phone.call(ASKED)
        await second.answered()
        await asyncio.sleep(1)
        assert await mine.transfer_to(second) == 202
        await asyncio.sleep(2)


async def _send_out(front: Front, key: str, caller: str, agent: str) -> None:
    """Let a caller talk with an agent who tries to send him to a number outside."""
    async with front.waiting("900", caller, key):
        await front.talking(agent)
        await asyncio.sleep(1)
        await front.agents[agent].calls[-1].transfer(SENT_TO)
        await asyncio.sleep(3)


async def _call(ann: Phone, number: str) -> None:
    call = await ann.call(number)
    after = AFTER.get(number, 0.0)
    if after < 0:
        await asyncio.sleep(-after)
        await call.hang_up()
    elif after > 0:
        await call.answered()
        call.say(tone(AGENT_HZ, 30))
        await asyncio.sleep(after)
        await call.hang_up()
    assert await call.over(15), number


async def _final(call: Call) -> int:
    assert await call.over(10)
    assert call.ended is not None
    return call.ended.code


def test_an_agent_who_may_reaches_the_number_and_shows_the_desks(placed):
    assert set(placed.world.calls) == {HANGS_UP, TALKS, BUSY, SILENT, GIVEN_UP, UNKNOWN, SHORT, SENT_ON, SENT_TO, ASKED}
    assert {call.caller.user for call in placed.world.calls.values()} == {"+78125550100"}
    assert placed.told[TALKS].facts("dialled") == [{"desk": "out", "agent": "901", "number": TALKS}]


@pytest.mark.parametrize("who", ["a number that is not allowed", "an agent who may not", "a caller"])
def test_s4_whatever_is_not_allowed_is_not_found_and_makes_no_call_outside(placed, who):
    assert placed.refused[who] == 404
    assert "+78125550101" not in placed.world.calls
    assert placed.world.rung.count(HANGS_UP) == 1


def test_s4_a_caller_whom_an_agent_may_not_send_out_goes_on_talking_with_him(placed):
    assert placed.world.rung.count(SENT_TO) == 1, "only the agent who may has sent one there"
    assert placed.told["+79210000102"].legs[-1] == "talk second 902: caller hung up"


@pytest.mark.parametrize(
    ("number", "status", "cause"),
    [(BUSY, "BUSY", "17"), (SILENT, "NOANSWER", None), (UNKNOWN, "CHANUNAVAIL", "1")],
)
def test_the_journal_tells_why_nobody_was_reached(placed, number, status, cause):
    (told,) = placed.told[number].facts("unreached")
    assert (told["number"], told["status"]) == (number, status)
    assert cause in (None, told["cause"])


LEGS = {
    HANGS_UP: ["offer: answered", "talk 901: outside hung up"],
    TALKS: ["offer: answered", "talk 901: agent hung up"],
    BUSY: ["offer: busy"],
    SILENT: ["offer: no answer"],
    GIVEN_UP: ["offer: cancelled"],
    UNKNOWN: ["offer: failed"],
    SENT_ON: [
        "offer: answered", "talk 903: transferred", "transfer third 903: answered", "offer third 905: answered",
        "talk third 905: agent hung up",
    ],
    "+79210000101": [
        "ivr: handed over", "queue first: answered", "offer first 904: answered", "talk first 904: transferred",
        "transfer 904: answered", "offer: answered", "talk: caller hung up",
    ],
    "+79210000103": [
        "ivr: handed over", "queue third: answered", "offer third 906: answered", "talk third 906: transferred",
        "hold third 906: transferred",
        "transfer 906: answered", "offer: answered", "talk: caller hung up",
    ],
    "+79210000102": [
        "ivr: handed over", "queue second: answered", "offer second 902: answered", "talk second 902: caller hung up",
    ],
}  # fmt: skip


@pytest.mark.parametrize("number", LEGS)
def test_a_call_to_outside_has_exactly_its_legs(placed, number):
    told = placed.told[number]
    assert told.legs == LEGS[number]
    mine = (told.call["direction"], told.call["agent"], told.call["desk"])
    agent = "903" if number == SENT_ON else "901"
    assert mine == (("in", "", "out") if number.startswith("+7921000") else ("out", agent, "out"))
    assert told.call["outcome"] == ("answered" if "talk" in " ".join(told.legs) else "no talk")


def test_the_number_outside_stands_with_its_legs(placed):
    for number, there in ((TALKS, TALKS), ("+79210000101", SENT_TO)):
        legs = [leg for leg in placed.told[number].story.legs if leg["kind"] in ("offer", "talk") and leg["target"]]
        assert {leg["target"] for leg in legs} == {there}
    assert placed.told[TALKS].call["caller"] == "901"


async def test_a_talk_outside_is_recorded_with_the_agent_on_the_right(front, placed):
    story = placed.told[TALKS].call

    def settled() -> list[dict]:
        done = front.running.ivr("recordings", "show", story["id"], "--json")
        return [one for one in json.loads(done.stdout) if one["state"] != "expected"]

    (one,) = await eventually(settled, 15)
    assert one["state"] == "ok", one
    sound, rate = soundfile.read(front.running.settings.recordings / one["path"])
    middle = (sound[rate // 2 : 3 * rate // 2] * 32767).astype(np.int16)
    assert tone_level(middle[:, 0], CALLER_HZ) > 0.9
    assert tone_level(middle[:, 1], AGENT_HZ) > 0.9
