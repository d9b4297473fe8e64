"""An agent who hangs up while he hears the whisper: the caller keeps his place and gets another agent."""

from __future__ import annotations

import asyncio

import pytest

from tests.faults.desks import NUMBER
from tests.faults.phones import until

pytestmark = pytest.mark.asterisk


@pytest.mark.parametrize(
    ("key", "agents"), [("2", ("1201", "1202")), ("3", ("1301", "1302"))], ids=["whisper alone", "asked to accept"]
)
async def test_f36_an_agent_who_hangs_up_during_the_whisper_does_not_cost_the_caller_his_place(
    desk, fresh, key, agents
):
    hasty, patient, caller = *agents, *fresh(1)
    async with desk.agent(hasty, hangs_up_after=0.3, ring=0.2) as first, desk.caller(NUMBER, caller) as call:
        await call.answered()
        await asyncio.sleep(0.8)
        await call.press(key)
        await until(lambda: first.calls and first.calls[0].ended)
        async with desk.agent(patient, decision="1" if key == "3" else "", after=0.5, ring=0.2) as second:
            await until(lambda: second.calls and second.calls[0].answered_at)
            await asyncio.sleep(3)
            assert call.ended is None
            await call.hang_up()
    told = await desk.call_of(caller)
    offers = [(leg["agent"], leg["reason"]) for leg in told["legs"] if leg["kind"] == "offer"]
    assert offers[0] == (hasty, "refused")
    assert offers[-1] == (patient, "answered")
    assert [leg["reason"] for leg in told["legs"] if leg["kind"] == "queue"] == ["answered"]
