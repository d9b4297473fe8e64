"""News of agents that CEL does not tell: their telephones come and go, and they put callers on hold.

It stands before the live picture, sees its events first, and has the dialplan write what it saw into the journal. The
dialplan looks at a telephone itself and writes only what differs, so news that come twice, late or not at all (after a
broken link everybody is looked at) do no harm.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from typing import Final

import structlog

from ivr.asterisk.ami import Picture, Row
from ivr.errors import DeskError

Place = Callable[[str, Mapping[str, str]], Awaitable[None]]
"""Have an act done: its name in the context `acts`, and its values."""
_ABSENT: Final = frozenset({"4", "5"})
"""Asterisk's device states of a telephone that is not there: invalid, unavailable."""
_PATIENCE: Final = 60
"""Seconds for which an act is kept for a link that is down; what is missing then is found by looking at everybody."""

_log = structlog.get_logger("ivr.watch")


class Watch:
    """`ivr.asterisk.ami.Picture` before another one. `run` does the acts, in order.

    `moved` is called when a caller may have come to another line without a dialplan, and when nobody knows.
    """

    def __init__(
        self, picture: Picture, place: Place, agents: Collection[str], moved: Callable[[], None] = lambda: None
    ) -> None:
        self._picture = picture
        self._moved = moved
        self._place = place
        self._agents = agents
        self._absent: dict[str, bool] = {}
        self._acts: asyncio.Queue[tuple[str, dict[str, str]]] = asyncio.Queue(10_000)

    def feed(self, event: Row) -> None:
        """Take one event, for the picture too."""
        match event.get("Event", ""):
            case "QueueMemberStatus":
                self._member(event)
            case "Hold" | "Unhold" as name:
                self._hold(name.lower(), event)
            case "AttendedTransfer":
                self._moved()
            case "QueueCallerJoin" if event.get("Channel", "").startswith("Local/"):
                self._moved()  # who stands in a line for a caller goes on to the next one
        self._picture.feed(event)

    def resync(self, queues: list[Row]) -> None:
        """Take the whole state. What happened while nobody looked is looked for."""
        self._absent = {
            row["Name"]: row.get("Status", "") in _ABSENT
            for row in queues
            if row.get("Event") == "QueueMember" and row.get("Name", "") in self._agents
        }
        self._put("look-all", {})
        self._moved()
        self._picture.resync(queues)

    async def run(self) -> None:
        """Do the acts until cancelled."""
        while True:
            act, values = await self._acts.get()
            try:
                async with asyncio.timeout(_PATIENCE):
                    await self._place(act, values)
            except (DeskError, TimeoutError) as error:
                _log.warning("watch.act", act=act, agent=values.get("IVR_AGENT", ""), reason=str(error))

    def _member(self, event: Row) -> None:
        agent, absent = event.get("MemberName", ""), event.get("Status", "") in _ABSENT
        if agent in self._agents and self._absent.get(agent) != absent:
            self._absent[agent] = absent
            self._put("look", {"IVR_AGENT": agent})

    def _hold(self, act: str, event: Row) -> None:
        agent = event.get("Channel", "").removeprefix("PJSIP/").partition("-")[0]
        if agent not in self._agents or not event["Channel"].startswith("PJSIP/"):
            return  # a caller's own telephone; his agent waits with him, and talks still
        at = event.get("Timestamp", "").replace(".", "")
        told = {"IVR_AGENT": agent, "IVR_CHANNEL": event["Uniqueid"], "IVR_ABOUT": event["Linkedid"], "IVR_AT": at}
        self._put(act, told)

    def _put(self, act: str, values: dict[str, str]) -> None:
        try:
            self._acts.put_nowait((act, values))
        except asyncio.QueueFull:
            _log.warning("watch.full", act=act)
