"""Asterisk's manager interface, kept alive: for live state and actions, never for the record.

After each connection the whole state is read again before its events are served, in order. A silent link is noticed by
pings; a refused login stops for good, since more attempts would only look like an attack.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import deque
from contextlib import suppress
from typing import Any, Final, Literal, Protocol

import structlog

from ivr.asterisk.ami_link import Link, LinkLost
from ivr.asterisk.ami_wire import Message, NoAmi, Value, check_action
from ivr.errors import DeskError

CONNECT_LIMIT: Final = 3.0
ANSWER_LIMIT: Final = 5.0
PING_EVERY: Final = 4.0
PING_LIMIT: Final = 5.0
"""A link that has gone silent is noticed within the two together."""
FIRST_DELAY: Final = 0.1
LAST_DELAY: Final = 1.2
"""Seconds between two attempts to connect; up to half is added by chance, so the longest is 1.8."""
MAX_WAITING: Final = 50_000
"""Events that may wait for us; beyond that the state is read anew, which is cheaper."""
_SLICE: Final = 200
"""Events served before other tasks of the loop get their turn."""
RESYNC_PAUSE: Final = 5.0
"""Seconds between two readings of the state because of suspicious events: they must not become a load by themselves."""

State = Literal["down", "connecting", "up", "refused", "closed"]
Row = dict[str, str]

_log = structlog.get_logger("ivr.ami")


class LoginRefused(DeskError):  # noqa: N818 - the word says what happened
    """Asterisk does not accept our user or its secret."""


class Picture(Protocol):
    """What AMI keeps up to date."""

    def feed(self, event: Row) -> None:
        """Take one event, in the order in which Asterisk sent it."""

    def resync(self, queues: list[Row]) -> None:
        """Take the whole state: the items of QueueStatus."""


class Ami:
    """One AMI user's connection. Values of `action` and of events are text as in Asterisk's documentation."""

    def __init__(
        self, host: str, port: int, user: str, secret: str, picture: Picture, resync_pause: float = RESYNC_PAUSE
    ) -> None:
        self._host = host
        self._port = port
        self._user = user
        self._secret = secret
        self._picture = picture
        self._link: Link | None = None
        self._inbox: deque[Message] = deque()
        self._more = asyncio.Event()
        self._resync_pause = resync_pause
        self._stale = False
        self._synced_at = 0.0
        self._task: asyncio.Task[None] | None = None
        self._first = asyncio.Event()
        self._error: DeskError | None = None
        self._reason = ""
        self._since = 0.0
        self._last_event = 0.0
        self._logged_at = 0.0
        self._connects = 0
        self._set_aside = 0
        self.state: State = "down"
        """`up` = logged in and the state is read."""

    async def start(self) -> None:
        """Begin to connect, and return after the first login or attempt, whether Asterisk was there or not.

        Raises DeskError when Asterisk refuses the user.
        """
        if self._task is None:
            self.state = "connecting"
            self._task = asyncio.create_task(self._keep())
        await self._first.wait()
        if self._error is not None:
            raise self._error

    async def action(self, name: str, limit: float = ANSWER_LIMIT, **fields: Value) -> list[Row]:
        """Do one action and return its response, then the items of its list. It is sent once or not at all.

        Raises DeskError when there is no connection, when Asterisk refuses it, when a value holds a line break, and
        when there is no answer within `limit` seconds: then nobody knows whether it was done.
        """
        check_action(name, fields)
        link = self._link
        if link is None or self.state != "up":
            raise self._error or DeskError(
                f"Asterisk's manager interface on {self._host}:{self._port} is not connected.",
                "Look at `ivr status`, and try again when Asterisk runs.",
            )
        try:
            return await self._ask(link, name, dict(fields), limit)
        except (LinkLost, TimeoutError) as error:
            why = "did not answer in time" if isinstance(error, TimeoutError) else "closed the connection"
            raise DeskError(
                f"Asterisk {why}: nobody knows whether {name} was done.", "Look before you do it again."
            ) from None

    def health(self) -> dict[str, Any]:
        """Return what `ivr status` shows; ages and moments in seconds, moments since 1970."""
        now = time.time()
        return {
            "state": self.state,
            "connected": self.state == "up",
            "since": self._since or None,
            "last_event_age": round(now - self._last_event, 3) if self._last_event else None,
            "reconnects": max(self._connects - 1, 0),
            "set_aside": self._set_aside,
            "waiting": len(self._inbox),
            "error": str(self._error or "") or (self._reason if self.state != "up" else ""),
        }

    async def close(self) -> None:
        """Leave for good, also in the middle of connecting."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task
            self._task = None
        self.state = "closed"
        self._first.set()

    async def _keep(self) -> None:
        delay = FIRST_DELAY
        while self._error is None:
            self.state = "connecting"
            before = self._connects
            try:
                await self._live()
            except LoginRefused as error:
                self._error = error
                _log.error("ami.refused", reason=str(error))
            except (OSError, TimeoutError, NoAmi, LinkLost, DeskError) as error:
                self._reason = str(error) or type(error).__name__
                _log.warning("ami.lost", reason=self._reason, was_up=self._connects > before)
            delay = FIRST_DELAY if self._connects > before else min(delay * 2, LAST_DELAY)
            self.state = "refused" if self._error else "down"
            self._first.set()
            if self._error is None:
                await asyncio.sleep(delay * random.uniform(1, 1.5))  # noqa: S311 - spreads attempts, hides nothing

    async def _live(self) -> None:
        """One connection, from its opening to its end."""
        self._inbox.clear()
        self._more.clear()
        self._stale = False
        link = Link(self._host, self._port, self._arrive)
        self._link = link
        try:
            await link.open(CONNECT_LIMIT)
            await self._log_in(link)
            self._first.set()
            await self._resync(link)
            self.state = "up"
            self._since = time.time()
            self._connects += 1
            _log.info("ami.up", reconnects=self._connects - 1)
            await self._until_lost(link)
        finally:
            self._link = None
            link.close()

    async def _until_lost(self, link: Link) -> None:
        parts = [asyncio.create_task(part) for part in (self._serve(link), self._ping(link), link.lost.wait())]
        try:
            done, _ = await asyncio.wait(parts, return_when=asyncio.FIRST_COMPLETED)
            for part in done:
                part.result()
            raise LinkLost("the connection to Asterisk is gone")
        finally:
            for part in parts:
                part.cancel()
            await asyncio.gather(*parts, return_exceptions=True)

    async def _log_in(self, link: Link) -> None:
        fields: dict[str, Value] = {"Username": self._user, "Secret": self._secret, "Events": "on"}
        check_action("Login", fields)
        response = (await link.ask("Login", fields, ANSWER_LIMIT))[0]
        if response.get("Response") != "Success":
            reason = response.get("Message", "no reason given")
            if "uthentication" not in reason:
                raise LinkLost(f"no login now: {reason}")
            raise LoginRefused(
                f"Asterisk refuses the AMI user {self._user!r}: {reason}.",
                "Render Asterisk's files again (`ivr up` does), so that both sides have the same secret.",
            )

    async def _resync(self, link: Link) -> None:
        """Read the whole state. While Asterisk still starts it refuses this, and the next attempt comes soon."""
        queues = await self._ask(link, "QueueStatus", {}, ANSWER_LIMIT)
        self._picture.resync(_items(queues))
        self._synced_at = time.monotonic()

    async def _ask(self, link: Link, name: str, fields: dict[str, Value], limit: float) -> list[Row]:
        answer = await link.ask(name, fields, limit)
        if answer[0].get("Response") not in ("Success", "Goodbye"):
            raise DeskError(
                f"Asterisk refuses {name}: {answer[0].get('Message', 'no reason given')}.",
                "See what the AMI user may do in manager.conf, and that the names in the action exist.",
            )
        return answer

    async def _ping(self, link: Link) -> None:
        while True:
            await asyncio.sleep(PING_EVERY)
            await link.ask("Ping", {}, PING_LIMIT)

    def _arrive(self, message: Message) -> None:
        self._inbox.append(message)
        self._more.set()
        if len(self._inbox) > MAX_WAITING and self._link is not None:
            _log.error("ami.too_many_events", waiting=len(self._inbox))
            self._link.close()

    async def _serve(self, link: Link) -> None:
        while True:
            await self._more.wait()
            for _ in range(min(_SLICE, len(self._inbox))):
                self._take(self._inbox.popleft())
            if not self._inbox:
                self._more.clear()
                if self._stale and time.monotonic() - self._synced_at > self._resync_pause:
                    self._stale = False
                    await self._resync(link)
            await asyncio.sleep(0)

    def _take(self, message: Message) -> None:
        self._last_event = time.time()
        fault = message.fault
        if not fault and not message.event:
            return  # the answer of an action that nobody waits for any more
        if not fault:
            try:
                self._picture.feed(dict(message.headers))
            except Exception as error:  # noqa: BLE001 - one event must not cost the next
                fault = f"{type(error).__name__}: {error}"
        if fault:
            # Somebody may have written this event, or cut a real one: what we know is read again.
            self._set_aside += 1
            self._stale = True
            if self._last_event - self._logged_at >= 1:
                self._logged_at = self._last_event
                _log.warning("ami.set_aside", ami_event=message.event, fault=fault, count=self._set_aside)


def _items(answer: list[Row]) -> list[Row]:
    return [row for row in answer[1:] if row.get("EventList", "").lower() != "complete"]
