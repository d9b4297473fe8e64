"""RTP packets (RFC 3550), telephone events (RFC 4733) and the pace of sending: all pure."""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

KEYS = "0123456789*#ABCD"
"""A key's place is its event code."""
FRAME = 160
"""Samples in a packet: 20 ms."""
FRAME_SECONDS = 0.02
_HEADER = struct.Struct("!BBHII")
_EVENT = struct.Struct("!BBH")
_VOLUME = 10
"""The loudness of a sent key, in -dBm0."""


@dataclass(frozen=True, slots=True)
class Packet:
    """One RTP packet, without padding, extension and sources."""

    payload_type: int
    sequence: int
    timestamp: int
    source: int
    payload: bytes
    marker: bool = False

    def encode(self) -> bytes:
        """Return the datagram."""
        second = (0x80 if self.marker else 0) | self.payload_type
        return (
            _HEADER.pack(0x80, second, self.sequence & 0xFFFF, self.timestamp & 0xFFFFFFFF, self.source) + self.payload
        )


def parse(datagram: bytes) -> Packet | None:
    """Read a datagram; None when it is not RTP (RTCP on the same port included)."""
    if len(datagram) < _HEADER.size:
        return None
    first, second, sequence, timestamp, source = _HEADER.unpack_from(datagram)
    if first >> 6 != 2 or 192 <= second <= 223:
        return None
    start = _HEADER.size + 4 * (first & 0x0F)
    if first & 0x10:
        if len(datagram) < start + 4:
            return None
        start += 4 + 4 * int.from_bytes(datagram[start + 2 : start + 4], "big")
    end = len(datagram) - (datagram[-1] if first & 0x20 else 0)
    if start > end:
        return None
    return Packet(second & 0x7F, sequence, timestamp, source, datagram[start:end], bool(second & 0x80))


def key_payloads(key: str, frames: int = 5) -> Iterator[tuple[bytes, ...]]:
    """Yield the payloads of one pressed key, for each 20 ms: 100 ms in all, the end said three times.

    All of them carry the timestamp of the first.
    """
    code = KEYS.index(key.upper())
    for number in range(1, frames):
        yield (_EVENT.pack(code, _VOLUME, number * FRAME),)
    yield (_EVENT.pack(code, _VOLUME | 0x80, frames * FRAME),) * 3


def read_key(payload: bytes) -> str | None:
    """Return the key of an event's payload, or None when it is another event or damaged."""
    if len(payload) < _EVENT.size:
        return None
    code = payload[0]
    return KEYS[code] if code < len(KEYS) else None


class Pace:
    """Says how many 20 ms frames are due, by the clock and without drift.

    A late caller gets its missing frames at once, up to `burst`; what was missed beyond that is skipped, as a telephone
    that stood still for long would. `skipped` counts those frames.
    """

    def __init__(self, start: float, burst: int = 10) -> None:
        self._start = start
        self._burst = burst
        self._frames = 0
        self.skipped = 0

    def due(self, now: float) -> tuple[int, int]:
        """Return (frames to skip, frames to send) at this moment."""
        # The small addition: a timer that fires exactly on time must not lose its frame to rounding.
        whole = int((now - self._start) / FRAME_SECONDS + 1e-6) + 1 - self._frames
        if whole <= 0:
            return 0, 0
        skip = whole - self._burst if whole > self._burst else 0
        self._frames += whole
        self.skipped += skip
        return skip, whole - skip

    @property
    def next(self) -> float:
        """When the next frame is due."""
        return self._start + self._frames * FRAME_SECONDS
