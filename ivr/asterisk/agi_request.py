"""What Asterisk says about a call when it opens an AGI session.

A caller can put line breaks into his number or name, and so write header lines of his own. Whatever looks like it (a
doubled header, a line that is none, a block that ends before its last fixed header) refuses the whole session: the
dialplan then serves that call alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final
from urllib.parse import parse_qsl, urlsplit

from ivr.telephony.number import clean_number

MAX_BYTES: Final = 64 * 1024
MAX_LINES: Final = 256
LAST_FIXED: Final = "threadid"
"""Only `agi_arg_N` come after this header, so a block without it was cut by somebody."""

_LINE = re.compile(r"agi_([a-z0-9_]{1,40}):(?: (.*))?", re.DOTALL)
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")
_WITHHELD = {"unknown", ""}


class HeaderRefused(ValueError):  # noqa: N818 - the word says what happened
    """The opening of a session is no AGI opening, too long, or written by somebody else than Asterisk."""


@dataclass(frozen=True, slots=True)
class Request:
    """One opened session. Numbers are cleaned, names hold no control characters, withheld ones are empty."""

    headers: Mapping[str, str]
    """As sent, without the `agi_` of their names."""
    path: str
    """The path of the dialplan's `agi://host:port/path?query`, without its first slash."""
    query: Mapping[str, str]
    args: tuple[str, ...]
    uniqueid: str
    channel: str
    language: str
    caller_number: str
    caller_name: str
    dnid: str
    rdnis: str
    context: str
    extension: str

    @classmethod
    def from_headers(cls, headers: Mapping[str, str]) -> Request:
        """Read the headers. Raises HeaderRefused when one that every session has is missing."""
        missing = [name for name in ("request", "uniqueid", "channel", LAST_FIXED) if name not in headers]
        if missing:
            raise HeaderRefused(f"without agi_{missing[0]}")
        path, query = _address(headers["request"])
        count = sum(name.startswith("arg_") for name in headers)
        return cls(
            headers=MappingProxyType(dict(headers)),
            path=path,
            query=MappingProxyType(dict(parse_qsl(query, keep_blank_values=True))),
            args=tuple(headers.get(f"arg_{place}", "") for place in range(1, count + 1)),
            uniqueid=headers["uniqueid"],
            channel=headers["channel"],
            language=headers.get("language", ""),
            caller_number=clean_number(_present(headers.get("callerid", ""))),
            caller_name=_CONTROL.sub("", _present(headers.get("calleridname", "")))[:80],
            dnid=clean_number(_present(headers.get("dnid", ""))),
            rdnis=clean_number(_present(headers.get("rdnis", ""))),
            context=headers.get("context", ""),
            extension=headers.get("extension", ""),
        )


class HeaderParser:
    """Takes bytes until the blank line; `rest` is then what came behind it."""

    def __init__(self) -> None:
        self._pending = b""
        self._size = 0
        self._found: dict[str, str] = {}
        self.rest = b""

    def feed(self, data: bytes) -> Request | None:
        """Return the request once the blank line is there. Raises HeaderRefused."""
        self._size += len(data)
        *lines, self._pending = (self._pending + data).split(b"\n")
        for place, line in enumerate(lines):
            if not line.rstrip(b"\r"):
                self.rest = b"\n".join([*lines[place + 1 :], self._pending])
                return Request.from_headers(self._found)
            self._add(line.rstrip(b"\r").decode(errors="replace"))
        if self._size > MAX_BYTES:
            raise HeaderRefused(f"more than {MAX_BYTES} bytes")
        return None

    def _add(self, line: str) -> None:
        found = _LINE.fullmatch(line)
        if found is None:
            raise HeaderRefused("a line that is no AGI header")
        name, value = found[1], found[2] or ""
        if name in self._found:
            raise HeaderRefused(f"agi_{name} twice")
        if len(self._found) >= MAX_LINES:
            raise HeaderRefused(f"more than {MAX_LINES} headers")
        self._found[name] = value


def _address(text: str) -> tuple[str, str]:
    """Return path and query; a broken address has neither."""
    try:
        parts = urlsplit(text)
    except ValueError:
        return "", ""
    return parts.path.strip("/"), parts.query


def _present(text: str) -> str:
    return "" if text in _WITHHELD else text
