"""An agent's short working day on a real Asterisk: codes, commands, calls, wrap-up, and Asterisk's death."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import select

from ivr.app.acting import act
from ivr.errors import DeskError
from ivr.phone.call import Call
from ivr.store.engine import open_database
from ivr.store.rebuild import verify
from ivr.store.tables import agent_span
from tests.asterisk.front import Front, serving
from tests.faults.proxy import Proxy
from tests.running import WORKER, RunningDesk, desk_folder, eventually

pytestmark = pytest.mark.asterisk

SHIFT = 6400 + 10 * WORKER
WRAP = 20
DAY = f"""
desk: shift
numbers: ["800"]
language: en
agents: {{801: Ann, 802: Bob}}
pauses: [break, lunch]
categories: {{sale: a sale}}
lines:
  first: {{agents: [801], ring: 8s, wait: 20s, wrap: {WRAP}s}}
  second: {{agents: [802], ring: 8s, wait: 20s}}
flow:
  hello: {{say: "Hello.", then: first}}
"""


@dataclass
class Day:
    """What was seen of it."""

    heard: dict[str, list[str]] = field(default_factory=dict)
    members: dict[str, str] = field(default_factory=dict)
    """What Asterisk's queues said of agent 801."""
    shown: dict[str, Any] = field(default_factory=dict)
    refused: dict[str, str] = field(default_factory=dict)
    spans: dict[str, list[Any]] = field(default_factory=dict)
    differences: list[str] = field(default_factory=list)
    calls: int = 0
    day: dict[str, Any] = field(default_factory=dict)


class Deaf(Proxy):
    """A manager's link on which nothing comes back once an act was asked for."""

    @property
    def swallow_answers(self) -> bool:
        return b"Action: Originate" in self.to_target

    @swallow_answers.setter
    def swallow_answers(self, _: bool) -> None:
        """Pass over it: what was sent decides."""


@pytest.fixture(scope="module")
def front(tmp_path_factory) -> Iterator[Front]:
    place = tmp_path_factory.mktemp("shift")
    running = RunningDesk(place / "home", SHIFT, desks=desk_folder(place / "desks", {"shift": DAY}))
    with serving(running) as front:
        yield front


@pytest.fixture(scope="module")
def day(front) -> Day:
    return asyncio.run(_work(front))


async def _work(front: Front) -> Day:
    day = Day()
    async with front.staff({"801": {"ring": 0.2}}):
        await _acts(front, day)
        await _talk(front, "+79210000001")
        await _shown(front, "wrap-up")
        day.heard["ready"] = await _dial(front, "*62")
        await _talk(front, "+79210000002")
        await front.silent()
    day.refused["reason"] = front.running.ivr("agents", "pause", "801", "--reason", "lnch", check=False).stderr
    day.refused["agent"] = front.running.ivr("agents", "sign-in", "899", check=False).stderr
    await _shown(front, "unreachable", within=40)
    front.running.ivr("agents", "pause", "801", "--reason", "lunch")
    front.running.ivr("agents", "sign-out", "802")
    await _crash(front)
    day.members["after the crash"] = _member(front, "801")
    day.members["Bob after the crash"] = _member(front, "802")
    day.shown["after the crash"] = await _shown(front, "paused")
    await front.settled()
    _look(front, day)
    return day


async def _acts(front: Front, day: Day) -> None:
    await _shown(front, "ready")
    day.heard["out"] = await _dial(front, "*63")
    await _shown(front, "signed out")
    day.members["signed out"] = _member(front, "801")
    day.heard["in"] = await _dial(front, "*62")
    await _shown(front, "ready")
    day.heard["paused"] = await _dial(front, "*462")
    day.shown["paused"] = await _shown(front, "paused")
    day.members["paused"] = _member(front, "801")
    day.heard["unknown"] = await _dial(front, "*469")
    front.running.ivr("agents", "ready", "801")
    await _shown(front, "ready")
    day.members["ready"] = _member(front, "801")


async def _dial(front: Front, code: str) -> list[str]:
    """Dial a code on agent 801's telephone; return the prompts that he heard."""
    call: Call = await front.agents["801"].phone.call(code)
    assert await call.over(15), code
    heard = await asyncio.to_thread(front.running.recognise, call.heard(), "shift", "en")
    return [one.prompt for one in heard]


async def _talk(front: Front, caller: str) -> None:
    before = len(front.agents["801"].calls)
    async with front.caller("800", caller) as call:
        await eventually(lambda: len(front.agents["801"].calls) > before, 20)
        await front.talking("801")
        await asyncio.sleep(1)
        await call.hang_up()
    await front.told(caller)


async def _crash(front: Front) -> None:
    await asyncio.sleep(1.5)  # Asterisk writes its own database once a second
    before = len(front.records())
    front.running.kill("asterisk")

    def back() -> bool:
        return any(one.event == "IVR" and "by=restart" in one.extra for one in front.records()[before:])

    await eventually(back, 40)
    await front.controlled()


async def _shown(front: Front, state: str, *, within: float = 30.0) -> Any:
    """Wait until `ivr agents` says so of agent 801."""
    return await eventually(lambda: next((one for one in _agents(front) if one["state"] == state), None), within)


def _agents(front: Front) -> list[dict[str, Any]]:
    return [one for one in json.loads(front.running.read("agents", "--json")) if one["agent"] == "801"]


def _member(front: Front, agent: str) -> str:
    said = front.console("queue show")
    return next((line for line in said.splitlines() if f"Local/{agent}@agents" in line), "no member")


def _look(front: Front, day: Day) -> None:
    engine = open_database(front.running.settings.database_url)
    with engine.connect() as connection:
        for row in connection.execute(select(agent_span).order_by(agent_span.c.agent, agent_span.c.began_at)):
            day.spans.setdefault(row.agent, []).append(row)
    day.differences = verify(engine).differences
    engine.dispose()
    day.calls = len(front.rows())
    day.day = json.loads(front.running.ivr("agents", "day", "--agent", "801", "--json").stdout)


def test_each_code_is_confirmed_by_a_prompt(day):
    assert day.heard == {
        "out": ["agent.out"],
        "in": ["agent.ready"],
        "paused": ["agent.paused"],
        "unknown": ["agent.unknown"],
        "ready": ["agent.ready"],
    }


def test_the_queues_do_what_the_ledger_says(day):
    assert "paused:signed out" in day.members["signed out"]
    assert "paused:lunch" in day.members["paused"]
    assert "paused" not in day.members["ready"]
    assert day.shown["paused"]["reason"] == "lunch"


def test_the_day_is_one_chain_of_spans(day):
    spans = day.spans["801"]
    assert [span.state for span in spans] == [
        "ready", "signed out", "ready", "paused", "ready",
        "offered", "talking", "wrap-up", "ready",
        "offered", "talking", "wrap-up", "unreachable", "paused",
    ]  # fmt: skip
    assert all(one.ended_at == two.began_at for one, two in pairwise(spans))
    assert spans[-1].ended_at is None
    assert (spans[3].reason, spans[-1].reason) == ("lunch", "lunch")


def test_ready_ends_the_wrap_up_so_that_the_next_call_is_offered_at_once(day):
    first, second = (span for span in day.spans["801"] if span.state == "wrap-up")
    assert (first.ended_at - first.began_at) / 1e6 < WRAP - 5
    offered = [span for span in day.spans["801"] if span.state == "offered"]
    assert (offered[1].began_at - first.began_at) / 1e6 < WRAP - 2
    assert second.call_id != first.call_id


def test_pause_and_sign_out_outlive_asterisks_death(day):
    assert "paused:lunch" in day.members["after the crash"]
    assert "paused:signed out" in day.members["Bob after the crash"]
    assert day.shown["after the crash"]["seconds"] > 1


def test_acts_are_nobodys_calls_and_the_ledger_is_what_its_journal_gives(day):
    assert day.calls == 2
    assert day.differences == []


def test_an_unknown_reason_or_agent_is_one_sentence_with_its_cure(day):
    assert day.refused["reason"] == (
        "ivr: The desk shift has no pause for 'lnch'.\n"
        "     Say one of break, lunch, or add it to `pauses` in shift.yaml.\n"
    )
    assert day.refused["agent"].startswith("ivr: There is no agent '899'.\n")


def test_the_day_adds_up(day):
    (ann,) = day.day["agents"]
    assert ann["name"] == "Ann"
    assert {"ready", "talking", "wrap-up", "paused: lunch"} <= ann["seconds"].keys()


async def test_f15_an_act_whose_answer_is_lost_is_done_once_and_known_to_be_done(front, day):
    """The link goes silent between the action and its answer: the journal tells that it was done."""
    nearby = front.running.settings.model_copy(update={"shift": SHIFT + 5})
    before = len(front.records())
    async with Deaf(front.running.settings.ami_port, nearby.ami_port) as proxy:
        await act(nearby, "ready", "802")
        assert proxy.to_target.count(b"Action: Originate") == 1
    done = [one for one in front.records()[before:] if one.event == "IVR" and "ready?agent=802" in one.extra]
    assert len(done) == 1


async def test_an_act_without_a_desk_says_so(front, day, tmp_path):
    away = front.running.settings.model_copy(update={"home": tmp_path})
    with pytest.raises(DeskError, match="No desk runs on"):
        await act(away, "ready", "802")
