"""How long a stop waits for the calls in progress."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace

import pytest

from ivr.app import draining
from ivr.asterisk.journal import set_aside
from ivr.settings import Settings


class Asterisk:
    """What the drain sees of Asterisk: a part with channels, whose journal tells of their ends."""

    def __init__(self, home, *channels: str, drain: int = 3600) -> None:
        self.running = True
        self.wanted = True
        self.asked_to_stop = False
        self.channels = set(channels)
        self.settings = Settings(home=home, drain=drain)
        self.settings.journal.parent.mkdir(parents=True)
        self.tell("CHAN_START", "desk1-1.1")

    def tell(self, event: str, channel: str) -> None:
        with self.settings.journal.open("a") as file:
            file.write(f'"{event}","1795000000.000000","{channel}","{channel}","PJSIP/t-1","","","","","","","",""\n')

    async def stop_gracefully(self, _: object) -> None:
        self.asked_to_stop = True
        await asyncio.Event().wait()

    async def living_channels(self, _: object) -> set[str]:
        assert not self.asked_to_stop, "Asterisk does not tell any more"
        return self.channels


@pytest.fixture
def asterisk(tmp_path, monkeypatch):
    def made(*channels: str, drain: int = 3600) -> Asterisk:
        one = Asterisk(tmp_path, *channels, drain=drain)
        monkeypatch.setattr(draining, "LOOK_EVERY", 0.01)
        monkeypatch.setattr(draining, "stop_gracefully", one.stop_gracefully)
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


@pytest.mark.parametrize("drain", [0, 1, 2])
async def test_calls_that_do_not_end_are_waited_for_as_long_as_the_setting_says(asterisk, drain):
    assert drain <= await drained(asterisk("desk1-1.1", drain=drain)) < drain + 5


async def test_nobody_waits_when_there_is_no_call_though_asterisk_has_placeholders(asterisk):
    """Its console would not answer before the last of them is gone."""
    one = asterisk()
    await drained(one)


async def test_the_wait_ends_with_the_last_call_also_when_the_journal_is_renamed_meanwhile(asterisk):
    one = asterisk("desk1-1.1", "desk1-1.2")
    waiting = asyncio.create_task(drained(one))
    while not one.asked_to_stop:
        await asyncio.sleep(0)
    one.tell("CHAN_START", "desk1-1.3")
    one.tell("CHAN_END", "desk1-1.1")
    set_aside(one.settings.journal, 1795000000)
    one.tell("CHAN_END", "desk1-1.2")
    done, _ = await asyncio.wait([waiting], timeout=0.3)
    assert not done, "a call that came at the last moment goes on"
    one.tell("CHAN_END", "desk1-1.3")
    await waiting


async def test_nobody_waits_for_an_asterisk_that_is_gone(asterisk):
    one = asterisk("desk1-1.1")
    one.running = False
    await drained(one)


async def test_a_journal_that_is_gone_ends_no_call(asterisk):
    one = asterisk("desk1-1.1", drain=1)
    one.settings.journal.unlink()
    assert await drained(one) >= 1


async def test_a_second_ctrl_c_ends_the_wait_at_once(asterisk):
    one, again = asterisk("desk1-1.1"), asyncio.Event()
    waiting = asyncio.create_task(drained(one, again))
    while not one.asked_to_stop:
        await asyncio.sleep(0)
    again.set()
    await waiting
