"""What a flow says to Asterisk in a conversation, whatever carries it: a FastAGI connection or a process's pipes."""

from __future__ import annotations

import re
import secrets
from abc import ABC, abstractmethod
from typing import Final

from ivr.asterisk.agi_codec import Reply, UnsafeCommand
from ivr.asterisk.agi_request import Request

COMMAND_LIMIT: Final = 5.0
"""Seconds for a command that waits for nobody."""
_VARIABLE = re.compile(r"[^{}$\r\n\0]{1,512}")


class AgiError(Exception):
    """The conversation cannot go on."""


class CallerGone(AgiError):  # noqa: N818 - the word says what happened
    """The caller has hung up, or Asterisk has closed the conversation."""


class NoAnswer(AgiError):  # noqa: N818 - the word says what happened
    """Asterisk did not answer in time; the conversation is closed, because its step is lost."""


class CommandRefused(AgiError):  # noqa: N818 - the word says what happened
    """Asterisk does not know the command, its application or its arguments (510, 520, -2)."""


class Dialogue(ABC):
    """One channel's AGI conversation: `request` tells whose, `command` says one thing and returns Asterisk's reply."""

    request: Request

    @abstractmethod
    async def command(
        self, verb: str, *arguments: str, limit: float = COMMAND_LIMIT, after_hangup: bool = False, fence: str = ""
    ) -> Reply:
        """Send one command and return its reply, whatever its code but 511.

        `limit` is in seconds, from sending. `fence` is random text at the end of an untrusted value. Raises
        UnsafeCommand, CallerGone and NoAnswer.
        """

    async def exec(self, application: str, *arguments: str, limit: float = COMMAND_LIMIT) -> Reply:
        """Run a dialplan application. The arguments are joined by commas. Raises CommandRefused when there is none."""
        reply = await self.command("EXEC", application, ",".join(arguments), limit=limit)
        if reply.code != 200 or reply.result == "-2":
            raise CommandRefused(f"EXEC {application}: {reply.code} {reply.result} {reply.rest}".rstrip())
        return reply

    async def get_variable(self, name: str, *, after_hangup: bool = False) -> str:
        """Return the value of a variable or function, empty when unset; any text in it is safe to read."""
        if not _VARIABLE.fullmatch(name):
            raise UnsafeCommand(f"{name!r} is not a channel variable.", "Give the name alone, without ${ }.")
        fence = secrets.token_hex(8)
        reply = await self.command("GET FULL VARIABLE", f"${{{name}}}{fence}", after_hangup=after_hangup, fence=fence)
        if reply.code != 200:
            raise CommandRefused(f"GET FULL VARIABLE {name}: {reply.code} {reply.rest}")
        return reply.value

    async def set_variable(self, name: str, value: str, *, after_hangup: bool = False) -> None:
        """Set a variable or function of the channel."""
        reply = await self.command("SET VARIABLE", name, value, after_hangup=after_hangup)
        if reply.code != 200:
            raise CommandRefused(f"SET VARIABLE {name}: {reply.code} {reply.rest}")

    async def set_autohangup(self, seconds: int) -> None:
        """Let Asterisk hang up by itself after so many seconds; 0 takes it back."""
        await self.command("SET AUTOHANGUP", str(seconds))
