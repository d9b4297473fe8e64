"""The audio of one call: an RTP stream each way, paced by the clock, with everything heard kept on a time line."""

from __future__ import annotations

import asyncio
import secrets
import time
from collections import deque
from collections.abc import Callable, Iterator
from typing import NamedTuple

import numpy as np

from ivr.phone import rtp
from ivr.phone.g711 import Samples, decode, encode
from ivr.phone.sdp import EVENTS, STATIC, Audio, choose
from ivr.phone.timeline import Timeline
from ivr.phone.udp import HostPort, Wire

_SILENCE = np.zeros(rtp.FRAME, np.int16)
_BETWEEN_KEYS = 5
"""Frames of audio between two keys, so that the other side hears them apart."""


class Arrival(NamedTuple):
    """One received packet: when (seconds after the call began), and its header."""

    at: float
    sequence: int
    timestamp: int
    source: int
    payload_type: int
    size: int


class Media:
    """Both directions of a call's audio.

    `origin`: the monotonic moment that is second 0. `heard_key(at, key)` is called for each key of the other side,
    `pressed(at, key)` when one of ours begins to be sent, `first(at)` on the first audio packet.
    """

    def __init__(self, host: str, *, origin: float) -> None:
        self.origin = origin
        self.timeline = Timeline()
        self.packets: list[Arrival] = []
        self.on_key: Callable[[float, str], None] = lambda _at, _key: None
        self.on_press: Callable[[float, str], None] = lambda _at, _key: None
        self.on_audio: Callable[[float], None] = lambda _at: None
        self._wire = Wire((host, 0), self._arrived)
        self.local = Audio(host, self._wire.port)
        self._remote: Audio | None = None
        self._target: HostPort | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._pace = rtp.Pace(0)
        self._source = secrets.randbits(32)
        self._sequence = secrets.randbits(15)
        self._timestamp = secrets.randbits(31)
        self._said: deque[Samples] = deque()
        self._loop_sound: Samples | None = None
        self._quiet = asyncio.Event()
        self._quiet.set()
        self._keys: deque[tuple[str, asyncio.Future[None]]] = deque()
        self._sending: Iterator[tuple[bytes, ...]] | None = None
        self._key_timestamp = 0
        self._rest = 0
        self._last_key: tuple[int, int] | None = None

    @property
    def aimed(self) -> bool:
        """Whether we know where to send."""
        return self._remote is not None

    def agree(self, offer: Audio) -> Audio:
        """Take the other side's description and return ours as the answer to it."""
        self.aim(offer)
        self.local = choose(offer, self.local.host, self.local.port)
        return self.local

    def aim(self, remote: Audio) -> None:
        """Send to this description from now on."""
        if self._remote is None or (remote.host, remote.port) != (self._remote.host, self._remote.port):
            self._target = (remote.host, remote.port)
        self._remote = remote

    def start(self) -> None:
        """Begin to send: what is said, or silence, as every telephone does."""
        if self._timer is None and self._remote is not None:
            self._pace = rtp.Pace(time.monotonic())
            self._tick()

    def say(self, samples: Samples) -> None:
        """Speak after what is already being said."""
        self._quiet.clear()
        self._said.append(samples)

    def repeat(self, samples: Samples | None) -> None:
        """Speak this again and again whenever nothing else is said; None ends it."""
        self._loop_sound = samples

    async def said(self) -> None:
        """Wait until everything is spoken, or the call is over."""
        await self._quiet.wait()

    async def press(self, keys: str) -> None:
        """Send telephone events, one after the other; returns when the last is sent or the call is over."""
        loop = asyncio.get_running_loop()
        waiting = [(key.upper(), loop.create_future()) for key in keys]
        self._keys.extend(waiting)
        if self._timer is None:
            self._drop_keys()
        for _, sent in waiting:
            await sent

    def close(self) -> None:
        """End both directions."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._wire.close()
        self._said.clear()
        self._quiet.set()
        self._drop_keys()

    def _drop_keys(self) -> None:
        while self._keys:
            _, sent = self._keys.popleft()
            if not sent.done():
                sent.set_result(None)

    def _tick(self) -> None:
        loop = asyncio.get_running_loop()
        skip, send = self._pace.due(time.monotonic())
        self._timestamp += skip * rtp.FRAME
        for _ in range(send):
            self._send_frame()
        self._timer = loop.call_later(max(0.0, self._pace.next - time.monotonic()), self._tick)

    def _send_frame(self) -> None:
        remote = self._remote
        if remote is None:
            return
        if self._sending is None and self._keys and self._rest <= 0 and remote.events is not None:
            self._sending = rtp.key_payloads(self._keys[0][0])
            self._key_timestamp = self._timestamp
            self.on_press(time.monotonic() - self.origin, self._keys[0][0])
        self._rest -= 1
        if self._sending is not None and remote.events is not None:
            self._send_key(self._sending, remote.events)
        else:
            sound = self._next_frame()
            if remote.direction in ("sendrecv", "recvonly"):
                self._send(remote.payload, self._timestamp, encode(sound, remote.laws[remote.payload]))
        self._timestamp += rtp.FRAME

    def _send_key(self, sending: Iterator[tuple[bytes, ...]], payload_type: int) -> None:
        first = self._timestamp == self._key_timestamp
        payloads = next(sending)
        for payload in payloads:
            self._send(payload_type, self._key_timestamp, payload, marker=first)
        if len(payloads) > 1:
            self._sending, self._rest = None, _BETWEEN_KEYS
            _, sent = self._keys.popleft()
            if not sent.done():
                sent.set_result(None)

    def _send(self, payload_type: int, timestamp: int, payload: bytes, *, marker: bool = False) -> None:
        packet = rtp.Packet(payload_type, self._sequence, timestamp, self._source, payload, marker)
        self._sequence = (self._sequence + 1) & 0xFFFF
        if self._target is not None:
            self._wire.send(packet.encode(), self._target)

    def _next_frame(self) -> Samples:
        if not self._said and self._loop_sound is not None:
            self._said.append(self._loop_sound)
        frame = _SILENCE.copy()
        filled = 0
        while self._said and filled < rtp.FRAME:
            sound = self._said[0]
            taken = min(sound.size, rtp.FRAME - filled)
            frame[filled : filled + taken] = sound[:taken]
            filled += taken
            if taken == sound.size:
                self._said.popleft()
            else:
                self._said[0] = sound[taken:]
        if not self._said:
            self._quiet.set()
        return frame

    def _arrived(self, datagram: bytes, sender: HostPort, moment: float) -> None:
        packet = rtp.parse(datagram)
        if packet is None or (self._remote is not None and sender[0] != self._remote.host):
            return
        at = moment - self.origin
        self._target = sender  # symmetric RTP: answer where it comes from
        self.packets.append(
            Arrival(at, packet.sequence, packet.timestamp, packet.source, packet.payload_type, len(packet.payload))
        )
        laws = self.local.laws | dict(STATIC)
        if packet.payload_type in laws:
            if not self.timeline.end:
                self.on_audio(at)
            self.timeline.write(at, packet.source, packet.timestamp, decode(packet.payload, laws[packet.payload_type]))
        elif packet.payload_type == (self.local.events or EVENTS):
            self._take_key(at, packet)

    def _take_key(self, at: float, packet: rtp.Packet) -> None:
        key, event = rtp.read_key(packet.payload), (packet.source, packet.timestamp)
        if key is not None and event != self._last_key:
            self._last_key = event
            self.on_key(at, key)
