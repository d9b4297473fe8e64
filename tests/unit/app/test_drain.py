"""How long a stop waits for the calls in progress."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from ivr.app import up
from ivr.settings import Settings


class Asterisk:
    """What the drain sees of Asterisk: a part with so many calls."""

    name = "asterisk"

    def __init__(self, *, running: bool = True) -> None:
        self.running = running
        self.wanted = True
        self.asked_to_stop = False
        self.calls = 1
        self.looks = 0

    async def stop_gracefully(self, _: object) -> None:
        self.asked_to_stop = True

    async def count_calls(self, _: object) -> int:
        self.looks += 1
        return self.calls


async def drained(monkeypatch, asterisk: Asterisk, drain: int, again: asyncio.Event | None = None) -> float:
    """Return how many seconds a drain has taken."""
    monkeypatch.setattr(up, "stop_gracefully", asterisk.stop_gracefully)
    monkeypatch.setattr(up, "count_calls", asterisk.count_calls)
    began = asyncio.get_running_loop().time()
    async with asyncio.timeout(10):
        await up.drain(SimpleNamespace(settings=Settings(drain=drain)), [asterisk], again or asyncio.Event())
    assert asterisk.asked_to_stop
    assert not asterisk.wanted
    return asyncio.get_running_loop().time() - began


@pytest.mark.parametrize("drain", [0, 1, 2])
async def test_calls_that_do_not_end_are_waited_for_as_long_as_the_setting_says(monkeypatch, drain):
    assert drain <= await drained(monkeypatch, Asterisk(), drain) < drain + 5


async def test_nobody_waits_when_the_last_call_has_ended(monkeypatch):
    asterisk = Asterisk()
    asterisk.calls = 0
    assert await drained(monkeypatch, asterisk, 3600) < 5
    assert asterisk.looks == 1


async def test_nobody_waits_for_an_asterisk_that_is_gone(monkeypatch):
    assert await drained(monkeypatch, Asterisk(running=False), 3600) < 5


async def test_a_second_ctrl_c_ends_the_wait(monkeypatch):
    again = asyncio.Event()
    again.set()
    assert await drained(monkeypatch, Asterisk(), 3600, again) < 5
