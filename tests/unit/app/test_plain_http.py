"""Pages for watchers: answered in time, and no stranger keeps them from others."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from http import HTTPStatus

import pytest

from ivr.app.plain_http import LARGEST, Answer, PlainHttp


async def well():
    return Answer(b"well\n")


async def broken():
    raise ValueError("secret")


@asynccontextmanager
async def served(**limits):
    server = PlainHttp({"/healthz": well, "/broken": broken}, **limits)
    port = await server.start("127.0.0.1", 0)
    try:
        yield port
    finally:
        await server.close()


async def asked(port, request):
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    try:
        async with asyncio.timeout(5):
            return await reader.read()
    except ConnectionError:
        return b""
    finally:
        writer.transport.abort()


async def test_a_page_is_answered_whole_and_the_connection_closed():
    async with served() as port:
        head, _, body = (await asked(port, b"GET /healthz?x=1 HTTP/1.1\r\nHost: x\r\n\r\n")).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200 OK\r\n")
    assert b"Content-Length: 5" in head
    assert b"Connection: close" in head
    assert body == b"well\n"


async def test_head_tells_the_length_and_sends_no_body():
    async with served() as port:
        said = await asked(port, b"HEAD /healthz HTTP/1.0\r\n\r\n")
    assert b"Content-Length: 5" in said
    assert said.endswith(b"\r\n\r\n")


@pytest.mark.parametrize(
    ("request_", "status"),
    [
        (b"POST /healthz HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", HTTPStatus.METHOD_NOT_ALLOWED),
        (b"DELETE /healthz HTTP/1.1\r\n\r\n", HTTPStatus.METHOD_NOT_ALLOWED),
        (b"GET /../../etc/passwd HTTP/1.1\r\n\r\n", HTTPStatus.NOT_FOUND),
        (b"GET http://127.0.0.1/healthz HTTP/1.1\r\n\r\n", HTTPStatus.NOT_FOUND),
        (b"GET /\xff\xfe%00 HTTP/1.1\r\n\r\n", HTTPStatus.NOT_FOUND),
        (b"GET /healthz\r\n\r\n", HTTPStatus.BAD_REQUEST),
        (b"\x16\x03\x01\x02\x00\x01\r\n\r\n", HTTPStatus.BAD_REQUEST),
        (b"GET /healthz HTTP/1.1\r\nX: " + b"a" * 2 * LARGEST, HTTPStatus.BAD_REQUEST),
        (b"GET /broken HTTP/1.1\r\n\r\n", HTTPStatus.INTERNAL_SERVER_ERROR),
    ],
)
async def test_what_is_no_request_for_a_page_gets_a_refusal_that_tells_nothing(request_, status):
    async with served() as port:
        said = await asked(port, request_)
    assert said.startswith(f"HTTP/1.1 {status.value} ".encode()) or (len(request_) > LARGEST and said == b"")
    assert b"secret" not in said


async def test_who_sends_a_byte_at_a_time_is_left_when_his_time_is_over():
    async with served(patience=0.3) as port:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        began = asyncio.get_running_loop().time()
        sending = asyncio.create_task(_slowly(writer))
        async with asyncio.timeout(3):
            with suppress(ConnectionResetError):
                assert await reader.read() == b""
        assert asyncio.get_running_loop().time() - began < 1
        sending.cancel()
        await asyncio.gather(sending, return_exceptions=True)
        writer.transport.abort()


async def test_silent_connections_keep_no_watcher_out():
    async with served(most=5) as port:
        silent = [await asyncio.open_connection("127.0.0.1", port) for _ in range(40)]
        for _ in range(3):
            assert (await asked(port, b"GET /healthz HTTP/1.1\r\n\r\n")).endswith(b"well\n")
        for _, writer in silent:
            writer.transport.abort()


async def _slowly(writer):
    while True:
        writer.write(b"G")
        await asyncio.sleep(0.05)
