"""SIP transactions over UDP (RFC 3261, section 17): sending again until heard, and answering a repeated request once.

Timers are handles of the loop, never tasks: `close()` leaves nothing behind.
"""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeAlias

from ivr.phone.sip import MalformedError, Request, Response, answer, parse
from ivr.phone.udp import HostPort

T1 = 0.5
"""Seconds until the first repetition."""
T2 = 4.0
"""Longest pause between repetitions."""
LINGER = 32.0
"""How long a finished transaction still knows its repetitions."""

Send: TypeAlias = Callable[[bytes, HostPort | None], None]
Heard: TypeAlias = Callable[[Response, float], None]
"""An answer and the monotonic second of its arrival."""
Key: TypeAlias = tuple[str, str]


class Client:
    """A request of ours. `heard` gets every answer that is new to the transaction, and 2xx repetitions of an INVITE.

    `to`: where it goes; None on a telephone that speaks with its server alone.
    """

    def __init__(
        self, owner: Transactions, request: Request, heard: Heard, lost: Callable[[], None], to: HostPort | None
    ) -> None:
        self.request = request
        self._to = to
        self.key: Key = (request.branch, request.method)
        self._owner, self._heard, self._lost = owner, heard, lost
        self._repeat: asyncio.TimerHandle | None = None
        self._deadline: asyncio.TimerHandle | None = None
        self._status = 0

    def start(self) -> None:
        """Send, and send again until something is heard."""
        loop = asyncio.get_running_loop()
        self._deadline = loop.call_later(self._owner.patience, self.fail)
        self._send(T1)

    def arrived(self, response: Response, at: float) -> None:
        """Take an answer."""
        invite = self.request.method == "INVITE"
        final, repeated = response.status >= 200, self._status >= 200
        if invite and response.status >= 300:
            self._owner.send(_acknowledge(self.request, response).encode(), self._to)
        if repeated and not (invite and 200 <= response.status < 300):
            return
        self._status = response.status
        if invite or final:
            self.stop()
        if final and not repeated:
            self._deadline = asyncio.get_running_loop().call_later(LINGER, self._owner.forget, self.key)
        self._heard(response, at)

    def fail(self) -> None:
        """Give up, unless the other side has been heard: nobody is there."""
        if self._status < 200 and not (self.request.method == "INVITE" and self._status):
            self._owner.forget(self.key)
            self._lost()

    def stop(self) -> None:
        """Cancel the timers."""
        for timer in (self._repeat, self._deadline):
            if timer is not None:
                timer.cancel()

    def _send(self, pause: float) -> None:
        following = pause * 2 if self.request.method == "INVITE" else min(pause * 2, T2)
        self._repeat = asyncio.get_running_loop().call_later(pause, self._send, following)
        self._owner.send(self.request.encode(), self._to)


class Server:
    """A request of the other side, with the last answer to it."""

    def __init__(self, owner: Transactions, request: Request, sender: HostPort, at: float) -> None:
        self.request, self.sender, self.at = request, sender, at
        """`at`: monotonic seconds of its arrival."""
        self._owner = owner
        self._answer: Response | None = None
        self._repeat: asyncio.TimerHandle | None = None
        loop = asyncio.get_running_loop()
        self._end = loop.call_later(LINGER, self._owner.forget_server, self) if request.method != "INVITE" else None

    @property
    def answered(self) -> bool:
        """Whether a final answer was given."""
        return self._answer is not None and self._answer.status >= 200

    def respond(self, response: Response) -> None:
        """Send an answer; a final one to an INVITE is repeated until the other side acknowledges it."""
        if self.answered:
            return
        self._answer = response
        if self.request.method == "INVITE" and response.status >= 200:
            self._end = asyncio.get_running_loop().call_later(LINGER, self._owner.forget_server, self)
            self._send(T1)
        else:
            self.repeat()

    def reply(self, status: int, reason: str, *headers: tuple[str, str], tag: str = "", body: bytes = b"") -> None:
        """Answer with this status."""
        self.respond(answer(self.request, status, reason, *headers, tag=tag, body=body))

    def repeat(self) -> None:
        """Send the last answer again."""
        if self._answer is not None:
            self._owner.send(self._answer.encode(), self.sender)

    def acknowledged(self) -> None:
        """Stop repeating: the other side has it."""
        if self._repeat is not None:
            self._repeat.cancel()

    def stop(self) -> None:
        """Cancel the timers."""
        self.acknowledged()
        if self._end is not None:
            self._end.cancel()

    def _send(self, pause: float) -> None:
        self._repeat = asyncio.get_running_loop().call_later(pause, self._send, min(pause * 2, T2))
        self.repeat()


@dataclass(frozen=True, slots=True)
class Ears:
    """Who hears what belongs to no known transaction."""

    request: Callable[[Server], None]
    acknowledgement: Callable[[Request], None]
    cancel: Callable[[Server, Server], None]
    """The CANCEL, and the INVITE that it is about."""


class Transactions:
    """All transactions of one telephone. `patience`: seconds to wait for a first answer."""

    def __init__(self, send: Send, ears: Ears, local: HostPort, patience: float) -> None:
        self.send, self._ears, self._local, self.patience = send, ears, local, patience
        self._clients: dict[Key, Client] = {}
        self._servers: dict[Key, Server] = {}

    def via(self) -> tuple[str, str]:
        """Return a Via header with a new branch."""
        host, port = self._local
        return "Via", f"SIP/2.0/UDP {host}:{port};rport;branch=z9hG4bK{secrets.token_hex(8)}"

    def begin(self, request: Request, heard: Heard, lost: Callable[[], None], to: HostPort | None = None) -> Client:
        """Send a request; a Via is added when it has none."""
        if not request.lines("Via"):
            request = Request((self.via(), *request.headers), request.body, method=request.method, uri=request.uri)
        client = Client(self, request, heard, lost, to)
        self._clients[client.key] = client
        client.start()
        return client

    async def ask(self, request: Request, to: HostPort | None = None) -> Response | None:
        """Send a request and return its final answer; None when nobody answered."""
        done: asyncio.Future[Response | None] = asyncio.get_running_loop().create_future()

        def heard(response: Response, _at: float) -> None:
            if response.status >= 200 and not done.done():
                done.set_result(response)

        def lost() -> None:
            if not done.done():
                done.set_result(None)

        client = self.begin(request, heard, lost, to)
        try:
            return await done
        finally:
            if not done.done() or done.cancelled():
                self.forget(client.key)

    def arrived(self, datagram: bytes, sender: HostPort, at: float) -> None:
        """Take a datagram; what is no SIP is dropped."""
        try:
            message = parse(datagram)
        except MalformedError:
            return
        if isinstance(message, Response):
            client = self._clients.get((message.branch, message.sequence[1]))
            if client is not None:
                client.arrived(message, at)
        else:
            self._requested(message, sender, at)

    def refused(self) -> None:
        """Nobody listens at the other side: whoever waits for a first answer gives up."""
        for client in list(self._clients.values()):
            client.fail()

    def forget(self, key: Key) -> None:
        """Drop one of our requests."""
        if client := self._clients.pop(key, None):
            client.stop()

    def forget_server(self, server: Server) -> None:
        """Drop one of the other side's requests."""
        self._servers.pop(_key(server.request, server.sender), None)
        server.stop()

    def close(self) -> None:
        """Drop everything."""
        for client in self._clients.values():
            client.stop()
        for server in self._servers.values():
            server.stop()
        self._clients.clear()
        self._servers.clear()

    def _requested(self, request: Request, sender: HostPort, at: float) -> None:
        key = _key(request, sender)
        known = self._servers.get(key)
        if request.method == "ACK":
            if known is not None:
                known.acknowledged()
            self._ears.acknowledgement(request)
        elif known is not None:
            known.repeat()
        else:
            server = self._servers[key] = Server(self, request, sender, at)
            invite = self._servers.get(_key(request, sender, "INVITE"))
            if request.method == "CANCEL" and invite is not None:
                self._ears.cancel(server, invite)
            else:
                self._ears.request(server)


def _key(request: Request, sender: HostPort, method: str = "") -> Key:
    named = method or ("INVITE" if request.method == "ACK" else request.method)
    return f"{sender}{request.branch}", named


def _acknowledge(invite: Request, response: Response) -> Request:
    """Return the ACK of a refusal: it belongs to the INVITE's transaction."""
    kept = tuple(pair for pair in invite.headers if pair[0] in ("Via", "From", "Call-ID", "Route", "Max-Forwards"))
    number = invite.sequence[0]
    headers = (*kept, ("To", response.first("To")), ("CSeq", f"{number} ACK"))
    return Request(headers, method="ACK", uri=invite.uri)
