"""Golden calls, placed for real: a caller who listens and presses, agents who answer, and what each of them heard."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ivr.app.places import bundled
from ivr.errors import DeskError
from ivr.phone.call import Call, CallOverError
from ivr.phone.hearing import Heard, Listener, recognise
from ivr.phone.incoming import IncomingCall
from ivr.phone.outgoing import OutgoingCall
from ivr.phone.phone import Phone
from ivr.phone.tones import loudness, tone, tone_level
from ivr.phone.wav import read_sound
from ivr.store.queries import Calls, CallStory
from tests.asterisk.golden import CUT, Golden, Press
from tests.running import AGENT_HZ, CALLER_HZ, RunningDesk

TALK = 4.0
"""Seconds that caller and agent talk."""
WINDOW = 0.05
_LIMIT = 60.0
"""Seconds within which a golden call has come to its talk."""
_LEDGER_LIMIT = 10.0
_UNREAD = 1.0
_APART = 0.6
"""Seconds between the first words of two calls: thirteen INVITEs at the same instant are another test's subject."""
_SECOND = 1_000_000


@dataclass
class Walk:
    """A golden call as it went. Moments are UTC seconds."""

    golden: Golden
    call: OutgoingCall
    taken: list[tuple[str, IncomingCall]] = field(default_factory=list)
    """Each agent whose telephone rang for this caller, and his side of the call."""
    ended_at: float = 0.0
    ledgered_after: float = 0.0
    """Seconds from the hang-up until the ledger had the closed call."""
    story: CallStory | None = None

    @property
    def row(self) -> dict[str, Any]:
        assert self.story is not None
        return self.story.call

    @property
    def answered_by(self) -> str:
        return next(agent for agent, call in self.taken if call.answered_at is not None)

    @property
    def agents_call(self) -> IncomingCall:
        return next(call for _, call in self.taken if call.answered_at is not None)


class Staff:
    """The agents' telephones. An agent does what the golden call of the caller in his display says."""

    def __init__(self, desk: RunningDesk) -> None:
        self._desk = desk
        self._walks: dict[str, Walk] = {}

    def expect(self, walk: Walk) -> None:
        """Answer this caller from now on."""
        self._walks[walk.golden.caller] = walk

    async def register(self, stack: AsyncExitStack, agents: Iterable[str]) -> None:
        """Register the agents' telephones until the stack closes, and wait until the queues know."""
        wanted = tuple(agents)
        for agent in wanted:
            phone = Phone(server=self._desk.server, user=agent, password=self._desk.password(agent))
            await stack.enter_async_context(phone)
            phone.on_call = self._taker(agent)
            await phone.register()
        for agent in wanted:
            await self._desk._seen(agent)

    def _taker(self, agent: str) -> Any:
        async def take(call: IncomingCall) -> None:
            walk = self._walks[call.caller.user]
            walk.taken.append((agent, call))
            call.ring()
            if await call.over(walk.golden.ring):
                return
            call.answer()
            call.say(tone(AGENT_HZ, 60))  # from the first moment: what he says during the whisper is nobody's to hear
            if walk.golden.decides_after and not await call.over(walk.golden.decides_after):
                await call.press("1")

        return take


class Walker:
    """Places golden calls into a running desk."""

    def __init__(self, desk: RunningDesk) -> None:
        self.desk = desk
        self.staff = Staff(desk)
        self._calls = Calls(desk.settings.database_url)
        self._sounds: dict[tuple[str, str], Mapping[str, Any]] = {}

    def sounds(self, golden: Golden) -> Mapping[str, Any]:
        """Return everything that anybody can hear at the desk: its prompts, and the music."""
        key = (golden.desk, golden.language)
        if key not in self._sounds:
            music = read_sound(bundled("dialplans") / "music/evening.wav")
            self._sounds[key] = self.desk.prompts(*key) | {"music": music}
        return self._sounds[key]

    def close(self) -> None:
        """Let go of the ledger."""
        self._calls.close()

    async def place(self, *rounds: Sequence[Golden]) -> dict[str, Walk | Exception]:
        """Place the calls of each round together, each at its start, and the next round when they are settled.

        Returns each call as it went, or what went wrong with it.
        """
        placed: dict[str, Walk | Exception] = {}
        async with AsyncExitStack() as stack:
            desks = {golden.desk: self.desk.desk(golden.desk) for goldens in rounds for golden in goldens}
            await self.staff.register(stack, (agent for desk in desks.values() for agent in desk.agents))
            for goldens in rounds:
                walks = await asyncio.gather(
                    *(self._tried(golden, at) for at, golden in zip(starts(goldens), goldens, strict=True))
                )
                placed |= {golden.name: walk for golden, walk in zip(goldens, walks, strict=True)}
        return placed

    async def _tried(self, golden: Golden, start: float) -> Walk | Exception:
        await asyncio.sleep(start)
        try:
            return await self._walk(golden)
        except (AssertionError, CallOverError, DeskError) as trouble:
            return trouble

    async def _walk(self, golden: Golden) -> Walk:
        before = len(self._rows(golden.caller))
        async with self.desk.caller(golden.number, golden.caller) as call:
            walk = Walk(golden, call)
            self.staff.expect(walk)
            await call.answered()
            call.say(tone(CALLER_HZ, 90))
            pressing = asyncio.create_task(self._press(call, golden))
            await self._until_talk(walk)
            await pressing
            await asyncio.sleep(TALK)
            await (call if golden.by == "caller" else walk.agents_call).hang_up()
            assert await call.over(2.0), "the caller's telephone was not told of the end"
        walk.ended_at = call.began + next(event.at for event in call.events if event.name == "ended")
        await self._settle(walk, before)
        return walk

    async def _until_talk(self, walk: Walk) -> None:
        end = time.monotonic() + _LIMIT
        while not hears(walk.call, AGENT_HZ):
            assert time.monotonic() < end, f"{walk.golden.name}: nobody answered; heard {names(self.heard(walk))}"
            assert walk.call.ended is None, f"{walk.golden.name}: it ended as {walk.call.ended}"
            await asyncio.sleep(0.1)

    async def _press(self, call: OutgoingCall, golden: Golden) -> None:
        """Press each key at its moment, as somebody does who listens."""
        ears = _Ears(call, self.sounds(golden))
        for press in golden.presses:
            await ears.wait(press)
            await call.press(press.key)

    async def _settle(self, walk: Walk, before: int) -> None:
        """Wait for the closed call in the ledger, then for the verdict on its recording."""
        rows: list[dict[str, Any]] = []
        while len(rows) <= before or rows[0]["ended_at"] is None:
            assert time.time() < walk.ended_at + _LEDGER_LIMIT, f"{walk.golden.name}: no closed call in the ledger"
            await asyncio.sleep(0.05)
            rows = await asyncio.to_thread(self._rows, walk.golden.caller)
        walk.ledgered_after = time.time() - walk.ended_at
        assert len(rows) == before + 1, f"{walk.golden.name}: one call has {len(rows) - before} rows"
        while walk.story is None or any(one["state"] == "expected" for one in walk.story.recordings):
            assert time.time() < walk.ended_at + 2 * _LEDGER_LIMIT, f"{walk.golden.name}: no verdict on the recording"
            await asyncio.sleep(0.2)
            walk.story = await asyncio.to_thread(self._calls.story, rows[0]["id"])

    def _rows(self, caller: str) -> list[dict[str, Any]]:
        return [row for row in self._calls.latest(limit=500) if row["caller"] == caller]

    def heard(self, walk: Walk) -> list[Heard]:
        """Return what the caller heard from the answer to the end; times are those of his call."""
        return self.recognise(walk.call.heard(), walk.golden, start=walk.call.answered_at or 0.0)

    def whispered(self, walk: Walk) -> list[Heard]:
        """Return what the agent heard of prompts from his answer to the end; times are those of his call."""
        return self.recognise(walk.agents_call.heard(), walk.golden, start=walk.agents_call.answered_at or 0.0)

    def recognise(self, samples: Any, golden: Golden, *, start: float = 0.0) -> list[Heard]:
        """Return what was spoken or played of all that the desk has."""
        return recognise(samples, self.sounds(golden), start=start)


class _Ears:
    """Follows what a call hears, and tells when a prompt was spoken to its end."""

    def __init__(self, call: Call, sounds: Mapping[str, Any]) -> None:
        self._call = call
        self._fed = call.answered_at or 0.0
        self._listener = Listener(sounds, start=self._fed)
        self._whole: dict[str, float] = {"": self._fed}

    async def wait(self, press: Press) -> None:
        """Wait until the moment of a key."""
        end = time.monotonic() + _LIMIT
        while press.after not in self._whole:
            assert time.monotonic() < end, f"{press.after} was not heard to its end; only {sorted(self._whole)}"
            assert self._call.ended is None, f"the call ended before {press.after} was heard"
            self._feed()
            await asyncio.sleep(0.05)
        await asyncio.sleep(max(0.0, self._whole[press.after] + press.pause - self._call.now))

    def _feed(self) -> None:
        # On a loaded machine packets may lie unread for a while: what is not there yet is no silence.
        until = max(self._call.media.timeline.end / 8000, self._call.now - _UNREAD)
        if until > self._fed:
            block = self._call.media.timeline.read(self._fed, until)
            self._fed += block.size / 8000
            for heard in self._listener.feed(block):
                if not heard.cut:
                    self._whole[heard.prompt] = heard.ended


def starts(goldens: Sequence[Golden]) -> list[float]:
    """Return when each call begins, in seconds."""
    return [golden.start or _APART * place for place, golden in enumerate(goldens)]


def names(heard: Iterable[Heard]) -> tuple[str, ...]:
    """Return prompts as golden calls write them."""
    return tuple(one.prompt + (CUT if one.cut else "") for one in heard)


def tone_windows(samples: Any, hz: float) -> list[int]:
    """Return the windows (of `WINDOW` seconds) in which a telephone of ours speaks its tone."""
    size = int(WINDOW * 8000)
    windows = np.asarray(samples)[: len(samples) // size * size].reshape(-1, size)
    return [place for place, one in enumerate(windows) if loudness(one) > 0.1 and tone_level(one, hz) > 0.8]


def tone_began(call: Call, hz: float) -> float:
    """Return when the tone was heard first, UTC seconds; it must have gone on to the end of the call."""
    start = call.answered_at or 0.0
    windows = tone_windows(call.heard(), hz)
    assert windows, f"no {hz} Hz was heard"
    assert len(windows) > 0.95 * (windows[-1] - windows[0]), f"the {hz} Hz came and went"
    return call.began + start + windows[0] * WINDOW


def hears(call: Call, hz: float) -> bool:
    """Say whether the last that came is the tone."""
    last = call.media.timeline.end / 8000
    return len(tone_windows(call.media.timeline.read(max(0.0, last - 0.3), last), hz)) >= 4


def seconds(moment: int) -> float:
    """Return a ledger's moment, UTC seconds."""
    return moment / _SECOND
