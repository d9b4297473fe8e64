"""The controller's ear: AGI sessions in, one handler each.

A stranger on the port must not make a prompt late, so everything here has a limit: the header's time and size, the
sessions at once, the connections that have said nothing yet (the oldest of them gives way to a new one).
"""

from __future__ import annotations

import asyncio
import socket
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

import structlog

from ivr.asterisk.agi_session import OPENING_LIMIT, AgiError, AgiSession
from ivr.errors import DeskError

Handler: TypeAlias = Callable[[AgiSession], Awaitable[None]]

BACKLOG: Final = 1024
_ACCEPTS: Final = 32
"""Connections taken in one turn of the loop: a flood waits in the kernel, not between two prompts."""

_STOPS: Final = "the controller stops"

_log = structlog.get_logger("ivr.agi")


@dataclass(frozen=True, slots=True)
class Limits:
    """What one server bears."""

    opening: float = OPENING_LIMIT
    """Seconds from the connection to the end of the header."""
    sessions: int = 1000
    """Sessions at once; the next one is closed, and the dialplan serves its call."""
    silent: int = 500
    """Connections without a complete header at once."""


class AgiServer:
    """Serves AGI on one address; each path of `agi://host:port/path` has its handler.

    A handler gets the session after its header, and the session is closed when it returns. What it raises is logged
    with the call's uniqueid and ends that session alone.
    """

    def __init__(
        self, handlers: Mapping[str, Handler], host: str = "127.0.0.1", port: int = 4573, limits: Limits | None = None
    ) -> None:
        self._handlers = dict(handlers)
        self._host = host
        self._port = port
        self._limits = limits or Limits()
        self._silent: dict[AgiSession, None] = {}
        self._connections: set[AgiSession] = set()
        self._running: dict[AgiSession, asyncio.Task[None]] = {}
        self._server: asyncio.Server | None = None
        self._noted_at = 0.0
        self.refused: Counter[str] = Counter()
        """How many connections were refused, by reason."""

    @property
    def port(self) -> int:
        """The port that is served, also when 0 was asked for."""
        return self._port

    @property
    def sessions(self) -> int:
        """How many sessions run now."""
        return len(self._running)

    async def start(self) -> None:
        """Listen. Raises DeskError when the address cannot be had."""
        listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            listener.bind((self._host, self._port))
        except OSError as error:
            listener.close()
            raise DeskError(
                f"The controller cannot listen on {self._host}:{self._port}: {error.strerror}.",
                "Stop the program that holds the port, or choose other ports with --shift.",
            ) from None
        self._listener = listener
        self._port = listener.getsockname()[1]
        loop = asyncio.get_running_loop()
        self._server = await loop.create_server(self._session, sock=listener, backlog=_ACCEPTS)
        listener.listen(BACKLOG)

    async def drain(self, limit: float) -> None:
        """Take no new session, give the running ones `limit` seconds, then end the rest."""
        await self._stop_listening()
        for session in list(self._silent):
            session.close(_STOPS)
        tasks = set(self._running.values())
        if tasks:
            _, late = await asyncio.wait(tasks, timeout=limit)
            for task in late:
                task.cancel()
            if late:
                _log.warning("agi.drain_cut", sessions=len(late))
                await asyncio.wait(late, timeout=1)
        # What was only just accepted becomes a connection some turns of the loop later, and closes some turns after
        # that; the loop may end right after us.
        for turn in range(200):
            await asyncio.sleep(0.002 if turn > 10 else 0)
            if turn > 10 and not self._connections:
                break

    async def _stop_listening(self) -> None:
        server, self._server = self._server, None
        if server is None:
            return
        # asyncio loses, open, what it has accepted but not yet made a connection of when its server closes: first no
        # more is accepted, then the loop turns a little.
        asyncio.get_running_loop().remove_reader(self._listener)
        for _ in range(4):
            await asyncio.sleep(0)
        server.close()

    def _session(self) -> AgiSession:
        return _Guest(self._arrived, self._opened, self._ended, self._limits.opening)

    def _arrived(self, session: AgiSession) -> None:
        self._connections.add(session)
        if self._server is None:
            session.close(_STOPS)
            return
        while len(self._silent) >= self._limits.silent:
            oldest = next(iter(self._silent))
            del self._silent[oldest]
            oldest.close("refused: too many silent connections")
        self._silent[session] = None

    def _opened(self, session: AgiSession) -> None:
        self._silent.pop(session, None)
        handler = self._handlers.get(session.request.path)
        if handler is None:
            session.close("refused: no such path")
        elif len(self._running) >= self._limits.sessions:
            session.close("refused: too many sessions")
        else:
            self._running[session] = asyncio.ensure_future(self._run(handler, session))

    async def _run(self, handler: Handler, session: AgiSession) -> None:
        reason = "the handler has ended"
        try:
            await handler(session)
        except AgiError as error:
            reason = str(error)
            _log.info("agi.session_left", call_id=session.call_id, reason=reason)
        except asyncio.CancelledError:
            reason = _STOPS
            raise
        except Exception:  # noqa: BLE001 - one handler fails, one session ends
            reason = "the handler failed"
            _log.exception("agi.session_failed", call_id=session.call_id)
        finally:
            self._running.pop(session, None)
            session.close(reason)

    def _ended(self, session: AgiSession, reason: str) -> None:
        self._connections.discard(session)
        if self._silent.pop(session, False) is None or reason.startswith("refused: "):
            self._note(reason)

    def _note(self, reason: str) -> None:
        """Count it; log at most one line a second, or a flood would be slow by its log alone."""
        self.refused[reason] += 1
        now = asyncio.get_running_loop().time()
        if now - self._noted_at >= 1:
            self._noted_at = now
            _log.warning("agi.connections_refused", reason=reason, counts=dict(self.refused))


class _Guest(AgiSession):
    """A session that tells the server as soon as it has its connection."""

    def __init__(
        self,
        arrived: Callable[[AgiSession], None],
        opened: Callable[[AgiSession], None],
        ended: Callable[[AgiSession, str], None],
        opening_limit: float,
    ) -> None:
        super().__init__(opened, ended, opening_limit)
        self._arrived = arrived

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        self._arrived(self)
