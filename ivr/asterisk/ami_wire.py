"""AMI on the wire, without a socket: bytes into messages, values that must not become actions.

A caller who puts line breaks into his number writes headers, or whole events, of his own. What gives itself away (a
header twice, an event without its privilege, a piece that is no message) is set aside and never reaches the live
picture.
"""

from __future__ import annotations

import codecs
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Final, TypeAlias

from ivr.errors import DeskError

MAX_MESSAGE: Final = 1024 * 1024
"""Characters of one message; a longer one means that whoever speaks there is no Asterisk."""
_BANNER = re.compile(r"Asterisk Call Manager/[0-9.]+")
_REPEATED = frozenset({"chanvariable", "variable", "output", "destchanvariable", "memberchanvariable"})
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")
_NAMES = re.compile(rf"(?:{_NAME.pattern}\n)*{_NAME.pattern}")
"""Names, one on a line."""
_UNSAFE = re.compile(r"[\r\n\0\ud800-\udfff]")

Value: TypeAlias = str | Sequence[str]


class NoAmi(ValueError):  # noqa: N818 - the word says what it is
    """What came is not Asterisk's manager interface."""


@dataclass(frozen=True, slots=True)
class Message:
    """One message: its headers, those that may come several times joined by newlines, and what is wrong with it."""

    headers: Mapping[str, str]
    fault: str = ""

    @property
    def event(self) -> str:
        """The event's name, empty for a response."""
        return self.headers.get("Event", "")

    @property
    def action_id(self) -> str:
        """The action that it answers, empty for none."""
        return self.headers.get("ActionID", "")


class MessageParser:
    """Turns bytes into messages, however the network cut them, letters of several bytes included."""

    def __init__(self) -> None:
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._text = ""
        self.greeted = False
        """The banner has come."""

    def feed(self, data: bytes) -> Iterator[Message]:
        """Yield what these bytes complete. Raises NoAmi for a wrong banner and for a message without end."""
        self._text += self._decoder.decode(data)
        if not self.greeted:
            banner, end, rest = self._text.partition("\r\n")
            if (end and not _BANNER.fullmatch(banner)) or len(banner) > 100:
                raise NoAmi("no banner of Asterisk's manager interface")
            if not end:
                return
            self.greeted, self._text = True, rest
        *blocks, self._text = self._text.split("\r\n\r\n")
        if len(self._text) > MAX_MESSAGE:
            raise NoAmi("a message without end")
        for block in blocks:
            if block.strip():
                yield read_message(block)


def read_message(block: str) -> Message:
    """Read the lines of one message; see `Message.fault`."""
    # Nearly every message is as plain as this, and events are most of what a controller reads.
    lines = block.split("\r\n")
    try:
        headers = dict([line.split(": ", 1) for line in lines])
    except ValueError:
        return _read_carefully(block)
    names = "\n".join(headers)
    once = len(headers) == len(lines) == names.count("\n") + 1
    if once and _are_names(names) and "Event" in headers and ("Privilege" in headers or "ActionID" in headers):
        return Message(headers)
    return _read_carefully(block)


@lru_cache(maxsize=512)
def _are_names(names: str) -> bool:
    """Say whether each line is a header's name; all events of a kind have the same."""
    return _NAMES.fullmatch(names) is not None


def _read_carefully(block: str) -> Message:
    headers: dict[str, str] = {}
    fault = ""
    for line in block.strip("\r\n").split("\r\n"):
        name, colon, value = line.partition(":")
        value = value.removeprefix(" ")
        if not colon or not _NAME.fullmatch(name):
            fault = fault or "a line that is no header"
        elif name not in headers:
            headers[name] = value
        elif name.lower() in _REPEATED:
            headers[name] += "\n" + value
        else:
            fault = fault or f"{name} twice"
    if "Event" not in headers and "Response" not in headers:
        fault = "neither event nor response"
    elif "Event" in headers and "Privilege" not in headers and "ActionID" not in headers:
        fault = fault or "an event without privilege"
    return Message(headers, fault)


def check_action(name: str, fields: Mapping[str, Value]) -> None:
    """Refuse what Asterisk would read as more than one action. Raises DeskError."""
    for field, value in {"Action": name, **fields}.items():
        values = [value] if isinstance(value, str) else value
        if not _NAME.fullmatch(field) or any(_UNSAFE.search(text) for text in values):
            raise DeskError(
                f"The field {field!r} of an action for Asterisk holds a line break or broken Unicode.", "Mend the text."
            )
