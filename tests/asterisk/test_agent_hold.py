"""An agent's hold on a real Asterisk: from his telephone into the journal, the call's legs and his time."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator

import pytest

from tests.asterisk.front import Front, serving
from tests.running import WORKER, RunningDesk, desk_folder, eventually

pytestmark = pytest.mark.asterisk

SHIFT = 6500 + 10 * WORKER
HOLDS = """
desk: holds
numbers: ["810"]
language: en
agents: {811: Ann}
categories: {sale: a sale}
lines:
  first: {agents: [811], ring: 8s, wait: 20s}
flow:
  hello: {say: "Hello.", then: first}
"""


@pytest.fixture(scope="module")
def front(tmp_path_factory) -> Iterator[Front]:
    place = tmp_path_factory.mktemp("holds")
    running = RunningDesk(place / "home", SHIFT, desks=desk_folder(place / "desks", {"holds": HOLDS}))
    with serving(running) as front:
        yield front


async def test_a_hold_is_in_the_journal_the_legs_and_the_agents_time(front):
    async with front.staff({"811": {"ring": 0.2}}):
        async with front.caller("810", "+79210000001"):
            await front.talking("811")
            await asyncio.sleep(1)
            phone = front.agents["811"].calls[0]
            assert await phone.hold() == 200
            await asyncio.sleep(2)
            assert await phone.resume() == 200
            await asyncio.sleep(1)
        told = await front.told("+79210000001")
        facts = [one for one in front.records() if one.event == "IVR" and "hold?agent=811" in one.extra]
        assert [one.extra.partition("?")[0] for one in facts] == ['{"extra":"hold', '{"extra":"unhold']
    hold = next(leg for leg in told.story.legs if leg["kind"] == "hold")
    assert (hold["ended_at"] - hold["began_at"]) / 1e6 == pytest.approx(2, abs=0.3)

    def spans() -> list[dict]:
        (ann,) = json.loads(front.running.ivr("agents", "day", "--json").stdout)["agents"]
        return [one for one in ann["spans"] if one["call"] == told.call["id"]]

    states = [one["state"] for one in await eventually(spans)]
    assert states == ["offered", "talking", "hold", "talking"]
