"""What the manager's events tell of agents: each piece of news becomes one act, in order."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress

from ivr.asterisk.watch import Watch
from ivr.errors import DeskError

Act = tuple[str, dict[str, str]]


class Picture:
    """A live picture that keeps what it is fed."""

    def __init__(self) -> None:
        self.fed: list[str] = []
        self.resyncs = 0

    def feed(self, event: dict[str, str]) -> None:
        self.fed.append(event["Event"])

    def resync(self, _queues: list[dict[str, str]]) -> None:
        self.resyncs += 1


def member(agent: str, status: str, queue: str = "d-first") -> dict[str, str]:
    return {"Event": "QueueMemberStatus", "MemberName": agent, "Status": status, "Queue": queue}


def hold(channel: str, event: str = "Hold") -> dict[str, str]:
    return {"Event": event, "Channel": channel, "Uniqueid": "d-1.7", "Linkedid": "d-1.5", "Timestamp": "10.000001"}


async def acts_of(tell: Callable[[Watch], None], picture: Picture | None = None, fails: str = "") -> list[Act]:
    """Return the acts that a watch does after it was told something."""
    found: list[Act] = []

    async def place(act: str, values: dict[str, str]) -> None:
        if act == fails:
            raise DeskError("No.")
        found.append((act, dict(values)))

    watch = Watch(picture or Picture(), place, frozenset({"201", "202"}))
    tell(watch)
    await _run(watch.run())
    return found


async def _run(running: Awaitable[None]) -> None:
    with suppress(TimeoutError):
        async with asyncio.timeout(0.05):
            await running


async def test_a_telephone_that_comes_or_goes_is_looked_at_once_though_its_agent_is_in_two_queues():
    def tell(watch: Watch) -> None:
        watch.resync([{"Event": "QueueMember", "Name": "201", "Status": "5"}])
        for queue in ("d-first", "d-second"):
            watch.feed(member("201", "1", queue))
        watch.feed(member("201", "2"))
        watch.feed(member("201", "5"))

    assert await acts_of(tell) == [("look-all", {}), ("look", {"IVR_AGENT": "201"}), ("look", {"IVR_AGENT": "201"})]


async def test_an_agents_hold_is_told_with_its_channel_call_and_moment():
    told = {"IVR_AGENT": "202", "IVR_CHANNEL": "d-1.7", "IVR_ABOUT": "d-1.5", "IVR_AT": "10000001"}

    def tell(watch: Watch) -> None:
        watch.feed(hold("PJSIP/202-web-0000001a"))
        watch.feed(hold("PJSIP/202-0000001b", "Unhold"))

    assert await acts_of(tell) == [("hold", told), ("unhold", told)]


async def test_a_callers_hold_and_an_unknown_member_are_nobodys():
    def tell(watch: Watch) -> None:
        watch.feed(hold("PJSIP/trunk-00000001"))
        watch.feed(hold("Local/201@agents-00000001;1"))
        watch.feed(member("999", "5"))

    assert await acts_of(tell) == []


async def test_the_picture_behind_the_watch_sees_everything():
    picture = Picture()

    def tell(watch: Watch) -> None:
        watch.feed(hold("PJSIP/201-1"))
        watch.feed({"Event": "QueueCallerJoin"})
        watch.resync([])

    await acts_of(tell, picture)
    assert (picture.fed, picture.resyncs) == (["Hold", "QueueCallerJoin"], 1)


async def test_an_act_that_fails_does_not_hold_up_the_next():
    def tell(watch: Watch) -> None:
        watch.resync([])
        watch.feed(hold("PJSIP/201-1"))

    assert [act for act, _ in await acts_of(tell, fails="look-all")] == ["hold"]
