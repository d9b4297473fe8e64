"""An existing pyst2 handler, `def handler(agi): ...`, in a flow: it gets an `asterisk.agi.AGI` and needs no change.

The handler runs in a thread of its own; each of its commands goes through the call's own conversation, one in flight.
pyst2's class is taken without what hurts here: its signal handler, what it prints of a caller to stderr, its quoting.
"""

from __future__ import annotations

import asyncio
import io
import re
from collections.abc import Coroutine
from concurrent.futures import CancelledError, Future
from threading import Lock
from typing import Any, Final, TypeAlias, TypeVar

from asterisk import agi as pyst2

from ivr.asterisk.agi_codec import Reply, quote, split_command
from ivr.asterisk.agi_dialogue import CallerGone, Dialogue, NoAnswer

Result: TypeAlias = dict[str, tuple[str, str]]
"""pyst2's form of a reply: `{"result": (result, what stands in parentheses), "endpos": (…, "")}`."""
T = TypeVar("T")

OWED: Final = 5.0
"""Seconds beyond the handler's limit in which its last command may still be answered."""
_VERB_WORD = re.compile(r"[A-Za-z]+")
_VALUES = {"GET VARIABLE", "GET FULL VARIABLE", "DATABASE GET"}
_PAIR = re.compile(r"(\w+)=(\S*)")


class Nowhere(io.TextIOBase):
    """A stream that keeps nothing: pyst2 prints the caller's number and name."""

    def write(self, text: str) -> int:
        """Forget the text."""
        return len(text)


class Seat(pyst2.AGI):  # type: ignore[misc] # pyst2 publishes no types
    """pyst2's AGI over a conversation; its methods block, so they belong into a thread."""

    def __init__(self, dialogue: Dialogue, loop: asyncio.AbstractEventLoop, limit: float) -> None:
        # Not super().__init__(): it takes SIGHUP, and writes caller data to stderr.
        self.env = {f"agi_{name}": value for name, value in dialogue.request.headers.items()}
        self.stdin = io.StringIO()
        self.stdout = self.stderr = Nowhere()
        self._got_sighup = False
        self._dialogue = dialogue
        self._loop = loop
        self._end = loop.time() + limit
        self._lock = Lock()
        self._asked: Future[Any] | None = None
        self._said: tuple[str, tuple[object, ...]] = ("NOOP", ())
        self._expired = False

    def expire(self) -> None:
        """Let the handler's present and next command end as a hang-up."""
        with self._lock:
            self._expired = True
            if self._asked is not None:
                self._asked.cancel()

    def test_hangup(self) -> None:
        """Raise pyst2's hang-up when the handler's time is over or the caller is gone."""
        if self._expired:
            raise pyst2.AGIHangup("the handler's time is over")
        super().test_hangup()

    def execute(self, command: str, *args: object) -> Result:
        """Run one command. Raises pyst2's own errors, AGISIGHUPHangup when the caller is gone."""
        self.test_hangup()
        verb, arguments = _words(command, args)
        if verb == "GET VARIABLE" and len(arguments) == 1 and not set(arguments[0]) & set("{}$"):
            return {"result": ("1", self._wait(self._dialogue.get_variable(arguments[0])))}
        limit = max(self._end - self._loop.time(), 0) + OWED
        return _result(verb, self._wait(self._dialogue.command(verb, *arguments, limit=limit)))

    def send_command(self, command: str, *args: object) -> None:
        """Keep the command until `get_result`, which runs it."""
        self._said = (command, args)

    def get_result(self, stdin: object = None) -> Result:  # noqa: ARG002 - pyst2's signature
        """Run the command that was kept."""
        command, args = self._said
        return self.execute(command, *args)

    def database_get(self, family: str, key: str) -> str:
        """Return a value of Asterisk's database; pyst2's own method would put quotes into its key."""
        result, value = self.execute("DATABASE GET", self._quote(family), self._quote(key))["result"]
        if result != "1":
            raise pyst2.AGIDBError(f"Key not found in database: family={family}, key={key}")
        return value

    def _quote(self, string: object) -> str:
        return quote(string.decode() if isinstance(string, bytes) else str(string))

    def _wait(self, answer: Coroutine[Any, Any, T]) -> T:
        with self._lock:
            asked = asyncio.run_coroutine_threadsafe(answer, self._loop)
            self._asked = asked
            if self._expired:
                asked.cancel()
        try:
            return asked.result()
        except CallerGone as gone:
            self._got_sighup = True
            raise pyst2.AGISIGHUPHangup(str(gone)) from gone
        except (NoAnswer, CancelledError) as late:
            raise pyst2.AGIHangup("the handler's time is over") from late


def _words(command: str, args: tuple[object, ...]) -> tuple[str, list[str]]:
    """Return verb and arguments: an argument in quotes is unquoted, an empty one without quotes is none."""
    words = split_command(command)
    verbs = 0
    while verbs < len(words) and _VERB_WORD.fullmatch(words[verbs]):
        verbs += 1
    arguments = words[verbs:]
    for arg in args:
        text = arg.decode() if isinstance(arg, bytes) else str(arg)
        if len(text) > 1 and text[0] == text[-1] == '"' and len(split_command(text)) == 1:
            arguments += split_command(text)
        elif text:
            arguments.append(text)
    return " ".join(words[:verbs]).upper(), arguments


def _result(verb: str, reply: Reply) -> Result:
    if reply.code == 510:
        raise pyst2.AGIInvalidCommand(reply.rest)
    if reply.code == 520:
        raise pyst2.AGIUsageError(reply.rest)
    if reply.code != 200:
        raise pyst2.AGIUnknownError(reply.code, reply.rest)
    if reply.value == "hangup" and verb not in _VALUES:
        raise pyst2.AGIResultHangup("User hungup during execution")
    if reply.result == "-1":
        raise pyst2.AGIAppError("Error executing application, or hangup")
    found = {name: (value, "") for name, value in _PAIR.findall(reply.rest)}
    return found | {"result": (reply.result, reply.value)}
