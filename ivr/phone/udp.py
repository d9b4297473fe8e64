"""A UDP socket on the running loop whose datagrams come with the kernel's time of arrival.

The kernel's stamp tells when a packet came even when the loop was busy: a measuring instrument must not measure itself.
"""

from __future__ import annotations

import asyncio
import socket
import struct
import time
from collections.abc import Callable
from typing import TypeAlias

HostPort: TypeAlias = tuple[str, int]
Receive: TypeAlias = Callable[[bytes, HostPort, float], None]

_SO_TIMESTAMPNS = 35
"""Linux's number for option and control message alike; Python's socket module does not name it."""
_TIMESPEC = struct.Struct("@ll")
_ANCILLARY = socket.CMSG_SPACE(_TIMESPEC.size)
_DATAGRAM = 65535
_BURST = 64
"""Datagrams read before the loop's other work gets its turn."""
_OLDEST = 5.0
"""Seconds; an older stamp means that the wall clock was set meanwhile."""


class Wire:
    """One bound UDP socket.

    `receive` gets (datagram, sender, monotonic seconds of arrival). With `peer` the socket is connected: it takes
    nothing from others, and `refused` is called when nobody listens there.
    """

    def __init__(
        self,
        bind: HostPort,
        receive: Receive,
        *,
        peer: HostPort | None = None,
        refused: Callable[[], None] | None = None,
    ) -> None:
        self._receive = receive
        self._refused = refused
        self._connected = peer is not None
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self._socket.setblocking(False)
            self._socket.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
            self._socket.bind(bind)
            if peer is not None:
                self._socket.connect(peer)
        except OSError:
            self._socket.close()
            raise
        self.host, self.port = self._socket.getsockname()[:2]
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self._socket.fileno(), self._read)

    def send(self, datagram: bytes, to: HostPort | None = None) -> None:
        """Send; a datagram that the kernel does not take now is lost, as UDP may lose any."""
        try:
            if self._connected or to is None:
                self._socket.send(datagram)
            else:
                self._socket.sendto(datagram, to)
        except ConnectionRefusedError:
            self._report_refusal()
        except OSError:
            return

    def close(self) -> None:
        """Stop reading and free the port; a second call does nothing."""
        if self._socket.fileno() >= 0:
            self._loop.remove_reader(self._socket.fileno())
            self._socket.close()

    def _read(self) -> None:
        for _ in range(_BURST):
            if self._socket.fileno() < 0:
                return
            try:
                datagram, control, _, sender = self._socket.recvmsg(_DATAGRAM, _ANCILLARY)
            except ConnectionRefusedError:
                self._report_refusal()
            except OSError:
                return
            else:
                self._receive(datagram, sender, _arrival(control))

    def _report_refusal(self) -> None:
        if self._refused is not None:
            self._loop.call_soon(self._refused)


def _arrival(control: list[tuple[int, int, bytes]]) -> float:
    """Turn the kernel's wall-clock stamp into monotonic seconds."""
    now = time.monotonic()
    for level, kind, stamp in control:
        if level == socket.SOL_SOCKET and kind == _SO_TIMESTAMPNS:
            seconds, nanoseconds = _TIMESPEC.unpack_from(stamp)
            age: float = time.time() - (seconds + nanoseconds / 1e9)
            if 0 <= age < _OLDEST:
                return now - age
    return now
