"""The demo desks' own scenarios by real calls: the controller serves them, and then the compiled flow alone.

None is left out. Lines that are to be empty are those of a copy of the desk; whom the ledger knows has called before;
and the moment at which a caller calls is given to the controller and to the dialplan.
"""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace
from datetime import datetime

import pytest

from ivr.app.ears import pitches_of, whispers_of
from ivr.app.real_scenario import try_for_real
from ivr.desk.walk_scenario import walk
from ivr.flows.model import Desk
from ivr.flows.reader import read_desks
from ivr.flows.scenario import Scenario, Way, differences
from ivr.phone.hearing import recognise
from ivr.phone.incoming import IncomingCall
from ivr.phone.phone import Phone
from ivr.phone.robot import Behaviour, Post, Robot
from ivr.speech.library import lengths
from tests.asterisk.scenario_worlds import (
    Case,
    cases,
    controller_at,
    earlier_call,
    empty_lines,
    give_moments,
    lay_desks,
    without_controller,
)
from tests.running import DEMO, WORKER, RunningDesk

pytestmark = pytest.mark.asterisk

CASES = cases()
DEMOS = read_desks(DEMO)
NAMES = [case.name for case in CASES]
SERVED, ALONE = "3", "4"
ORDER = sorted(
    range(len(CASES)),
    key=lambda place: (
        not CASES[place].scenario.known,
        not CASES[place].scenario.nobody_at,
        CASES[place].scenario.at is not None,
    ),
)
"""Whose scenario takes longest calls first: who must have called before, and who comes to the voicemail."""


def caller_of(place: int, phase: str) -> str:
    """Return a caller's number; whom the ledger is to know calls from the same one without the controller, too."""
    scenario = CASES[place].scenario
    return f"+7921000{SERVED if scenario.known or scenario.told_before else phase}{place:03}"


MOMENTS: dict[str, datetime] = {
    caller_of(place, phase): case.scenario.at
    for place, case in enumerate(CASES)
    for phase in (SERVED, ALONE)
    if case.scenario.at is not None
}


@pytest.fixture(scope="module")
def desk(tmp_path_factory) -> Iterator[RunningDesk]:
    place = tmp_path_factory.mktemp("scenarios")
    desks = lay_desks(place / "desks", CASES)
    running = RunningDesk(place / "home", shift=4600 + 10 * WORKER, desks=desks, robots=True).start()
    try:
        give_moments(running, MOMENTS)
        asyncio.run(empty_lines(running, read_desks(desks), CASES))
        assert running.process is not None
        running.process.send_signal(signal.SIGSTOP)
        running.kill("controller")
        yield running
    finally:
        if running.process is not None:
            running.process.send_signal(signal.SIGCONT)
        assert running.stop() == 0


class Ears:
    """Telephones of the agents whose whisper a scenario tells: they do what robots do, and keep what they heard."""

    def __init__(self, running: RunningDesk, desks: dict[str, Desk]) -> None:
        self._running = running
        self._whispers = {
            agent: whispers_of(desks[case.desk], running.settings.sounds)
            for case in CASES
            if case.scenario.expected.whisper is not None
            for line in walk(desks[case.desk], case.scenario, lengths(desks[case.desk], DEMO)).lines or ()
            for agent in desks[case.desk].lines[line].agents
        }
        self._pitches = pitches_of(desks)
        self._taken: list[tuple[str, IncomingCall]] = []

    @asynccontextmanager
    async def listening(self):
        async with AsyncExitStack() as stack:
            for agent, prompts in self._whispers.items():
                password, server = self._running.password(agent), self._running.server
                phone = await stack.enter_async_context(Phone(server=server, user=agent, password=password))
                robot = Robot(Post(agent, password, self._pitches[agent], prompts), server, Behaviour)
                phone.on_call = self._taker(agent, robot)
                await phone.register()
            yield

    def _taker(self, agent: str, robot: Robot):
        async def take(call: IncomingCall) -> None:
            self._taken.append((agent, call))
            await robot.take(call)

        return take

    def heard_of(self, caller: str) -> tuple[str, ...]:
        """Return what was whispered about a caller."""
        return tuple(
            heard.prompt
            for agent, call in self._taken
            if call.caller.user == caller
            for heard in recognise(call.heard(), self._whispers[agent])
        )


async def _all(running: RunningDesk, phase: str) -> list[Way]:
    """Try each scenario at the same time, each caller with a number of his own; return what came of each."""
    desks = read_desks(running.desks)
    ears = Ears(running, desks)
    # Each listens to what is said to him, so that he presses in time: a busy machine has no more ears than these.
    enough = asyncio.Semaphore(5)

    async def one(place: int, case: Case) -> Way:
        scenario, desk, caller = case.scenario, desks[case.desk], caller_of(place, phase)
        await asyncio.sleep(ORDER.index(place) * 0.5)
        async with enough:
            if phase == SERVED and (scenario.known or scenario.told_before):
                await called(earlier_call(scenario, desk), desk, caller)
            came = await called(scenario, desk, caller)
        return came if scenario.expected.whisper is None else replace(came, whisper=ears.heard_of(caller))

    async def called(scenario: Scenario, desk: Desk, caller: str) -> Way:
        assert not scenario.number or scenario.number in desk.numbers
        return await try_for_real(replace(scenario, caller=caller), desk, desks, running.settings)

    async with ears.listening():
        return await asyncio.gather(*(one(place, case) for place, case in enumerate(CASES)))


@pytest.fixture(scope="module")
def served(desk: RunningDesk) -> list[Way]:
    with controller_at(desk, MOMENTS):
        return asyncio.run(_all(desk, SERVED))


@pytest.fixture(scope="module")
def alone(desk: RunningDesk, served: list[Way]) -> list[Way]:
    assert len(served) == len(CASES)
    return asyncio.run(_all(desk, ALONE))


@pytest.mark.parametrize("place", range(len(CASES)), ids=NAMES)
def test_a_real_caller_meets_what_the_scenario_says(served, place):
    assert differences(CASES[place].scenario.expected, served[place]) == []


@pytest.mark.parametrize("place", range(len(CASES)), ids=NAMES)
def test_a_real_caller_meets_the_same_without_a_controller(alone, place):
    case = CASES[place]
    assert differences(without_controller(case.scenario, DEMOS[case.demo]), alone[place]) == []
