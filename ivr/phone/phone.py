"""The telephone: one account, one SIP port, any number of calls."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from types import TracebackType
from typing import Self

import structlog

from ivr.errors import DeskError
from ivr.phone import sdp
from ivr.phone.address import Address, sip_uri
from ivr.phone.call import ALLOW, Call, CallOverError
from ivr.phone.digest import Account
from ivr.phone.incoming import IncomingCall
from ivr.phone.outgoing import OutgoingCall, new_dialog
from ivr.phone.registration import Registration
from ivr.phone.sip import Request
from ivr.phone.transactions import Ears, Server, Transactions
from ivr.phone.udp import HostPort, Wire

log = structlog.get_logger()

_REFRESH = 0.6
"""The part of its time after which a registration is renewed."""


class Phone:
    """A SIP telephone on UDP.

    `server`: where requests go; nothing is taken from anybody else. Without it the telephone only waits for calls.
    `on_call` is awaited in a task of its own for every incoming call; without one we are busy.
    `patience`: seconds to wait for the first answer to a request.
    `port`: where it listens; any free one when 0.
    `contact_user`: the name in our contact, when it is to be another than the account's.

        async with Phone(server=("127.0.0.1", 5060)) as phone:
            call = await phone.call("100", caller="+79210000001")
            await call.answered()
    """

    def __init__(
        self,
        *,
        server: HostPort | None = None,
        user: str = "ivr",
        password: str = "",
        bind: str = "127.0.0.1",
        patience: float = 8.0,
        contact_user: str = "",
        port: int = 0,
    ) -> None:
        self.on_call: Callable[[IncomingCall], Awaitable[None]] | None = None
        self.calls: list[Call] = []
        self.server = server
        self._account = Account(user, password)
        self._bind, self._patience, self._as = (bind, port), patience, contact_user
        self._tasks: set[asyncio.Task[None]] = set()
        self._registered = False

    async def __aenter__(self) -> Self:
        try:
            self._wire = Wire(self._bind, self._arrived, peer=self.server, refused=self._refused)
        except OSError as failure:
            host, port = self.server or self._bind
            raise DeskError(
                f"{host}:{port} cannot be reached from {self._bind[0]}: {failure.strerror or failure}.",
                "Name a host of this network.",
            ) from failure
        self.address: HostPort = (self._wire.host, self._wire.port)
        ears = Ears(request=self._requested, acknowledgement=self._acknowledged, cancel=self._cancel)
        self._transactions = Transactions(self._wire.send, ears, self.address, self._patience)
        self.contact = sip_uri(self._as or self._account.user, *self.address)
        if self.server is not None:
            self.registration = self.account_of(self._account)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, failure: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            await self._leave()
        finally:
            for call in self.calls:
                call.abandon()
            self._transactions.close()
            self._wire.close()

    def account_of(self, account: Account) -> Registration:
        """Return the registration of an account at our server, by which its bindings can be read."""
        if self.server is None:
            raise DeskError("This telephone has no server to register at.", "Give it one.")
        return Registration(self._transactions, account, server=sip_uri("", *self.server), contact=self.contact)

    async def register(self, seconds: int = 120) -> None:
        """Register and stay registered until the telephone closes. Raises `NotRegisteredError`."""
        granted = await self.registration.register(seconds)
        if not self._registered:
            self._registered = True
            self._begin(self._stay_registered(seconds, granted))

    async def unregister(self) -> None:
        """Take our own registration away. Raises `NotRegisteredError`."""
        self._registered = False
        await self.registration.unregister()

    async def call(self, number: str, *, caller: str = "", name: str = "") -> OutgoingCall:
        """Begin a call to a number (or a `sip:` URI) at the server; `caller` and `name` are how we show ourselves."""
        if self.server is None:
            raise DeskError("This telephone has no server to call through.", "Give it one.")
        host, port = self.server
        target = number if number.startswith("sip:") else sip_uri(number, host, port)
        caller_address = Address(sip_uri(caller or self._account.user, self.address[0]), name)
        dialog = new_dialog(caller=caller_address, contact=self.contact, target=target)
        call = OutgoingCall(self._transactions, dialog, self._account, self.address[0], origin=time.monotonic())
        self.calls.append(call)
        return call

    def forget_ended(self) -> None:
        """Drop the calls that are over, with what was heard in them."""
        self.calls = [call for call in self.calls if call.ended is None]

    async def _leave(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        live = [call for call in self.calls if call.ended is None]
        await asyncio.gather(*(call.hang_up() for call in live))
        if self._registered:
            try:
                await self.unregister()
            except DeskError as failure:
                log.info("phone.not_unregistered", user=self._account.user, reason=failure.sentence)

    async def _stay_registered(self, seconds: int, granted: int) -> None:
        while self._registered:
            await asyncio.sleep(granted * _REFRESH)
            try:
                granted = await self.registration.register(seconds)
            except DeskError as failure:
                log.warning("phone.registration_failed", user=self._account.user, reason=failure.sentence)
                granted = min(granted, 10)

    def _begin(self, work: Awaitable[None]) -> None:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def _arrived(self, datagram: bytes, sender: HostPort, at: float) -> None:
        self._transactions.arrived(datagram, sender, at)

    def _refused(self) -> None:
        self._transactions.refused()

    def _find(self, request: Request) -> Call | None:
        return next((call for call in self.calls if call.owns(request)), None)

    def _acknowledged(self, request: Request) -> None:
        if call := self._find(request):
            call.acknowledged(request)

    def _cancel(self, server: Server, invite: Server) -> None:
        server.reply(200, "OK")
        for call in self.calls:
            if isinstance(call, IncomingCall) and call.began_with(invite):
                call.cancelled(server)

    def _requested(self, server: Server) -> None:
        request = server.request
        if ";tag=" in request.first("To").replace(" ", "").lower():
            call = self._find(request)
            if call is not None and (call.ended is None or request.method != "INVITE"):
                call.requested(server)
            else:
                server.reply(481, "Call Does Not Exist")
        elif request.method == "INVITE":
            self._invited(server)
        elif request.method in ("OPTIONS", "NOTIFY"):
            server.reply(200, "OK", ALLOW, tag="ivr")
        elif request.method == "CANCEL":
            server.reply(481, "Call Does Not Exist", tag="ivr")
        else:
            server.reply(405, "Method Not Allowed", ALLOW, tag="ivr")

    def _invited(self, server: Server) -> None:
        if self.on_call is None:
            server.reply(486, "Busy Here", tag="ivr")
            return
        server.reply(100, "Trying")
        try:
            call = IncomingCall(self._transactions, server, host=self.address[0], contact=self.contact)
        except sdp.NoAudioError:
            server.reply(488, "Not Acceptable Here", tag="ivr")
            return
        self.calls.append(call)
        self._begin(self._take(call, self.on_call))

    async def _take(self, call: IncomingCall, handler: Callable[[IncomingCall], Awaitable[None]]) -> None:
        try:
            await handler(call)
        except CallOverError:
            return  # the caller gave up while we were getting ready
        except Exception:
            log.exception("phone.call_handler_failed", user=self._account.user)
            call.reject(480)
            await call.hang_up()
