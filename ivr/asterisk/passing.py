"""Callers who are passed to another line by an attended transfer: no dialplan runs on their channels then.

So a line that is not to be recorded cannot switch the recording off, and the manager does it: every recorded caller is
looked at when somebody was passed on, and after the manager's link was away. What he hears at the far end, through
Local channels, knows its line by the variable IVR_RECORD. The recording goes on in silence: times in it stay true.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Iterator, Mapping
from typing import Final, NamedTuple, Protocol

import structlog

from ivr.asterisk.ami import Row
from ivr.errors import DeskError

LOOKS: Final = (0.0, 0.2, 1.0)
"""Seconds between looks after somebody was passed on: the event may come before his channels have met."""
MUTED: Final = "IVR_MUTED"
"""On a recorded caller's channel: 1 while his recording is silent. The dialplan begins such a one anew."""

AGAIN: Final = 0.5
"""Seconds until the next try when Asterisk could not be asked."""

_log = structlog.get_logger("ivr.passing")
Tell = Callable[[str, Mapping[str, str]], Awaitable[None]]
"""Have a fact written: its act in the context `acts`, and its values."""


class Manager(Protocol):
    """`ivr.asterisk.ami.Ami`, as far as this needs it."""

    async def action(self, name: str, limit: float = ..., **fields: str) -> list[Row]:
        """Do one action; raises `DeskError` when it was not done."""


class Met(NamedTuple):
    """Whom a channel hears: another telephone, or who waits for one in a line."""

    row: Row
    other: str


class Passing:
    """Makes recordings silent, and lets them hear again. `moved` asks for a look; `run` looks."""

    def __init__(self, manager: Manager, tell: Tell) -> None:
        self._manager = manager
        self._tell = tell
        self._wanted = asyncio.Event()
        self._away = False

    def moved(self) -> None:
        """Somebody was passed on, or nobody knows what happened meanwhile."""
        self._wanted.set()

    async def run(self) -> None:
        """Look whenever it is wanted, until cancelled."""
        while True:
            await self._wanted.wait()
            self._wanted.clear()
            try:
                for pause in LOOKS:
                    await asyncio.sleep(pause)
                    await self.look()
                self._away = False
            except DeskError as error:
                if not self._away:
                    _log.warning("passing.not_looked", reason=error.sentence, next="it looks when the link is back")
                self._away = True
                self._wanted.set()
                await asyncio.sleep(AGAIN)

    async def look(self) -> None:
        """Hold every recording against the line that its caller is in. Raises `DeskError` when nobody can be asked."""
        for met in whom_they_hear(await self._manager.action("CoreShowChannels")):
            caller = met.row["Channel"]
            if not await self._variable(caller, "IVR_RECORDING") or not (
                record := await self._variable(met.other, "IVR_RECORD")
            ):
                continue
            if await self._variable(met.other, "IVR_CALLER") == met.other:
                continue  # a caller beside him, in the same car park
            silent = record == "0"
            if silent != (await self._variable(caller, MUTED) == "1"):
                await self._set(met.row, silent=silent)

    async def _set(self, row: Row, *, silent: bool) -> None:
        channel = row["Channel"]
        try:
            await self._mute(channel, silent=silent)
            told = {"IVR_CHANNEL": row["Uniqueid"], "IVR_ABOUT": row["Linkedid"]}
            await self._tell("record-off" if silent else "record-on", told)
        except DeskError as error:
            _log.error("recording.not_changed", call_id=row["Linkedid"], silent=silent, reason=str(error))
        else:
            _log.info("recording.silent" if silent else "recording.heard", call_id=row["Linkedid"])

    async def _mute(self, channel: str, *, silent: bool) -> None:
        state = "1" if silent else "0"
        await self._manager.action("Setvar", Channel=channel, Variable=MUTED, Value=state)
        try:
            await self._manager.action("MixMonitorMute", Channel=channel, Direction="both", State=state)
        except DeskError:
            await self._manager.action("Setvar", Channel=channel, Variable=MUTED, Value="0" if silent else "1")
            raise

    async def _variable(self, channel: str, name: str) -> str:
        """Return a channel's variable; empty, too, when the channel has gone."""
        try:
            answer = await self._manager.action("Getvar", Channel=channel, Variable=name)
        except DeskError:
            return ""
        return answer[0].get("Value", "")


def whom_they_hear(rows: Iterable[Row]) -> Iterator[Met]:
    """Yield each telephone's channel in a bridge with each one that it hears, from the rows of CoreShowChannels."""
    there = {row["Channel"]: row for row in rows if row.get("Channel")}
    bridges: dict[str, list[str]] = {}
    for name, row in there.items():
        if row.get("BridgeId"):
            bridges.setdefault(row["BridgeId"], []).append(name)
    for name, row in there.items():
        if not name.startswith("Local/") and row.get("BridgeId"):
            yield from (Met(row, other) for other in _far(name, there, bridges, {name}))


def _far(name: str, there: Mapping[str, Row], bridges: Mapping[str, list[str]], passed: set[str]) -> Iterator[str]:
    for other in bridges.get(there[name].get("BridgeId", ""), ()):
        if other in passed:
            continue
        passed.add(other)
        half = other[:-1] + ("2" if other.endswith("1") else "1") if other.startswith("Local/") else ""
        if half not in there:
            yield other
        elif not there[half].get("BridgeId"):
            if there[half].get("Application") == "Queue":  # anywhere else it is on its way
                yield half
        else:
            passed.add(half)
            yield from _far(half, there, bridges, passed)
