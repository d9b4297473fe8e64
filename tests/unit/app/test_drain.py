"""How long a stop waits for the calls in progress."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from ivr.app import draining
from ivr.settings import Settings


class Asterisk:
    """What the drain sees of Asterisk: a part with channels; None when its console does not answer."""

    def __init__(self, channels: set[str] | None, drain: int) -> None:
        self.running = True
        self.wanted = True
        self.refuses = False
        self.channels = channels
        self.settings = Settings(drain=drain)

    async def refuse_calls(self, _: object) -> None:
        self.refuses = True

    async def living_channels(self, _: object) -> set[str] | None:
        assert self.refuses, "who is left is asked for when nobody comes any more"
        return self.channels


@pytest.fixture
def asterisk(monkeypatch):
    def made(*channels: str, drain: int = 3600, silent: bool = False) -> Asterisk:
        one = Asterisk(None if silent else set(channels), drain)
        monkeypatch.setattr(draining, "LOOK_EVERY", 0.01)
        monkeypatch.setattr(draining, "refuse_calls", one.refuse_calls)
        monkeypatch.setattr(draining, "living_channels", one.living_channels)
        return one

    return made


async def drained(asterisk: Asterisk, again: asyncio.Event | None = None) -> float:
    """Return how many seconds a drain has taken."""
    began = asyncio.get_running_loop().time()
    async with asyncio.timeout(10):
        await draining.drain(SimpleNamespace(settings=asterisk.settings), asterisk, again or asyncio.Event())
    assert not asterisk.wanted
    return asyncio.get_running_loop().time() - began


@pytest.mark.parametrize("silent", [False, True])
@pytest.mark.parametrize("drain", [0, 1, 2])
async def test_calls_that_do_not_end_are_waited_for_as_long_as_the_setting_says(asterisk, drain, silent):
    """Also when Asterisk is too busy to tell of them."""
    assert drain <= await drained(asterisk("desk1-1.1", drain=drain, silent=silent)) < drain + 5


async def test_nobody_waits_when_there_is_no_call(asterisk):
    await drained(asterisk())


async def test_the_wait_ends_with_the_last_call(asterisk):
    one = asterisk("desk1-1.1", "desk1-1.2")
    waiting = asyncio.create_task(drained(one))
    await asyncio.sleep(0.05)
    one.channels = {"desk1-1.2"}
    done, _ = await asyncio.wait([waiting], timeout=0.2)
    assert not done
    one.channels = set()
    await waiting


async def test_nobody_waits_for_an_asterisk_that_is_gone(asterisk):
    one = asterisk("desk1-1.1")
    one.running = False
    await drained(one)


async def test_a_second_ctrl_c_ends_the_wait_at_once(asterisk):
    one, again = asterisk("desk1-1.1"), asyncio.Event()
    waiting = asyncio.create_task(drained(one, again))
    await asyncio.sleep(0.05)
    assert not waiting.done()
    again.set()
    await waiting
