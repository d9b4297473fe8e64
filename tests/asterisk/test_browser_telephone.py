"""A telephone in the browser: SIP over WebSocket, with the credentials that `ivr agents` shows."""

from __future__ import annotations

import asyncio
import json

import numpy as np
import pytest
from websockets.asyncio.client import connect

from ivr.phone.digest import Account, credentials, strongest
from ivr.phone.sip import Request, Response, answer, parse
from tests.running import eventually

pytestmark = pytest.mark.asterisk

HERE = "df7jal23ls0d.invalid"
"""What a browser, which cannot know its address, says of itself."""
A_TURN = 40
"""Seconds in which the line comes to the agent, though it may ring a telephone before his that another test left."""
LOUD = 1000
"""A sample that only speech has, of 32768."""


def register(user, cseq, authorization=""):
    headers = [
        ("Via", f"SIP/2.0/WS {HERE};branch=z9hG4bK{cseq}"),
        ("Max-Forwards", "70"),
        ("From", f"<sip:{user}@127.0.0.1>;tag=1"),
        ("To", f"<sip:{user}@127.0.0.1>"),
        ("Call-ID", "browser-1"),
        ("CSeq", f"{cseq} REGISTER"),
        ("Contact", f"<sip:{user}@{HERE};transport=ws>"),
        ("Expires", "120"),
        *([("Authorization", authorization)] if authorization else []),
    ]
    return Request(tuple(headers), b"", "REGISTER", "sip:127.0.0.1").encode().decode()


async def read(socket, within=10):
    async with asyncio.timeout(within):
        while not (said := await socket.recv()).strip():
            pass  # it only keeps the connection alive
    return parse(said.encode())


async def response(socket):
    """Return the next response; Asterisk asks meanwhile whether the telephone is there."""
    while not isinstance(message := await read(socket), Response):
        await socket.send(answer(message, 200, "OK").encode().decode())
    return message


async def log_in(socket, user, password):
    """Register; return the status of the answer to the credentials."""
    await socket.send(register(user, 1))
    challenge = strongest((await response(socket)).lines("WWW-Authenticate"))
    line = credentials(challenge, Account(user, password), method="REGISTER", uri="sip:127.0.0.1", cnonce="c")
    await socket.send(register(user, 2, line))
    return (await response(socket)).status


async def answering(socket, offers):
    """Tell Asterisk again and again that we are there, as a telephone does; put what else it wants into `offers`."""
    while True:
        message = await read(socket, A_TURN * 2)
        if isinstance(message, Request) and message.method == "OPTIONS":
            await socket.send(answer(message, 200, "OK").encode().decode())
        elif isinstance(message, Request):
            await offers.put(message)


async def test_it_registers_as_the_agent_and_the_line_offers_calls_to_it(demo):
    shown = {row["agent"]: row for row in json.loads(demo.ivr("agents", "--json").stdout)}
    address, _, user = shown["202"]["browser"].partition(" as ")
    offers = asyncio.Queue()
    async with connect(address, subprotocols=["sip"]) as socket:
        assert await log_in(socket, user, shown["202"]["password"]) == 200
        telephone = asyncio.create_task(answering(socket, offers))
        await demo._seen("202")  # or the line is empty still, and the caller goes on to the next
        async with demo.caller("100", "+79219990001") as call:
            await call.answered()
            await eventually(lambda: np.abs(call.heard()).max(initial=0) > LOUD)  # it speaks, so it takes keys
            await call.press("2")
            offered = await asyncio.wait_for(offers.get(), A_TURN)
            assert offered.method == "INVITE"
            assert b"UDP/TLS/RTP/SAVPF" in offered.body
            assert b"a=fingerprint:" in offered.body
            await socket.send(answer(offered, 486, "Busy Here", tag="b").encode().decode())
        telephone.cancel()


async def test_a_wrong_password_is_refused(demo):
    async with connect(f"ws://127.0.0.1:{demo.settings.http_port}/ws", subprotocols=["sip"]) as socket:
        assert await log_in(socket, "201-web", "guess") == 401
