"""The demo desks' own scenarios by real calls: the controller serves them, and then the compiled flow alone."""

from __future__ import annotations

import asyncio
import signal
from collections.abc import Iterator
from dataclasses import replace

import pytest

from ivr.app.real_scenario import try_for_real
from ivr.flows.reader import read_desks
from ivr.flows.scenario import Scenario, differences
from ivr.flows.scenario_file import FOLDER, read_scenarios
from tests.running import DEMO, WORKER, RunningDesk

pytestmark = pytest.mark.asterisk

EVERY = read_desks(DEMO)
CASES = [
    (name, scenario)
    for name, desk in EVERY.items()
    for scenario in read_scenarios(DEMO / FOLDER / f"{name}.yaml", desk)
    if not scenario.only_walked
]


@pytest.fixture(scope="module")
def desk(tmp_path_factory) -> Iterator[RunningDesk]:
    home = tmp_path_factory.mktemp("scenarios") / "home"
    running = RunningDesk(home, shift=4600 + 10 * WORKER, robots=True).start()
    try:
        yield running
    finally:
        if running.process is not None:
            running.process.send_signal(signal.SIGCONT)
        assert running.stop() == 0


async def _all(desk: RunningDesk, first: int) -> list[list[str]]:
    """Try each scenario at the same time, each caller with a number of his own; return the differences."""

    async def one(place: int, name: str, scenario: Scenario) -> list[str]:
        await asyncio.sleep(place * 0.7)
        number = f"+7921000{first + place:04}"
        caller = replace(scenario, caller=number)
        return differences(scenario.expected, await try_for_real(caller, EVERY[name], EVERY, desk.settings))

    return await asyncio.gather(*(one(place, name, scenario) for place, (name, scenario) in enumerate(CASES)))


@pytest.fixture(scope="module")
def served(desk: RunningDesk) -> list[list[str]]:
    return asyncio.run(_all(desk, 3000))


@pytest.fixture(scope="module")
def alone(desk: RunningDesk, served: list[list[str]]) -> list[list[str]]:
    assert desk.process is not None
    assert len(served) == len(CASES)
    desk.process.send_signal(signal.SIGSTOP)
    desk.kill("controller")
    return asyncio.run(_all(desk, 4000))


NAMES = [f"{name}: {scenario.name}" for name, scenario in CASES]


@pytest.mark.parametrize("place", range(len(CASES)), ids=NAMES)
def test_a_real_caller_meets_what_the_scenario_says(served, place):
    assert served[place] == []


@pytest.mark.parametrize("place", range(len(CASES)), ids=NAMES)
def test_a_real_caller_meets_the_same_without_a_controller(alone, place):
    assert alone[place] == []
