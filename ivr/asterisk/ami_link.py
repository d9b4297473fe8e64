"""One connection to AMI, from the banner to its end: panoramisk's manager without its reconnecting.

Each connection is a new `Link`, so nothing can be sent twice: an action that has no answer when the link dies has
failed, and whoever asked decides what to do. Events only go into the owner's inbox, in the order in which they came.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from panoramisk import Manager
from panoramisk.actions import Action
from panoramisk.ami_protocol import AMIProtocol

from ivr.asterisk.ami_wire import Message, MessageParser, NoAmi, Value


class LinkLost(Exception):  # noqa: N818 - the word says what happened
    """The connection to Asterisk is gone."""


class _Everything:
    """All actions are forgotten with their connection: panoramisk would send them again after a reconnect."""

    def __contains__(self, action: object) -> bool:
        return True


class Exchange(Action):  # type: ignore[misc] # panoramisk publishes no types
    """An action with its answer: the response, and the list's events when there is a list."""

    def add_message(self, message: Message) -> bool:
        """Take one message of the answer; say whether it was the last. A list's item with a fault is left out."""
        if not message.fault or not self.responses:
            self.responses.append(message)
        first = self.responses[0].headers
        listed = first.get("EventList", "").lower() == "start"
        last = message.headers.get("EventList", "").lower() in ("complete", "cancelled")
        if (listed and not last) or "Response" not in first:
            return False
        if not self.future.done():
            self.future.set_result([dict(each.headers) for each in self.responses])
        return True


class LinkProtocol(AMIProtocol):  # type: ignore[misc] # panoramisk publishes no types
    """panoramisk's protocol with a parser that keeps letters whole and lets one bad message cost only itself."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Wait for the banner."""
        super().connection_made(transport)
        self.parser = MessageParser()
        self.greeting: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def data_received(self, data: bytes) -> None:
        """Take what the network brought."""
        try:
            for message in self.parser.feed(data):
                self.handle_message(message)
        except NoAmi as error:
            if not self.greeting.done():
                self.greeting.set_exception(error)
            self.transport.abort()
            return
        if self.parser.greeted and not self.greeting.done():
            self.greeting.set_result(None)

    def handle_message(self, message: Message) -> None:
        """Give an answer to its action and an event to the owner."""
        exchange = self.responses.get(message.action_id)
        if exchange is not None:
            if exchange.add_message(message):
                self.responses.pop(message.action_id, None)
        elif self.factory is not None:
            self.factory.dispatch(message)

    def connection_lost(self, exc: Exception | None) -> None:
        """Fail what still waits for an answer."""
        self.closed = True
        for exchange in self.responses.values():
            if not exchange.future.done():
                exchange.future.set_exception(LinkLost("the connection to Asterisk is gone"))
                # An answer that nobody awaits any more must not be reported as forgotten.
                exchange.future.exception()
        self.responses.clear()
        if not self.greeting.done():
            self.greeting.set_exception(LinkLost("the connection was closed before its banner"))
            self.greeting.exception()
        if self.factory is not None:
            self.factory.connection_lost(exc)


class Link(Manager):  # type: ignore[misc] # panoramisk publishes no types
    """One connection. `inbox(message)` gets what answers no action; `lost` is set when the connection has gone."""

    def __init__(self, host: str, port: int, inbox: Callable[[Message], None]) -> None:
        super().__init__(
            host=host,
            port=port,
            protocol_factory=LinkProtocol,
            forgetable_actions=_Everything(),
            loop=asyncio.get_running_loop(),
        )
        self._inbox = inbox
        self.lost = asyncio.Event()

    async def open(self, limit: float) -> None:
        """Connect and wait for the banner. Raises OSError, TimeoutError, NoAmi and LinkLost."""
        async with asyncio.timeout(limit):
            transport, protocol = await self.loop.create_connection(
                self.config["protocol_factory"], self.config["host"], self.config["port"]
            )
            protocol.factory, protocol.encoding = self, "utf-8"
            self.protocol, self.responses = protocol, protocol.responses
            try:
                await protocol.greeting
            except BaseException:
                transport.abort()
                raise

    async def ask(self, name: str, fields: dict[str, Value], limit: float) -> list[dict[str, str]]:
        """Send one action and return its response, then its list's events. Raises LinkLost and TimeoutError."""
        if self.lost.is_set() or self.protocol is None or self.protocol.closed:
            raise LinkLost("the connection to Asterisk is gone")
        exchange = Exchange({"Action": name, **fields})
        answer: asyncio.Future[Any] = self.send_action(exchange)
        try:
            async with asyncio.timeout(limit):
                found: list[dict[str, str]] = await answer
                return found
        finally:
            self.protocol.responses.pop(exchange.id, None)

    def dispatch(self, event: Message) -> list[str]:
        """Only hand it on: what is done with it must not hold up, or break, what comes after it."""
        self._inbox(event)
        return []

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 - panoramisk's signature
        """Note the end; who opens the next connection is the owner's business."""
        self.lost.set()

    def close(self) -> None:
        """Cut the connection at once."""
        if self.protocol is not None:
            with suppress(OSError):
                self.protocol.transport.abort()
