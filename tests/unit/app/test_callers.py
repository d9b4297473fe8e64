"""Look-ups in the ledger never keep a call waiting."""

from __future__ import annotations

import threading

from ivr.app.callers import LedgerCallers
from ivr.engine.inputs import Caller


async def test_what_the_ledger_knows_is_told():
    callers = LedgerCallers(lambda desk, number: ("201" if desk == "small" and number == "+7900" else None, "internet"))
    assert await callers.known("small", "+7900") == Caller(known=True, source="internet", agent="201")


async def test_a_broken_database_makes_everybody_unknown():
    def broken(_desk, _number):
        raise RuntimeError("no such table")

    assert await LedgerCallers(broken).known("small", "+7900") == Caller()


async def test_with_all_look_ups_stuck_the_next_caller_is_unknown_at_once():
    stuck = threading.Event()
    callers = LedgerCallers(lambda _desk, _number: (stuck.wait(10), "late"))
    try:
        import asyncio

        waiting = [asyncio.create_task(callers.known("small", str(place))) for place in range(4)]
        await asyncio.sleep(0.05)
        assert await callers.known("small", "5") == Caller()
    finally:
        stuck.set()
    assert [caller.source for caller in await asyncio.gather(*waiting)] == ["late"] * 4
    assert (await callers.known("small", "6")).source == "late"
