"""A few pages over HTTP for programs that watch the desk: GET and HEAD, an answer, and the connection is closed.

Strangers may come to any port, so all has a limit: the request's bytes and time, and the connections at once, of which
the oldest gives way to a new one.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import NamedTuple

import structlog

PATIENCE = 5.0
"""Seconds from the connection to the end of the request; as many again for the answer to be taken."""
LARGEST = 8192
"""Bytes of a request with its headers."""
MOST = 32
"""Connections at once."""
_PLAIN = "text/plain; charset=utf-8"

_log = structlog.get_logger("ivr.exporter")


class Answer(NamedTuple):
    """What a page says."""

    body: bytes
    status: HTTPStatus = HTTPStatus.OK
    kind: str = _PLAIN


Page = Callable[[], Awaitable[Answer]]


class PlainHttp:
    """Serves the pages, by path."""

    def __init__(self, pages: dict[str, Page], *, patience: float = PATIENCE, most: int = MOST) -> None:
        self._pages = pages
        self._patience = patience
        self._most = most
        self._guests: dict[asyncio.StreamWriter, None] = {}
        self._server: asyncio.Server | None = None

    async def start(self, host: str, port: int) -> int:
        """Listen, and return the port. Raises OSError when it cannot be had."""
        self._server = await asyncio.start_server(self._guest, host, port, limit=LARGEST, backlog=self._most)
        address: tuple[str, int] = self._server.sockets[0].getsockname()
        return address[1]

    async def close(self) -> None:
        """Stop listening, and leave every guest."""
        if self._server is not None:
            self._server.close()
        for guest in list(self._guests):
            guest.transport.abort()

    async def _guest(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while len(self._guests) >= self._most:
            oldest = next(iter(self._guests))
            del self._guests[oldest]
            oldest.transport.abort()
        self._guests[writer] = None
        try:
            async with asyncio.timeout(self._patience):
                line = await _request_line(reader)
            answer, with_body = await self._answer(line)
            async with asyncio.timeout(self._patience):
                writer.write(_head(answer) + (answer.body if with_body else b""))
                await writer.drain()
                writer.close()
                await writer.wait_closed()
        except (OSError, EOFError, TimeoutError):
            writer.transport.abort()
        finally:
            self._guests.pop(writer, None)

    async def _answer(self, line: bytes) -> tuple[Answer, bool]:
        """Return the answer to a request line, and whether its body is wanted."""
        words = line.split(b" ")
        if len(words) != 3 or not words[2].startswith(b"HTTP/1."):
            return _refusal(HTTPStatus.BAD_REQUEST), True
        method, path = words[0], words[1].partition(b"?")[0].decode("latin-1")
        if method not in (b"GET", b"HEAD"):
            return _refusal(HTTPStatus.METHOD_NOT_ALLOWED), True
        page = self._pages.get(path)
        if page is None:
            return _refusal(HTTPStatus.NOT_FOUND), method == b"GET"
        try:
            return await page(), method == b"GET"
        except Exception:  # noqa: BLE001 - one page fails, the others are served
            _log.exception("exporter.page_failed", path=path)
            return _refusal(HTTPStatus.INTERNAL_SERVER_ERROR), method == b"GET"


async def _request_line(reader: asyncio.StreamReader) -> bytes:
    """Return the first line once the headers are over; b"" when they are too long."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
    except asyncio.LimitOverrunError:
        return b""
    return head.partition(b"\r\n")[0]


def _head(answer: Answer) -> bytes:
    lines = [
        f"HTTP/1.1 {answer.status.value} {answer.status.phrase}",
        f"Content-Type: {answer.kind}",
        f"Content-Length: {len(answer.body)}",
        "Cache-Control: no-store",
        "X-Content-Type-Options: nosniff",
        "Connection: close",
    ]
    if answer.status is HTTPStatus.METHOD_NOT_ALLOWED:
        lines.append("Allow: GET, HEAD")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def _refusal(status: HTTPStatus) -> Answer:
    return Answer(f"{status.phrase}\n".encode(), status)
