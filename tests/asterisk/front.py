"""The running front desk for tests of a call's ways: scenes played side by side, and what the ledger told of each."""

from __future__ import annotations

import asyncio
import subprocess
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager, contextmanager, nullcontext
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import func, select

from ivr.app.heartbeat import last_beat
from ivr.asterisk.private import find_asterisk
from ivr.ledger.call import Call as KeptCall
from ivr.ledger.fold import fold
from ivr.ledger.parse import parse
from ivr.ledger.record import Record
from ivr.ledger.unfolding import is_nobodys
from ivr.phone.call import Call
from ivr.phone.outgoing import OutgoingCall
from ivr.phone.phone import Phone
from ivr.store.engine import open_database
from ivr.store.queries import Calls, CallStory
from ivr.store.tables import call as call_table
from ivr.store.tables import call_linkedid
from ivr.store.tables import leg as leg_table
from ivr.store.tables_missed import missed
from ivr.telephony.facts import DEAF, Fact
from tests.running import Agent, RunningDesk, eventually

Scene = Callable[["Front"], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Told:
    """What the ledger tells of one call."""

    story: CallStory

    @property
    def call(self) -> dict[str, Any]:
        return self.story.call

    @property
    def legs(self) -> list[str]:
        """Each leg in order, as `offer one 501: answered`."""
        return [
            f"{' '.join(word for word in (leg['kind'], leg['line'], leg['agent']) if word)}: {leg['reason']}"
            for leg in self.story.legs
        ]

    @property
    def outcome(self) -> str:
        return self.call["outcome"]

    @property
    def source(self) -> tuple[str, str]:
        return self.call["source"], self.call["source_how"]

    def facts(self, name: str) -> list[dict[str, str]]:
        """Return the particulars of each fact of this name."""
        return [fact["details"] for fact in self.story.facts if fact["name"] == name]

    def names(self) -> list[str]:
        """Return the names of all facts, in the journal's order."""
        return [fact["name"] for fact in self.story.facts]


@dataclass
class Front:
    """The system under test, the agents who are at their desks, and how many calls were placed."""

    running: RunningDesk
    agents: dict[str, Agent] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._ledger = Calls(self.running.settings.database_url)
        self._database = open_database(self.running.settings.database_url)
        self._records: list[Record] = []
        self._calls: dict[str, list[Record]] = {}
        self._latest: dict[str, str] = {}
        self._read = 0

    def close(self) -> None:
        self._ledger.close()
        self._database.dispose()

    def story(self, call: str) -> CallStory:
        """Return one call with all that belongs to it."""
        return self._ledger.story(call)

    def rows(self, caller: str = "") -> list[dict[str, Any]]:
        """Return the call rows of a caller's number, or all, the newest first."""
        query = select(call_table).order_by(call_table.c.began_at.desc())
        if caller:
            query = query.where(call_table.c.caller == caller)
        with self._database.connect() as connection:
            return [dict(row._mapping) for row in connection.execute(query)]

    def debts(self) -> dict[str, int]:
        """Return how often each number was called in vain that is still owed a talk."""
        query = select(missed.c.number, missed.c.tries).where(missed.c.returned_at.is_(None))
        with self._database.connect() as connection:
            return {row.number: row.tries for row in connection.execute(query)}

    async def told(self, caller: str, *, within: float = 12.0) -> Told:
        """Return the closed call of a number that called once."""
        await eventually(lambda: any(row["ended_at"] is not None for row in self.rows(caller)), within)
        rows = self.rows(caller)
        assert len(rows) == 1, f"{caller} called once and has {len(rows)} calls"
        told = Told(self._ledger.story(rows[0]["id"]))
        assert all(leg["ended_at"] is not None and leg["reason"] for leg in told.story.legs), told.legs
        return told

    def records(self) -> list[Record]:
        """Return the whole journal; only what is new in it is read."""
        with self.running.settings.journal.open("rb") as file:
            file.seek(self._read)
            fresh, _, used = parse(file.read(), self._read)
        self._read += used
        self._records += fresh
        for record in fresh:
            self._calls.setdefault(record.linkedid, []).append(record)
            if record.event == "CHAN_START" and record.uniqueid == record.linkedid:
                self._latest[record.number] = record.linkedid
        return self._records

    def now(self, caller: str) -> KeptCall | None:
        """Return a caller's latest call as the journal tells it at this moment."""
        self.records()
        return fold(self._calls[self._latest[caller]]) if caller in self._latest else None

    async def noted(self, caller: str, name: str, *, times: int = 1, within: float = 15.0) -> Fact:
        """Wait until the journal has the fact of the caller's call (for the `times`-th time) and return it."""

        def found() -> list[Fact]:
            call = self.now(caller)
            facts = [told.fact for told in call.facts if told.name == name] if call else []
            return facts if len(facts) >= times else []

        return (await eventually(found, within))[times - 1]

    @asynccontextmanager
    async def caller(self, number: str, caller: str, *, name: str = "") -> AsyncIterator[OutgoingCall]:
        """Place a call and wait for the first sound of the desk; it is hung up at the end of the block."""
        async with self.running.caller(number, caller, name=name) as call:
            await call.answered()
            await eventually(lambda: any(event.name == "audio" for event in call.events))
            yield call

    @asynccontextmanager
    async def waiting(
        self, number: str, caller: str, keys: str = "", *, listens: float = DEAF + 0.1
    ) -> AsyncIterator[OutgoingCall]:
        """Place a call, press keys, and wait until the caller has listened for so many seconds in a line."""
        async with self.caller(number, caller) as call:
            if keys:
                await call.press(keys)
            await self.noted(caller, "line")
            await asyncio.sleep(listens)
            yield call

    async def offered(self, agent: str, *, times: int = 1, within: float = 15.0) -> Any:
        """Wait until an agent's telephone rings for the `times`-th time, and return that call."""
        calls = self.agents[agent].calls
        await eventually(lambda: len(calls) >= times, within)
        return calls[times - 1]

    async def talking(self, agent: str, *, within: float = 20.0) -> None:
        """Wait until the agent and a caller are connected."""

        def connected() -> bool:
            mine = [r for r in self.records() if r.channel.startswith(f"PJSIP/{agent}-")]
            ways = [Counter(r.channel for r in mine if r.event == event) for event in ("BRIDGE_ENTER", "BRIDGE_EXIT")]
            return bool(ways[0] - ways[1])

        await eventually(connected, within)

    async def typed(self, call: Call, whose: str, keys: str) -> None:
        """Press keys, each once the journal has the one before. `whose`: the caller's number, or the agent's."""
        for key in keys:
            wanted = self._keys(whose) + 1
            await call.press(key)
            await eventually(lambda wanted=wanted: self._keys(whose) >= wanted)

    def _keys(self, whose: str) -> int:
        keys = [one for one in self.records() if one.event == "DTMF"]
        return sum(one.uniqueid == self._latest.get(whose) or one.channel.startswith(f"PJSIP/{whose}-") for one in keys)

    def console(self, command: str) -> str:
        """Run a command in Asterisk's console."""
        argv = find_asterisk().cli_argv(self.running.settings.asterisk_etc.absolute(), command)
        return subprocess.run(argv, capture_output=True, text=True, timeout=30, check=True).stdout

    @asynccontextmanager
    async def staff(self, staff: Mapping[str, Mapping[str, Any]]) -> AsyncIterator[None]:
        """Register the agents' telephones for the block; each with its way to take calls."""
        async with AsyncExitStack() as stack:
            for number, behaviour in staff.items():
                phone = Phone(server=self.running.server, user=number, password=self.running.password(number))
                await stack.enter_async_context(phone)
                self.agents[number] = agent = Agent(number, phone, **behaviour)
                phone.on_call = agent.take
            await asyncio.gather(*(self.agents[number].phone.register() for number in staff))
            await eventually(lambda: self._all_idle(staff))
            yield

    def _all_idle(self, staff: Sequence[str] | Mapping[str, Any]) -> bool:
        hints = [line.split() for line in self.console("core show hints").splitlines()]
        idle = {words[0].partition("@")[0] for words in hints if "State:Idle" in words}
        return set(staff) <= idle

    async def silent(self) -> None:
        """Wait until no channel is left; one that stays is a failure."""
        said = ""
        end = time.monotonic() + 15
        while "0 active channels" not in (said := await asyncio.to_thread(self.console, "core show channels count")):
            assert time.monotonic() < end, said + self.console("core show channels verbose")
            await asyncio.sleep(0.3)

    async def settled(self) -> None:
        """Wait until no channel is left, and the ledger has each of the journal's calls once, with nothing open."""
        await self.silent()

        def whole() -> bool:
            began, ended, calls, rows, unclosed = self._counts()
            return (began, calls, unclosed) == (ended, rows, 0)

        end = time.monotonic() + 15
        while not whole():
            assert time.monotonic() < end, f"begun, ended, calls, rows, open: {self._counts()}"
            await asyncio.sleep(0.3)

    async def controlled(self) -> None:
        """Wait until a controller takes calls, and hears of the keys that are pressed."""

        def ready() -> bool:
            told = last_beat(self.running.home, "controller")
            return bool(told and time.time() - told["at"] < 2 and told["ami"]["connected"])

        await eventually(ready, 30)

    def _counts(self) -> tuple[int, int, int, int, int]:
        """Return channels begun and ended, linkedids in the journal and in the ledger, and calls or legs still open."""
        theirs = {one.linkedid for one in self.records() if one.event == "CHAN_START" and is_nobodys(one)}
        records = [record for record in self.records() if record.linkedid not in theirs]
        began, ended = (sum(record.event == name for record in records) for name in ("CHAN_START", "CHAN_END"))
        rows = self.rows()
        with self._database.connect() as connection:
            legs = connection.execute(select(func.count()).where(leg_table.c.ended_at.is_(None))).scalar_one()
            joined = len(set(connection.execute(select(call_linkedid.c.linkedid)).scalars()) - theirs)
        unclosed = sum(row["ended_at"] is None for row in rows) + legs
        return began, ended, len({record.linkedid for record in records}), len(rows) + joined, unclosed


@contextmanager
def serving(running: RunningDesk) -> Iterator[Front]:
    """Run a desk for the block, with nobody at the telephones; it must stop in order."""
    front = Front(running.start())
    try:
        yield front
    finally:
        front.close()
        assert running.stop() == 0


class Scenes:
    """Scenes of one module: they are played at the same time, since most of each is waiting.

    scenes = Scenes({"501": {}})

    @scenes
    async def somebody_calls(front): ...

    @pytest.fixture(scope="module")
    def played(front):
        return scenes.play(front)

    def test_somebody_is_served(played):
        told = played(somebody_calls)
    """

    def __init__(self, staff: Mapping[str, Mapping[str, Any]]) -> None:
        self._staff = staff
        self._scenes: list[Scene] = []

    def __call__(self, scene: Scene) -> Scene:
        self._scenes.append(scene)
        return scene

    def play(self, front: Front, beside: AbstractAsyncContextManager[Any] | None = None) -> Callable[[Scene], Any]:
        """Play all; the answer gives what a scene returned, or raises what it raised. `beside`: is there meanwhile."""
        results = asyncio.run(self._play(front, beside or nullcontext()))
        traces = {scene: getattr(result, "__traceback__", None) for scene, result in results.items()}

        def played(scene: Scene) -> Any:
            result = results[scene]
            if isinstance(result, BaseException):
                raise result.with_traceback(traces[scene])  # each time anew: it grows with every raise
            return result

        return played

    async def _play(self, front: Front, beside: AbstractAsyncContextManager[Any]) -> dict[Scene, Any]:
        async with beside, front.staff(self._staff):
            results = await asyncio.gather(*(scene(front) for scene in self._scenes), return_exceptions=True)
            await front.settled()
        return dict(zip(self._scenes, results, strict=True))
