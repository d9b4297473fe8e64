"""What a caller's telephone sends, as a capture file that SIPp plays: unbroken audio with one key pressed in it."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np

from ivr.phone.g711 import encode
from ivr.phone.rtp import FRAME, FRAME_SECONDS, Packet, key_payloads

_FILE_HEAD = struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)
_RECORD = struct.Struct("<IIII")
_ETHERNET = b"\0" * 12 + b"\x08\x00"
_ADDRESS = bytes([127, 0, 0, 1])
_PORT = 6000
_PCMU, _EVENTS = 0, 101
_LOUDNESS = 600


def write_voice(path: Path, *, key: str, at: float, seconds: float) -> None:
    """Write a capture of `seconds` of quiet noise with the key pressed `at` seconds after its beginning."""
    noise = np.random.default_rng(8).normal(0, _LOUDNESS, FRAME).astype(np.int16)
    law = encode(noise, "PCMU")
    pressed = key_payloads(key)
    first = round(at / FRAME_SECONDS)
    sequence = 0
    with path.open("wb") as file:
        file.write(_FILE_HEAD)
        for frame in range(round(seconds / FRAME_SECONDS)):
            payloads = next(pressed, ()) if frame >= first else ()
            stamp = (first if payloads else frame) * FRAME
            for payload in payloads or (law,):
                packet = Packet(_EVENTS if payloads else _PCMU, sequence, stamp, 77, payload, marker=frame == first)
                _write(file.write, packet.encode(), frame * FRAME_SECONDS)
                sequence += 1


def _write(write, datagram: bytes, at: float) -> None:  # type: ignore[no-untyped-def]
    udp = struct.pack("!HHHH", _PORT, _PORT, 8 + len(datagram), 0) + datagram
    ip = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0) + _ADDRESS * 2 + udp
    whole = _ETHERNET + ip
    write(_RECORD.pack(int(at), round(at % 1 * 1e6), len(whole), len(whole)) + whole)
