"""SIP messages (RFC 3261, section 7): bytes to typed values and back.

The reader is tolerant (bare LF, folded lines, compact names, odd blanks); the writer is strict: a header that would
break the message is refused. A message is one datagram.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from typing import Self, TypeAlias

Headers: TypeAlias = tuple[tuple[str, str], ...]

MAX_BYTES = 65535
_REQUIRED = ("Via", "From", "To", "Call-ID", "CSeq")
_COMPACT = {
    "b": "Referred-By", "c": "Content-Type", "e": "Content-Encoding", "f": "From", "i": "Call-ID", "k": "Supported",
    "l": "Content-Length", "m": "Contact", "o": "Event", "r": "Refer-To", "s": "Subject", "t": "To", "v": "Via",
    "x": "Session-Expires",
}  # fmt: skip
_TOKEN = re.compile(r"[A-Za-z0-9.!%*_+`'~-]+")
_CSEQ = re.compile(r"(\d{1,10})\s+([A-Za-z0-9.!%*_+`'~-]+)")
_STATUS = re.compile(r"SIP/2\.0 +([1-6]\d\d)(?: +(.*))?", re.IGNORECASE)
_BREAKS = re.compile(r"[\r\n\0]")


class MalformedError(ValueError):
    """These bytes are no SIP message, or these values cannot become one."""


@dataclass(frozen=True, slots=True)
class _Message:
    headers: Headers
    body: bytes = b""

    def first(self, name: str, default: str = "") -> str:
        """Return the first header of this name (any case), or the default."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), default)

    def lines(self, name: str) -> list[str]:
        """Return every header line of this name."""
        wanted = name.lower()
        return [value for key, value in self.headers if key.lower() == wanted]

    def listed(self, name: str) -> list[str]:
        """Return every value of this name, in order, a line's list split at its commas."""
        return [part for line in self.lines(name) for part in split_list(line)]

    def having(self, *headers: tuple[str, str]) -> Self:
        """Return the message with these headers added, each in place of its namesakes."""
        names = {name.lower() for name, _ in headers}
        kept = tuple(pair for pair in self.headers if pair[0].lower() not in names)
        return replace(self, headers=kept + headers)

    @property
    def call_id(self) -> str:
        return self.first("Call-ID")

    @property
    def sequence(self) -> tuple[int, str]:
        """The CSeq: number and method."""
        match = _CSEQ.fullmatch(self.first("CSeq"))
        return (int(match[1]), match[2].upper()) if match else (0, "")

    @property
    def branch(self) -> str:
        """The topmost Via's branch: the transaction's name."""
        vias = self.listed("Via")
        match = re.search(r";\s*branch\s*=\s*([^;\s]+)", vias[0], re.IGNORECASE) if vias else None
        return match[1] if match else ""


@dataclass(frozen=True, slots=True)
class Request(_Message):
    """A request: `Request(headers, body, method=…, uri=…)`."""

    method: str = ""
    uri: str = ""

    def encode(self) -> bytes:
        """Return the datagram. Raises `MalformedError` when a value would break it."""
        if not _TOKEN.fullmatch(self.method) or not re.fullmatch(r"[^\s\0]+", self.uri):
            raise MalformedError(f"no request line can be made of {self.method!r} and {self.uri!r}")
        return _encode(f"{self.method} {self.uri} SIP/2.0", self)


@dataclass(frozen=True, slots=True)
class Response(_Message):
    """An answer: `Response(headers, body, status=…, reason=…)`."""

    status: int = 0
    reason: str = ""

    def encode(self) -> bytes:
        """Return the datagram. Raises `MalformedError` when a value would break it."""
        return _encode(f"SIP/2.0 {self.status} {self.reason}", self)


Message: TypeAlias = Request | Response


def parse(datagram: bytes) -> Message:
    """Read one datagram. Raises `MalformedError` on anything that is not a whole SIP message."""
    head, body = _split(datagram)
    start, *rest = head.split("\n")
    headers = _headers(rest)
    message = _start(start, headers)
    if any(not message.first(name) for name in _REQUIRED):
        raise MalformedError("a required header is missing")
    number, method = message.sequence
    if not method or number >= 2**31:
        raise MalformedError("the CSeq is not a number and a method")
    if isinstance(message, Request) and message.method != method:
        raise MalformedError("the CSeq names another method than the request")
    return replace(message, body=_body(message, body))


def answer(
    request: Request, status: int, reason: str, *headers: tuple[str, str], tag: str = "", body: bytes = b""
) -> Response:
    """Make the answer to a request; `tag` is added to a To that has none."""
    to = request.first("To")
    if tag and not re.search(r";\s*tag\s*=", to, re.IGNORECASE):
        to = f"{to};tag={tag}"
    copied = [("Via", via) for via in request.lines("Via")]
    copied += [
        ("From", request.first("From")),
        ("To", to),
        ("Call-ID", request.call_id),
        ("CSeq", request.first("CSeq")),
    ]
    return Response((*copied, *headers), body, status=status, reason=reason)


def split_list(line: str) -> list[str]:
    """Split at the commas that stand outside of quotes and angle brackets."""
    parts, current, quoted, escaped, depth = [], "", False, False, 0
    for letter in line:
        if letter == "," and not quoted and depth == 0:
            parts.append(current.strip())
            current = ""
            continue
        current += letter
        if escaped or (quoted and letter == "\\"):
            escaped = not escaped
        elif letter == '"':
            quoted = not quoted
        elif not quoted:
            depth = max(0, depth + (letter == "<") - (letter == ">"))
    return [part for part in (*parts, current.strip()) if part]


def _split(datagram: bytes) -> tuple[str, bytes]:
    if len(datagram) > MAX_BYTES or b"\0" in datagram.partition(b"\r\n\r\n")[0]:
        raise MalformedError("too long, or a NUL in its head")
    match = re.search(rb"\r?\n\r?\n", datagram := datagram.lstrip(b"\r\n"))
    if match is None:
        raise MalformedError("no empty line after the headers")
    head = datagram[: match.start()].decode("utf-8", "surrogateescape")
    return re.sub(r"\n[ \t]+", " ", head.replace("\r\n", "\n")), datagram[match.end() :]


def _headers(lines: list[str]) -> Headers:
    headers = []
    for line in lines:
        name, colon, value = line.partition(":")
        name = name.strip()
        if not colon or not _TOKEN.fullmatch(name):
            raise MalformedError("a header line without a name")
        headers.append((_COMPACT.get(name.lower(), name), value.strip()))
    return tuple(headers)


def _start(line: str, headers: Headers) -> Message:
    if match := _STATUS.fullmatch(line.strip()):
        return Response(headers, status=int(match[1]), reason=match[2] or "")
    words = line.split()
    if len(words) == 3 and words[2].upper() == "SIP/2.0" and _TOKEN.fullmatch(words[0]):
        return Request(headers, method=words[0].upper(), uri=words[1])
    raise MalformedError("the first line is neither a request nor an answer")


def _body(message: Message, body: bytes) -> bytes:
    length = message.first("Content-Length", str(len(body)))
    if not re.fullmatch(r"[0-9]{1,6}", length) or int(length) > len(body):
        raise MalformedError("Content-Length does not fit the body")
    return body[: int(length)]


def _encode(start: str, message: _Message) -> bytes:
    lines = [start, *(f"{name}: {value}" for name, value in message.headers if name.lower() != "content-length")]
    if any(_BREAKS.search(line) for line in lines):
        raise MalformedError("a line break or NUL inside a line")
    head = "\r\n".join([*lines, f"Content-Length: {len(message.body)}", "", ""])
    return head.encode("utf-8", "surrogateescape") + message.body
