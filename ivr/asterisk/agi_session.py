"""One AGI conversation: a command, its reply, the next command; until somebody leaves.

One command is in flight at a time. A command that its caller gave up (cancelled, or failed by a hang-up) still owes a
reply, so the next one waits for it: nothing ever reads an answer that is not its own. There is one timer a session,
moved only when a deadline comes nearer, because a timer for each command costs more than the command.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final, cast

from ivr.asterisk.agi_codec import Hangup, Reply, ReplyParser, ReplyTooLong, Stray, write_command
from ivr.asterisk.agi_dialogue import COMMAND_LIMIT, AgiError, CallerGone, CommandRefused, Dialogue, NoAnswer
from ivr.asterisk.agi_request import HeaderParser, HeaderRefused

OPENING_LIMIT: Final = 5.0
"""Seconds for the whole header."""
OWED_LIMIT: Final = 1.0
"""Seconds after HANGUP for the reply of the command in flight. Asterisk still runs that command, sometimes to its
natural end, and HANGUP may also stand for the reply; without one nothing more is said: that would be two in flight."""

__all__ = ["AgiError", "AgiSession", "CallerGone", "CommandRefused", "NoAnswer"]


class AgiSession(Dialogue, asyncio.Protocol):
    """A conversation with one channel.

    `opened(session)` is called once the header is complete, `ended(session, reason)` once when the connection is gone.
    """

    def __init__(
        self,
        opened: Callable[[AgiSession], None],
        ended: Callable[[AgiSession, str], None],
        opening_limit: float = OPENING_LIMIT,
    ) -> None:
        self._opened = opened
        self._ended = ended
        self._opening_limit = opening_limit
        self._opening: HeaderParser | None = HeaderParser()
        self._parser = ReplyParser()
        self._waiter: asyncio.Future[Reply] | None = None
        self._patient = False
        self._queue: deque[asyncio.Future[None]] = deque()
        self._busy = False
        self._deadline: float | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._timer_at = 0.0
        self._reason = ""
        self.hung_up = False
        """Asterisk has said that the caller is gone."""
        self.closed = False
        """Nothing can be sent any more."""

    @property
    def call_id(self) -> str:
        """The channel's uniqueid; empty before the header is complete."""
        return self.request.uniqueid if self._opening is None else ""

    async def command(
        self, verb: str, *arguments: str, limit: float = COMMAND_LIMIT, after_hangup: bool = False, fence: str = ""
    ) -> Reply:
        """Send one command when its turn has come; see `Dialogue.command`."""
        line = write_command(verb, *arguments)
        if self._busy:
            await self._turn()
        if self.closed or (self.hung_up and not after_hangup):
            raise CallerGone(self._reason or "the caller hung up")
        self._busy = True
        self._patient = after_hangup
        waiter: asyncio.Future[Reply] = self._loop.create_future()
        self._waiter = waiter
        if fence:
            self._parser.expect(fence)
        self._watch(self._loop.time() + limit)
        self._transport.write(line)
        reply = await waiter
        if reply.code == 511:
            self.hung_up = True
            raise CallerGone("the channel is dead")
        return reply

    def close(self, reason: str = "closed by us") -> None:
        """End the session: the dialplan goes on with the call."""
        if not self.closed:
            self._finish(reason)
            self._transport.close()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin to wait for the header."""
        self._loop = asyncio.get_running_loop()
        self._transport = cast("asyncio.Transport", transport)
        self._watch(self._loop.time() + self._opening_limit)

    def data_received(self, data: bytes) -> None:
        """Take what the network brought."""
        if self.closed:
            return
        if self._opening is not None:
            self._open(self._opening, data)
            return
        try:
            for event in self._parser.feed(data):
                if isinstance(event, Reply):
                    self._settle(event)
                elif isinstance(event, Hangup):
                    self._hang_up()
                else:
                    self._strayed(event)
        except ReplyTooLong as error:
            self._abort(str(error))

    def eof_received(self) -> None:
        """Note that Asterisk will say no more; the transport closes itself."""
        self._finish("Asterisk closed the conversation")

    def connection_lost(self, exc: Exception | None) -> None:
        """Tell the owner, once."""
        self._finish(f"connection lost: {exc}" if exc else "connection closed")
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._ended(self, self._reason)

    def _open(self, opening: HeaderParser, data: bytes) -> None:
        try:
            request = opening.feed(data)
        except HeaderRefused as error:
            self._abort(f"refused: {error}")
            return
        if request is not None:
            self.request, self._opening, self._deadline = request, None, None
            self._opened(self)
            if opening.rest:
                self.data_received(opening.rest)

    def _settle(self, reply: Reply) -> None:
        if not self._busy:
            return
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_result(reply)
        self._free()

    def _free(self) -> None:
        self._busy = False
        self._deadline = None
        self._parser.expect("")
        while self._queue:
            turn = self._queue.popleft()
            if not turn.done():
                turn.set_result(None)
                return

    async def _turn(self) -> None:
        while self._busy and not self.closed:
            turn = self._loop.create_future()
            self._queue.append(turn)
            try:
                await turn
            except asyncio.CancelledError:
                if turn.done() and not turn.cancelled() and not self._busy:
                    self._free()
                raise

    def _hang_up(self) -> None:
        if self.hung_up:
            return
        self.hung_up = True
        if self._busy and not self._patient:
            self._fail(CallerGone("the caller hung up"))
            self._watch(self._loop.time() + OWED_LIMIT)

    def _strayed(self, event: Stray) -> None:
        if event.line.startswith("agi_"):
            self._abort("refused: a header that was split by a blank line")

    def _fail(self, error: AgiError) -> None:
        waiter, self._waiter = self._waiter, None
        if waiter is not None and not waiter.done():
            waiter.set_exception(error)

    def _watch(self, deadline: float) -> None:
        self._deadline = deadline
        if self._timer is None or self._timer_at > deadline:
            if self._timer is not None:
                self._timer.cancel()
            self._timer_at = deadline
            self._timer = self._loop.call_at(deadline, self._look)

    def _look(self) -> None:
        self._timer = None
        if self._deadline is None or self.closed:
            return
        if self._loop.time() < self._deadline:
            self._watch(self._deadline)
        elif self._opening is not None:
            self._abort("refused: no complete header in time")
        elif self.hung_up and self._waiter is None:
            self.close("the caller hung up")
        else:
            self._fail(NoAnswer("no answer from Asterisk in time"))
            self._abort("no answer from Asterisk in time")

    def _abort(self, reason: str) -> None:
        self._finish(reason)
        self._transport.abort()

    def _finish(self, reason: str) -> None:
        self._reason = self._reason or reason
        self.closed = True
        self._fail(CallerGone(self._reason))
        self._free()
        while self._queue:
            turn = self._queue.popleft()
            if not turn.done():
                turn.set_result(None)
