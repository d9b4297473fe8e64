"""Calls of agents to outside, on a real Asterisk; a telephone of ours plays the provider and everybody behind it."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from contextlib import asynccontextmanager
from typing import Any

import pytest
import soundfile

from ivr.phone.incoming import IncomingCall
from ivr.phone.phone import Phone
from ivr.phone.tones import tone, tone_level
from tests.asterisk.front import Front, Told
from tests.running import AGENT_HZ, CALLER_HZ, RunningDesk, desk_folder, eventually

pytestmark = pytest.mark.asterisk

OUT = """
desk: out
numbers: ["900", "+78125550100"]
language: en
recording: {notice: never}
agents: {901: Ann, 902: Bob}
categories: {sale: a sale}
outbound: {allow: ["+7921", "112"], caller id: "+78125550100", agents: [901], ring: 5s}
lines:
  first: {agents: [901, 902], ring: 5s, wait: 10s}
flow:
  hello: {say: "Hello.", then: first}
"""
SHIFT = 6320
PROVIDER = 5060 + SHIFT + 3
"""The port of the provider's telephone."""
RUN: dict[str, Callable[[IncomingCall], Any]] = {}


class World:
    """Everybody outside: what each number does with a call, and the calls that came."""

    def __init__(self) -> None:
        self.calls: dict[str, IncomingCall] = {}

    async def take(self, call: IncomingCall) -> None:
        """Do what the number that was dialled says: its last two digits."""
        number = call.events[0].detail.removeprefix("sip:").partition("@")[0]
        self.calls[number] = call
        does = number[-2:]
        if does in ("86", "04"):
            return call.reject(400 + int(does))
        call.ring()
        if does == "20":
            return None
        await asyncio.sleep(0.4)
        call.answer()
        call.say(tone(CALLER_HZ, 30))
        if does == "01":
            await asyncio.sleep(2)
            await call.hang_up()
        return None


@pytest.fixture(scope="module")
def front(tmp_path_factory):
    """Run a desk whose agent 901 may call outside."""
    place = tmp_path_factory.mktemp("out")
    desks = desk_folder(place / "desks", {"out": OUT})
    front = Front(RunningDesk(place / "home", SHIFT, desks=desks, provider=f"127.0.0.1:{PROVIDER}").start())
    try:
        yield front
    finally:
        front.close()
        assert front.running.stop() == 0


@asynccontextmanager
async def outside(front: Front):
    """Give the world outside, and the telephones of 901 and 902."""
    world = World()
    async with Phone(port=PROVIDER, user="provider") as provider, front.staff({"901": {"ring": 0.2}, "902": {}}):
        provider.on_call = world.take
        yield world, front.agents["901"].phone, front.agents["902"].phone


@pytest.fixture(scope="module")
def placed(front):
    """Let agent 901 call everybody at once; return what the ledger tells of each number."""
    return asyncio.run(_place(front))


async def _place(front: Front) -> dict[str, Any]:
    async with outside(front) as (world, ann, bob):
        await asyncio.gather(*(_call(ann, number, hangs_up) for number, hangs_up in CALLS.items()))
        denied = {
            "another number": await _final(await ann.call("+7812555010102")),
            "another agent": await _final(await bob.call("+79215550101")),
        }
        async with Phone(server=front.running.server) as stranger:
            denied["a caller"] = await _final(await stranger.call("+79215550101", caller="+79210000001"))
        await front.settled()
    told = {row["number"]: Told(front._ledger.story(row["id"])) for row in front.rows()}
    return {"told": told, "world": world.calls, "denied": denied}


CALLS = {"+79215550101": 0.0, "+79215550102": 2.0, "+79215550186": 0.0, "+79215550120": 0.0,
         "+79215550220": -1.0, "+79215550104": 0.0, "112": 2.0}  # fmt: skip
"""Number → when agent 901 hangs up: seconds after the answer; negative: after the call began; 0: never."""


async def _call(ann: Phone, number: str, hangs_up: float) -> None:
    call = await ann.call(number)
    if hangs_up < 0:
        await asyncio.sleep(-hangs_up)
        await call.hang_up()
    elif hangs_up > 0:
        await call.answered()
        call.say(tone(AGENT_HZ, 30))
        await asyncio.sleep(hangs_up)
        await call.hang_up()
    assert await call.over(15), number


async def _final(call) -> int:
    assert await call.over(10)
    return call.ended.code


def test_show(placed):
    for number, told in placed["told"].items():
        print(number, told.legs, told.call["outcome"], told.call["end_reason"], [(f["name"], f["details"]) for f in told.story.facts])
    print(placed["denied"], {n: (c.caller.user, c.ended) for n, c in placed["world"].items()})
    assert 0
