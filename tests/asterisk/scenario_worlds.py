"""What a demo scenario takes for granted, made on a real desk: empty lines, what the ledger knows, the moment."""

from __future__ import annotations

import asyncio
import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path

import yaml

from ivr.app.acting import act
from ivr.app.heartbeat import last_beat
from ivr.desk.walk_scenario import walk
from ivr.flows.model import Desk
from ivr.flows.reader import read_desks
from ivr.flows.scenario import LINE, TOLD, Scenario, Way
from ivr.flows.scenario_file import FOLDER, read_scenarios
from ivr.speech.library import lengths
from tests.running import DEMO, REPO, RunningDesk

_AT_THEIR_MOMENTS = """
import asyncio, json, sys
from datetime import datetime
from ivr.app import calls
from ivr.app.controller import run_controller
from ivr.settings import Settings

moments = {caller: datetime.fromisoformat(at) for caller, at in json.loads(sys.argv[1]).items()}
answer = calls.answer

async def at_his_moment(desk, session, arrival, conversation, callers, clock):
    moment = moments.get(getattr(arrival, "caller", ""))
    his = clock if moment is None else lambda: moment
    return await answer(desk, session, arrival, conversation, callers, his)

calls.answer = at_his_moment
asyncio.run(run_controller(Settings()))
"""
"""The controller as it is, but for the clock that `answer` takes: some callers have a moment of their own."""
_NOW, _HIS = "(${EPOCH})", "${DB(moment/${CALLERID(num)})}"


@dataclass(frozen=True, slots=True)
class Case:
    """A scenario, and the desk on which it is tried."""

    demo: str
    """The demo desk that it belongs to."""
    desk: str
    """That desk, or a copy in which its lines are empty."""
    scenario: Scenario

    @property
    def name(self) -> str:
        return f"{self.demo}: {self.scenario.name}"


def cases() -> list[Case]:
    """Return all scenarios of the demo desks. All calls with the same empty lines go to one copy of their desk."""
    found: list[Case] = []
    copies: dict[tuple[str, tuple[str, ...]], str] = {}
    for name, desk in read_desks(DEMO).items():
        for scenario in read_scenarios(DEMO / FOLDER / f"{name}.yaml", desk):
            empty = scenario.nobody_at
            copy = copies.setdefault((name, empty), f"{name}-{len(copies)}") if empty else name
            number = number_on_copy(scenario.number, copy) if empty and scenario.number else scenario.number
            found.append(Case(name, copy, replace(scenario, number=number)))
    return found


def lay_desks(folder: Path, tried: Sequence[Case]) -> Path:
    """Copy the demo desks, and make those of them in which lines are empty; their numbers and agents are their own."""
    shutil.copytree(DEMO, folder)
    copies = {case.desk: case.demo for case in tried if case.desk != case.demo}
    for place, (copy, demo) in enumerate(copies.items()):
        (folder / f"{copy}.yaml").write_text(_copied((DEMO / f"{demo}.yaml").read_text(), copy, place))
        shutil.copytree(DEMO / demo, folder / copy)
    return folder


def number_on_copy(number: str, copy: str) -> str:
    """Return the number of a copy that is the demo desk's `number`."""
    return f"9{copy.rpartition('-')[2]}{number.lstrip('+')}"


def _copied(text: str, copy: str, place: int) -> str:
    desk = yaml.safe_load(text)
    desk["desk"] = copy
    desk["numbers"] = [number_on_copy(number, copy) for number in desk["numbers"]]
    desk["agents"] = {_agent(agent, copy): f"{name} {place}" for agent, name in desk["agents"].items()}
    for line in desk["lines"].values():
        line["agents"] = [_agent(agent, copy) for agent in line["agents"]]
    if by_number := desk["source"].get("by number"):
        desk["source"]["by number"] = {number_on_copy(number, copy): source for number, source in by_number.items()}
    return yaml.safe_dump(desk, allow_unicode=True, sort_keys=False)


def _agent(agent: int, copy: str) -> int:
    return int(number_on_copy(str(agent), copy))


async def empty_lines(running: RunningDesk, desks: Mapping[str, Desk], tried: Sequence[Case]) -> None:
    """Sign out the agents of the lines that are to be empty."""
    out = {agent for case in tried for line in case.scenario.nobody_at for agent in desks[case.desk].lines[line].agents}
    await asyncio.gather(*(act(running.settings, "sign-out", agent) for agent in sorted(out)))


def earlier_call(scenario: Scenario, desk: Desk) -> Scenario:
    """Return a call after which the ledger knows of him what the scenario says: answered, and the source told."""
    told = scenario.told_before
    keys = [key for key, source in desk.source.options.items() if source == told] if desk.source else []
    for menus in range(len(scenario.keys) + 1):
        before = Scenario("before", keys=(*scenario.keys[:menus], *keys[:1]))
        came = walk(desk, before, lengths(desk, DEMO))
        if (came.ends, came.source) == (LINE, told):
            return before
    raise AssertionError(f"no call makes {told!r} known")


def without_controller(scenario: Scenario, desk: Desk) -> Way:
    """Return what is to come of it by the dialplan alone.

    That knows nobody by his number: he is served as one who calls for the first time. Nor does it tell the agent
    whether he is known, or what he said to the question in the line: only the ledger and the controller read that.
    """
    expected = scenario.expected
    if scenario.known or scenario.told_before:
        came = walk(desk, replace(scenario, known=False, told_before=""), lengths(desk, DEMO))
        asked_for = {name: getattr(came, name) for name in TOLD if getattr(expected, name) is not None}
        expected = Way(**asked_for)
    if expected.whisper is None:
        return expected
    untold = {"whisper.known", "whisper.new"}
    if desk.source and desk.source.ask == "while waiting" and scenario.number not in desk.source.by_number:
        untold |= {f"whisper.source.{source}" for source in desk.source.options.values()}
    return replace(expected, whisper=tuple(prompt for prompt in expected.whisper if prompt not in untold))


def give_moments(running: RunningDesk, moments: Mapping[str, datetime]) -> None:
    """Let the compiled flow ask whether it is open at the caller's own moment, where he has one."""
    path = running.settings.asterisk_etc / "extensions.conf"
    at = f'(${{IF($["{_HIS}" = ""]?${{EPOCH}}:{_HIS})}})'
    text, places = re.subn(r"(Gosub\(hours-[^,]+,s,1)" + re.escape(_NOW), lambda found: found[1] + at, path.read_text())
    assert places
    path.write_text(text)
    for caller, moment in moments.items():
        running.asterisk(f"database put moment {caller} {moment.timestamp():.0f}")
    running.asterisk("dialplan reload")


@contextmanager
def controller_at(running: RunningDesk, moments: Mapping[str, datetime]) -> Iterator[None]:
    """Serve the desk by a controller for which these callers have their own moments. The desk's must be gone."""
    given = json.dumps({caller: moment.isoformat() for caller, moment in moments.items()})
    began = time.time()
    with (running.home.parent / "controller.log").open("wb") as log:
        own = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "--", sys.executable, "-c", _AT_THEIR_MOMENTS, given],
            cwd=REPO,
            env=running.settings.environment(),
            stdout=log,
            stderr=log,
        )
    try:
        end = time.monotonic() + 30
        while not _serves(running, began):
            assert own.poll() is None, (running.home.parent / "controller.log").read_text()
            assert time.monotonic() < end, "the controller does not come"
            time.sleep(0.1)
        yield
    finally:
        own.kill()
        own.wait()


def _serves(running: RunningDesk, since: float) -> bool:
    """Say whether a controller that began then takes calls, and hears of keys that are pressed in lines."""
    told = last_beat(running.home, "controller")
    return bool(told and told["at"] > since and told["ami"]["connected"])
