"""Captures that SIPp plays into a call: a little noise, and a key.

The captures that come with SIPp all begin with the same RTP stamps, so that Asterisk takes the second key of a call
for a repetition of the first; and a caller of whom nothing is heard makes Asterisk's Answer wait for half a second.
"""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np

from ivr.phone.g711 import encode
from ivr.phone.rtp import FRAME, FRAME_SECONDS, Packet, key_payloads

_HEAD = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
_RECORD = struct.Struct("<IIII")
_ETHERNET = b"\0" * 12 + b"\x08\x00"
_LOCAL = bytes([127, 0, 0, 1])
_PCMU, _EVENTS = 0, 101
_NOISE_FRAMES = 5
_APART = 1000
"""Packets between the sequence numbers of two captures of one call: more than any of them has."""


def write_capture(path: Path, place: int, key: str = "") -> Path:
    """Write the capture for the `place`th step of a call: 100 ms of quiet noise, then the key ("" = none)."""
    noise = encode(np.random.default_rng(place).normal(0, 300, FRAME).astype(np.int16), "PCMU")
    first = place * _APART
    packets = [(frame, _PCMU, frame, noise) for frame in range(_NOISE_FRAMES)]
    if key:
        for frame, payloads in enumerate(key_payloads(key), _NOISE_FRAMES):
            packets += [(frame, _EVENTS, _NOISE_FRAMES, payload) for payload in payloads]
    with path.open("wb") as file:
        file.write(_HEAD)
        for number, (frame, kind, stamp, payload) in enumerate(packets):
            marker = kind == _EVENTS and frame == _NOISE_FRAMES
            packet = Packet(kind, first + number, (first + stamp) * FRAME, 77, payload, marker=marker)
            file.write(_record(packet.encode(), frame * FRAME_SECONDS))
    return path


def _record(datagram: bytes, at: float) -> bytes:
    udp = struct.pack("!HHHH", 6000, 6000, 8 + len(datagram), 0) + datagram
    ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0) + _LOCAL * 2 + udp
    whole = _ETHERNET + ip
    return _RECORD.pack(int(at), round(at % 1 * 1e6), len(whole), len(whole)) + whole
