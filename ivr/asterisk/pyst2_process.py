"""A plain AGI process: the conversation over stdin and stdout, carried by pyst2's AGI.

Asterisk tells such a process of a hang-up by SIGHUP, which pyst2 turns into its exception. What pyst2 gets wrong on the
wire (values and usage texts of several lines, quoting, broken UTF-8) is done by our own codec.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import queue
import sys
import threading
from collections import deque
from collections.abc import Callable
from typing import BinaryIO, cast

from asterisk import agi as pyst2

from ivr.asterisk.agi_codec import Event, Hangup, Reply, ReplyParser, write_command
from ivr.asterisk.agi_dialogue import COMMAND_LIMIT, CallerGone, Dialogue, NoAnswer
from ivr.asterisk.agi_request import HeaderParser, Request
from ivr.asterisk.pyst2_agi import Nowhere


class PipeAgi(pyst2.AGI):  # type: ignore[misc] # pyst2 publishes no types
    """pyst2's AGI with our codec on its pipes. Make it in the main thread: pyst2 takes SIGHUP."""

    request: Request

    def __init__(self, stdin: BinaryIO, stdout: BinaryIO) -> None:
        self._parser = ReplyParser()
        self._events: deque[Event] = deque()
        super().__init__(stdin, stdout, Nowhere())

    @property
    def hung_up(self) -> bool:
        """Whether SIGHUP or the other side's end has come."""
        return bool(self._got_sighup)

    def expect(self, fence: str) -> None:
        """See ReplyParser.expect."""
        self._parser.expect(fence)

    def send_command(self, command: str, *args: str) -> None:
        """Write one whole line. Raises UnsafeCommand."""
        self.stdout.write(write_command(command, *args))
        self.stdout.flush()

    def get_result(self, stdin: object = None) -> Reply:  # noqa: ARG002 - pyst2's signature
        """Return the next reply. Raises AGISIGHUPHangup at the end of the pipe."""
        while True:
            while self._events:
                event = self._events.popleft()
                if isinstance(event, Reply):
                    return event
                if isinstance(event, Hangup):
                    self._got_sighup = True
            self._events.extend(self._parser.feed(self._read()))

    def _get_agi_env(self) -> None:
        opening = HeaderParser()
        request = None
        while request is None:
            request = opening.feed(self._read())
        self.request = request
        self.env = {f"agi_{name}": value for name, value in request.headers.items()}
        self._events.extend(self._parser.feed(opening.rest))

    def _read(self) -> bytes:
        data = os.read(self.stdin.fileno(), 65536)
        if not data:
            self._got_sighup = True
            raise pyst2.AGISIGHUPHangup("Asterisk closed the conversation")
        return data


class ProcessSession(Dialogue):
    """The same interface as a FastAGI session, over this process's stdin and stdout.

    Make it in the main thread, in a running loop. Raises HeaderRefused when Asterisk is not at the other end.
    """

    def __init__(self, stdin: BinaryIO | None = None, stdout: BinaryIO | None = None) -> None:
        self._agi = PipeAgi(stdin or sys.stdin.buffer, stdout or sys.stdout.buffer)
        self.request = self._agi.request
        self.closed = False
        self._loop = asyncio.get_running_loop()
        self._turn = asyncio.Lock()
        self._work: queue.SimpleQueue[Callable[[], None] | None] = queue.SimpleQueue()
        # One thread that a hung Asterisk cannot keep the process alive by.
        threading.Thread(target=self._speak, name="agi", daemon=True).start()

    @property
    def hung_up(self) -> bool:
        """Asterisk has said that the caller is gone."""
        return self._agi.hung_up

    @property
    def call_id(self) -> str:
        """The channel's uniqueid."""
        return self.request.uniqueid

    async def command(
        self, verb: str, *arguments: str, limit: float = COMMAND_LIMIT, after_hangup: bool = False, fence: str = ""
    ) -> Reply:
        """Send one command when its turn has come; see `Dialogue.command`. A late reply ends the conversation."""
        write_command(verb, *arguments)
        async with self._turn:
            if self.closed or (self.hung_up and not after_hangup):
                raise CallerGone("the caller hung up")
            answer: asyncio.Future[Reply | Exception] = self._loop.create_future()
            self._work.put(lambda: self._ask(answer, (verb, *arguments), after_hangup=after_hangup, fence=fence))
            result = await self._answer(answer, limit)
        if isinstance(result, Reply):
            if result.code == 511:
                raise CallerGone("the channel is dead")
            return result
        if isinstance(result, pyst2.AGIHangup | OSError | ValueError):
            raise CallerGone(str(result))
        raise result

    def close(self, reason: str = "closed by us") -> None:  # noqa: ARG002 - the sessions' common signature
        """End the conversation: Asterisk goes on when this process ends."""
        self.closed = True
        self._work.put(None)

    async def _answer(self, answer: asyncio.Future[Reply | Exception], limit: float) -> Reply | Exception:
        try:
            async with asyncio.timeout(limit):
                return await answer
        except TimeoutError:
            self.close()
            raise NoAnswer("no answer from Asterisk in time") from None

    def _speak(self) -> None:
        while (work := self._work.get()) is not None:
            work()

    def _ask(
        self, answer: asyncio.Future[Reply | Exception], words: tuple[str, ...], *, after_hangup: bool, fence: str
    ) -> None:
        result: Reply | Exception
        try:
            self._agi.expect(fence)
            if after_hangup:
                self._agi.send_command(*words)
                result = self._agi.get_result()
            else:
                result = cast("Reply", self._agi.execute(*words))
        except Exception as error:  # noqa: BLE001 - it is raised again where the command was asked
            result = error

        def settle() -> None:
            if not answer.done():
                answer.set_result(result)

        with contextlib.suppress(RuntimeError):
            self._loop.call_soon_threadsafe(settle)
