"""F33: every way in which a talk can move on, on a real Asterisk: golden legs, stop-watched talks, recordings.

Each scene has a desk of its own with four agents a, b, c, d, so that all are played at the same time.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from typing import Any

import pytest

from ivr.phone.call import Call
from tests.asterisk.front import Front, Scenes, Told, serving
from tests.running import WORKER, RunningDesk, desk_folder, eventually

pytestmark = pytest.mark.asterisk

SHIFT = 6600 + 10 * WORKER
WATCH = 0.2
"""Seconds by which a stop-watch beside the telephone may differ from the ledger."""
ARRIVAL = ["ivr: handed over", "queue first: answered", "offer first a: answered"]
TOGETHER = ["offer b: answered", "hold first a: transferred"]
"""What two threads of Asterisk begin in the same millisecond, either of them first."""
GOLDEN = {
    "blind": [
        *ARRIVAL, "talk first a: transferred", "transfer a: answered", "offer b: answered", "talk b: caller hung up",
    ],
    "blind_by_keys": [
        *ARRIVAL, "talk first a: transferred", "hold first a: transferred", "transfer a: answered", "offer b: answered",
        "talk b: caller hung up",
    ],
    "blind_abandoned": [*ARRIVAL, "talk first a: transferred", "transfer a: abandoned", "offer d: cancelled"],
    "attended": [
        *ARRIVAL, "talk first a: transferred", "hold first a: transferred", "transfer a: answered", "offer b: answered",
        "talk b: caller hung up",
    ],
    "attended_by_keys": [
        *ARRIVAL, "talk first a: held", "hold first a: held", "transfer a: answered", *TOGETHER,
        "talk b: caller hung up",
    ],
    "blonde": [
        *ARRIVAL, "talk first a: transferred", "hold first a: transferred", "transfer a: answered", "offer b: answered",
        "talk b: caller hung up",
    ],
    "to_line": [
        *ARRIVAL, "talk first a: transferred", "transfer second a: handed over", "queue second: answered",
        "offer second c: answered", "talk second c: caller hung up",
    ],
    "picked_up": [
        "ivr: handed over", "queue first: answered", "offer first a: taken by another", "talk first b: caller hung up",
    ],
    "parked": [*ARRIVAL, "talk first a: parked", "hold first a: retrieved", "talk b: caller hung up"],
}  # fmt: skip
HOW = {
    "blind": ("blind", "b"),
    "blind_by_keys": ("blind", "b"),
    "blind_abandoned": ("blind", "d"),
    "attended": ("attended", "b"),
    "attended_by_keys": ("attended", "b"),
    "blonde": ("blonde", "b"),
    "to_line": ("blind", "*72"),
}
"""How a call was transferred, and to whom."""


class Scene:
    """One desk's caller and agents."""

    def __init__(self, front: Front, place: int) -> None:
        self.front = front
        self.number = f"7{place}0"
        self.caller = f"+7921000{7000 + place}"
        self._place = place

    def agent(self, letter: str) -> str:
        return f"7{self._place}{'abcd'.index(letter) + 1}"

    async def talking(self, letter: str) -> Call:
        """Wait until the agent speaks with the caller for a second; return his call."""
        await self.front.talking(self.agent(letter))
        await asyncio.sleep(1.0)
        return self.front.agents[self.agent(letter)].calls[-1]

    async def calls(self, letter: str, number: str) -> Any:
        """Let an agent call somebody."""
        return await self.front.agents[self.agent(letter)].phone.call(number)


async def blind(scene: Scene) -> None:
    first = await scene.talking("a")
    assert 200 <= await first.transfer(scene.agent("b")) < 300
    await scene.talking("b")


async def blind_by_keys(scene: Scene) -> None:
    first = await scene.talking("a")
    await first.press("##")
    await asyncio.sleep(1.2)
    await first.press(scene.agent("b"))
    await scene.talking("b")


async def blind_abandoned(scene: Scene) -> None:
    first = await scene.talking("a")
    assert 200 <= await first.transfer(scene.agent("d")) < 300
    await scene.front.offered(scene.agent("d"))
    await asyncio.sleep(1.0)


async def attended(scene: Scene) -> None:
    first = await scene.talking("a")
    await first.hold()
    asking = await scene.calls("a", scene.agent("b"))
    await asking.answered()
    await asyncio.sleep(1.0)
    assert 200 <= await first.transfer_to(asking) < 300
    await asyncio.sleep(1.5)


async def attended_by_keys(scene: Scene) -> None:
    first = await scene.talking("a")
    await first.press("*2")
    await asyncio.sleep(1.2)
    await first.press(scene.agent("b"))
    await scene.talking("b")
    await first.hang_up()
    await asyncio.sleep(1.5)


async def blonde(scene: Scene) -> None:
    first = await scene.talking("a")
    await first.hold()
    scene.front.agents[scene.agent("b")].ring = 2.0
    asking = await scene.calls("a", scene.agent("b"))
    await scene.front.offered(scene.agent("b"))
    await asyncio.sleep(0.5)
    assert 200 <= await first.transfer_to(asking) < 300
    await scene.talking("b")


async def to_line(scene: Scene) -> None:
    first = await scene.talking("a")
    assert 200 <= await first.transfer("*72") < 300
    await scene.talking("c")


async def picked_up(scene: Scene) -> None:
    await asyncio.sleep(0.3)
    taken = await scene.calls("b", "*8")
    await taken.answered()
    await asyncio.sleep(1.5)


async def parked(scene: Scene) -> None:
    first = await scene.talking("a")
    assert 200 <= await first.transfer("*70") < 300
    await asyncio.sleep(1.5)
    taken = await scene.calls("b", "7001")
    await taken.answered()
    await asyncio.sleep(1.5)


WAYS: dict[str, Callable[[Scene], Awaitable[None]]] = {
    one.__name__: one
    for one in (
        blind, blind_by_keys, blind_abandoned, attended, attended_by_keys, blonde, to_line, picked_up, parked,
    )
}  # fmt: skip


def desk(place: int) -> str:
    agents = [f"7{place}{n}" for n in (1, 2, 3, 4)]
    named = ", ".join(f"{agent}: Agent {letter} {place}" for agent, letter in zip(agents, "ABCD", strict=True))
    return f"""
desk: moves{place}
numbers: ["7{place}0"]
language: en
agents: {{{named}}}
categories: {{sale: a sale}}
lines:
  first: {{agents: [{agents[0]}], ring: 10s, wait: 30s}}
  second: {{agents: [{agents[2]}], ring: 10s, wait: 30s}}
flow:
  hello: {{say: "Hello.", then: first}}
recording: {{notice: never, keep: 30d}}
"""


@pytest.fixture(scope="module")
def front(tmp_path_factory) -> Iterator[Front]:
    place = tmp_path_factory.mktemp("moves")
    desks = {f"moves{number}": desk(number) for number in range(len(WAYS))}
    running = RunningDesk(place / "home", SHIFT, desks=desk_folder(place / "desks", desks))
    with serving(running) as front:
        yield front


@pytest.fixture(scope="module")
def played(front) -> dict[str, Told | BaseException]:
    """Play all scenes; by scene what the ledger tells of its call."""
    staff: dict[str, dict[str, Any]] = {}
    for number, name in enumerate(WAYS):
        answers = {"a": name != "picked_up", "b": True, "c": True, "d": False}
        for n, letter in enumerate("abcd", 1):
            staff[f"7{number}{n}"] = {"ring": 0.3, "answers": answers[letter]}
    scenes = Scenes(staff)
    plays = {name: scenes(_scene(name, number)) for number, name in enumerate(WAYS)}
    result = scenes.play(front)
    return {name: result(play) for name, play in plays.items()}


def _scene(name: str, number: int) -> Callable[[Front], Awaitable[Told]]:
    async def play(front: Front) -> Told:
        scene = Scene(front, number)
        await asyncio.sleep(0.2 * number)
        async with front.caller(scene.number, scene.caller):
            if name == "picked_up":
                await front.offered(scene.agent("a"))
            await WAYS[name](scene)
        return await front.told(scene.caller)

    return play


def _letters(told: Told, number: int) -> list[str]:
    legs = told.legs
    for n, letter in enumerate("abcd", 1):
        legs = [leg.replace(f"7{number}{n}", letter) for leg in legs]
    return legs


@pytest.mark.parametrize("name", WAYS)
def test_f33_the_call_is_one_row_with_exactly_these_legs(played, name):
    legs = _letters(played[name], list(WAYS).index(name))
    if name == "attended_by_keys" and legs[-3:-1] == TOGETHER[::-1]:
        legs[-3:-1] = TOGETHER
    assert legs == GOLDEN[name]


@pytest.mark.parametrize("name", HOW)
def test_f33_a_transfer_tells_how_and_to_whom(played, name):
    told, number = played[name], list(WAYS).index(name)
    assert told.call["transfers"] == 1
    (leg,) = [leg for leg in told.story.legs if leg["kind"] == "transfer"]
    how, target = HOW[name]
    wanted = target if target.startswith("*") else f"7{number}{'abcd'.index(target) + 1}"
    assert (leg["how"], leg["target"]) == (how, wanted)


@pytest.mark.parametrize("name", ["blind", "blind_by_keys", "blonde", "to_line"])
def test_a_talk_lasts_as_long_as_the_agents_telephone_says(played, front, name):
    talk = [leg for leg in played[name].story.legs if leg["kind"] == "talk"][-1]
    seen = {event.name: event.at for call in front.agents[talk["agent"]].calls for event in call.events}
    lasted = seen["ended"] - seen["answered"]
    assert (talk["ended_at"] - talk["began_at"]) / 1e6 == pytest.approx(lasted, abs=WATCH)


@pytest.mark.parametrize("name", ["blind", "attended", "attended_by_keys", "to_line", "picked_up", "parked"])
def test_each_talk_names_the_recording_that_covers_it(played, name):
    talks = [leg for leg in played[name].story.legs if leg["kind"] == "talk"]
    assert [bool(leg["recording"]) for leg in talks] == [True] * len(talks)


@pytest.mark.parametrize("name", ["blind", "attended", "picked_up"])
async def test_the_recording_is_whole_after_the_move(played, front, name):
    def verified() -> list[str]:
        story = front.story(played[name].call["id"])
        states = [one["state"] for one in story.recordings]
        return states if states and "expected" not in states else []

    assert await eventually(verified, 20) == ["ok"]
