"""AGI on the wire, without a socket: headers in, commands out, replies in.

Asterisk's rules that shape this module: a command is one line, at most 8191 bytes and 127 words, and a longer one is
cut and its rest runs as a second command; quotes and backslashes are honoured inside quotes; a reply may span lines (a
usage text, a variable with a newline); `HANGUP` comes unasked, between replies, once or twice.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, TypeAlias

from ivr.errors import DeskError

MAX_LINE: Final = 8000
"""Bytes of one command, its newline included."""
MAX_WORDS: Final = 127
"""Asterisk's table has 128 places and the last one stays empty."""
MAX_REPLY: Final = 256 * 1024
"""Bytes of one reply; Asterisk itself sends a few kilobytes at most."""

_VERB = re.compile(r"[A-Za-z]+(?: [A-Za-z]+)*")
_USUAL = frozenset({"EXEC", "GET DATA", "GET FULL VARIABLE", "SET VARIABLE"})
_UNSAFE = re.compile(r"[\r\n\0]")
_RESULT = re.compile(r"200 result=([^ (]*)(?: \((.*)\))?(?: (.*))?", re.DOTALL)
_CLOSED = re.compile(rb"\)(?: [A-Za-z]+[0-9]*=[^\n]*)?\r?$")
_OPENED = re.compile(rb"200 result=[^ (]* \(")
_STATUS = re.compile(rb"[1-9][0-9][0-9][ -]")
_END_OF_USAGE = b"520 End of proper usage."


class UnsafeCommand(DeskError):  # noqa: N818 - the word says what happened
    """A command that Asterisk would read as something else than what was meant."""


class ReplyTooLong(ValueError):  # noqa: N818 - the word says what happened
    """More than `MAX_REPLY` bytes without the end of a reply: whoever speaks there is no Asterisk."""


@dataclass(frozen=True, slots=True)
class Reply:
    """Asterisk's answer to one command.

    `code` is 200, 510 (unknown command), 511 (the channel is dead) or 520 (wrong arguments). `result` is what follows
    `result=`, `value` what stands in parentheses, `rest` the remaining text (`endpos=…`, the usage of a 520).
    """

    code: int
    result: str = ""
    value: str = ""
    rest: str = ""

    @property
    def endpos(self) -> int:
        """The sample where a stream stopped, 0 when the reply has none."""
        found = re.match(r"endpos=([0-9]{1,18})", self.rest)
        return int(found[1]) if found else 0


@dataclass(frozen=True, slots=True)
class Hangup:
    """Asterisk says that the caller is gone."""


@dataclass(frozen=True, slots=True)
class Stray:
    """A line that neither is nor continues a reply."""

    line: str


Event: TypeAlias = Reply | Hangup | Stray

_QUICK: Final = {f"200 result={result}\n".encode(): (Reply(200, result),) for result in ("0", "1", "-1")}


def write_command(verb: str, *arguments: str) -> bytes:
    """Return one whole line: the verb as it is, every argument quoted.

    Raises UnsafeCommand for CR, LF or NUL anywhere, for text that has no UTF-8 form, for more than 127 words and for
    more than 8000 bytes.
    """
    if verb not in _USUAL and not _VERB.fullmatch(verb):
        raise UnsafeCommand(f"{verb!r} is not an AGI command.", "Name one command of `agi show commands`.")
    text = " ".join([verb, *map(quote, arguments)]) if arguments else verb
    if _UNSAFE.search(text):
        raise UnsafeCommand("A text for the telephone system holds a line break or a NUL.", "Remove it from the text.")
    try:
        line = text.encode() + b"\n"
    except UnicodeEncodeError:
        raise UnsafeCommand("A text for the telephone system is not valid Unicode.", "Write it again.") from None
    if len(line) > MAX_LINE or verb.count(" ") + 1 + len(arguments) > MAX_WORDS:
        raise UnsafeCommand(
            f"A command for the telephone system has {len(line)} bytes and {len(arguments)} arguments.",
            f"Keep it under {MAX_LINE} bytes and {MAX_WORDS} words.",
        )
    return line


def quote(argument: str) -> str:
    """Return the argument in quotes, its own quotes and backslashes escaped."""
    if "\\" in argument or '"' in argument:
        argument = argument.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{argument}"'


def split_command(line: str) -> list[str]:
    """Split a command line into words as Asterisk's own reader does (`parse_args` in res_agi.c)."""
    words: list[str] = []
    quoted = escaped = False
    between = True
    for char in line:
        if char == '"' and not escaped:
            quoted = not quoted
            if quoted and between:
                words.append("")
                between = False
        elif char in " \t" and not quoted and not escaped:
            between = True
        elif char == "\\" and not escaped:
            escaped = True
            continue
        else:
            if between:
                words.append("")
                between = False
            words[-1] += char
        escaped = False
    return words


class ReplyParser:
    """Turns bytes into replies and hang-ups, however the network cut them.

    A value may hold anything, `)`, a newline and `HANGUP` included. Who reads a value that a caller can choose gives a
    `fence` (see `expect`): random text at the value's end, so that nothing inside can end the reply.
    """

    def __init__(self) -> None:
        self._tail = b""
        self._lines: list[bytes] = []
        self._size = 0
        self._fence = b""

    def expect(self, fence: str) -> None:
        """Tell where the next reply's value ends; an empty fence means its closing parenthesis at a line's end."""
        self._fence = fence.encode()

    def feed(self, data: bytes) -> Iterable[Event]:
        """Return what these bytes complete. Raises ReplyTooLong."""
        if not self._size and (quick := _QUICK.get(data)):
            return quick
        *lines, tail = (self._tail + data).split(b"\n") if self._tail else data.split(b"\n")
        self._tail = tail
        events = [event for line in lines if (event := self._take(line)) is not None]
        self._size = sum(map(len, self._lines)) + len(self._lines) + len(tail)
        if self._size > MAX_REPLY:
            raise ReplyTooLong(f"{self._size} bytes without the end of a reply")
        return events

    def _take(self, line: bytes) -> Event | None:
        if not self._lines:
            if line.rstrip(b"\r") == b"HANGUP":
                return Hangup()
            if not _STATUS.match(line):
                return Stray(line[:200].decode(errors="replace")) if line.strip() else None
        self._lines.append(line)
        if not self._complete(line):
            return None
        raw, self._lines = b"\n".join(self._lines), []
        fence, self._fence = self._fence, b""
        return None if raw.startswith(b"1") else _read(raw, fence)

    def _complete(self, line: bytes) -> bool:
        first = self._lines[0]
        if first.startswith(b"520-"):
            return line.rstrip().endswith(_END_OF_USAGE)
        if not _OPENED.match(first):
            return True
        if self._fence:
            return line.rstrip(b"\r").endswith(self._fence + b")")
        return _CLOSED.search(line) is not None


def _read(raw: bytes, fence: bytes) -> Reply:
    text = raw.decode(errors="replace").removesuffix("\r")
    found = _RESULT.fullmatch(text)
    if found is None:
        code, rest = text[:3], text[4:]
        return Reply(int(code), rest=rest.removesuffix(_END_OF_USAGE.decode()).rstrip("\n"))
    value = (found[2] or "").removesuffix(fence.decode())
    return Reply(200, found[1], value, found[3] or "")
