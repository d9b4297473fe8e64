"""A caller by hand: SIP as bytes over UDP, for what no decent telephone would send."""

from __future__ import annotations

import asyncio
import re
import secrets
import socket
from typing import Self

_SDP = (
    "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio {port} RTP/AVP 0 101\r\n"
    "a=rtpmap:101 telephone-event/8000\r\n"
)


class RawCall:
    """One INVITE, made of the bytes that are given, and what came back. Hangs up at the end of its block."""

    def __init__(self, server: tuple[str, int], *, uri: bytes, sender: bytes, headers: bytes = b"") -> None:
        """`uri`: the whole request URI; `sender`: the From header's value without its tag; `headers`: whole lines."""
        self._server = server
        self._uri, self._sender, self._headers = uri, sender, headers
        self._call = secrets.token_hex(8).encode()
        self._to = b""
        self.statuses: list[int] = []
        self.hung_up = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._loop = asyncio.get_running_loop()
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.setblocking(False)
        self._socket.bind(("127.0.0.1", 0))
        self._audio = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._audio.bind(("127.0.0.1", 0))
        self._loop.add_reader(self._socket.fileno(), self._read)
        body = _SDP.format(port=self._audio.getsockname()[1]).encode()
        self._send(b"INVITE", 1, self._headers + b"Content-Type: application/sdp\r\n", body)
        return self

    async def __aexit__(self, *_: object) -> None:
        if self.answered and not self.hung_up.is_set():
            self._send(b"BYE", 2)
            await asyncio.sleep(0.1)
        self._loop.remove_reader(self._socket.fileno())
        self._socket.close()
        self._audio.close()

    @property
    def answered(self) -> bool:
        return 200 in self.statuses

    @property
    def final(self) -> int:
        """The INVITE's last status, 0 when none has come."""
        return next((status for status in self.statuses if status >= 200), 0)

    def _send(self, method: bytes, number: int, headers: bytes = b"", body: bytes = b"", branch: bytes = b"") -> None:
        port = str(self._socket.getsockname()[1]).encode()
        branch = branch or b"z9hG4bK" + secrets.token_hex(8).encode()
        self._branch = branch if method == b"INVITE" else self._branch
        to = self._to or b"<" + self._uri + b">"
        head = [
            method + b" " + self._uri + b" SIP/2.0",
            b"Via: SIP/2.0/UDP 127.0.0.1:" + port + b";branch=" + branch + b";rport",
            b"Max-Forwards: 70",
            b"From: " + self._sender + b";tag=" + self._call,
            b"To: " + to,
            b"Call-ID: " + self._call,
            b"CSeq: " + str(number).encode() + b" " + method,
            b"Contact: <sip:raw@127.0.0.1:" + port + b">",
        ]
        lines = b"\r\n".join(head) + b"\r\n" + headers + b"Content-Length: " + str(len(body)).encode() + b"\r\n\r\n"
        self._socket.sendto(lines + body, self._server)

    def _read(self) -> None:
        datagram = self._socket.recv(65535)
        if found := re.match(rb"SIP/2\.0 (\d+)", datagram):
            self._responded(int(found[1]), datagram)
        elif datagram.startswith(b"BYE "):
            self.hung_up.set()
            echoed = [line for line in datagram.split(b"\r\n") if re.match(rb"(?i)(via|from|to|call-id|cseq):", line)]
            answer = b"\r\n".join([b"SIP/2.0 200 OK", *echoed, b"Content-Length: 0", b"", b""])
            self._socket.sendto(answer, self._server)

    def _responded(self, status: int, datagram: bytes) -> None:
        method = re.search(rb"(?im)^cseq:\s*\d+\s+(\w+)", datagram)
        if method is None or method[1] != b"INVITE":
            return
        first = status >= 200 and not self.final
        self.statuses.append(status)
        if status >= 200:
            self._to = re.search(rb"(?im)^to:\s*(.*?)\r?$", datagram)[1]  # type: ignore[index]
            self._send(b"ACK", 1, branch=b"" if status < 300 else self._branch)
        if first and status >= 300:
            self.hung_up.set()
