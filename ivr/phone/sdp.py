"""Session descriptions (RFC 4566) of one G.711 audio stream with telephone events."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Literal, TypeAlias

Law: TypeAlias = Literal["PCMU", "PCMA"]
Direction: TypeAlias = Literal["sendrecv", "sendonly", "recvonly", "inactive"]

STATIC: dict[int, Law] = {0: "PCMU", 8: "PCMA"}
"""Payload types that need no rtpmap (RFC 3551)."""
_LAWS: dict[str, Law] = {"PCMU": "PCMU", "PCMA": "PCMA"}
EVENTS = 101
"""The payload type under which we offer telephone events."""
_MIRRORED: dict[Direction, Direction] = {
    "sendrecv": "sendrecv", "sendonly": "recvonly", "recvonly": "sendonly", "inactive": "inactive",
}  # fmt: skip


class NoAudioError(ValueError):
    """The description has no audio stream that we speak."""


@dataclass(frozen=True, slots=True)
class Audio:
    """One side of an audio stream."""

    host: str
    port: int
    laws: dict[int, Law] = field(default_factory=lambda: dict(STATIC))
    """Payload type → law, the preferred first."""
    events: int | None = EVENTS
    """Payload type of telephone events, when spoken."""
    direction: Direction = "sendrecv"

    @property
    def payload(self) -> int:
        """The payload type to send with."""
        return next(iter(self.laws))


def write(audio: Audio, version: int = 1) -> bytes:
    """Return the description's text."""
    payloads = [*audio.laws, *([audio.events] if audio.events is not None else [])]
    lines = [
        "v=0",
        f"o=- 1 {version} IN IP4 {audio.host}",
        "s=-",
        f"c=IN IP4 {audio.host}",
        "t=0 0",
        f"m=audio {audio.port} RTP/AVP {' '.join(map(str, payloads))}",
        *(f"a=rtpmap:{payload} {law}/8000" for payload, law in audio.laws.items()),
    ]
    if audio.events is not None:
        lines += [f"a=rtpmap:{audio.events} telephone-event/8000", f"a=fmtp:{audio.events} 0-15"]
    return "\r\n".join([*lines, "a=ptime:20", f"a={audio.direction}", ""]).encode()


def read(body: bytes) -> Audio:
    """Return the other side's audio. Raises `NoAudioError` when there is none that we speak."""
    lines = body.decode("utf-8", "replace").replace("\r\n", "\n").split("\n")
    starts = [number for number, line in enumerate(lines) if line.startswith("m=")]
    session = lines[: starts[0]] if starts else lines
    for start, end in pairwise([*starts, len(lines)]):
        match = re.fullmatch(r"m=audio (\d{1,5})(?:/\d+)? RTP/AVP((?: \d{1,3})+)\s*", lines[start])
        if match and 0 < int(match[1]) < 65536:
            return _stream(int(match[1]), [int(word) for word in match[2].split()], session, lines[start + 1 : end])
    raise NoAudioError("no audio stream over RTP/AVP")


def choose(offer: Audio, host: str, port: int) -> Audio:
    """Return our answer to an offer: its first law, its events, its direction seen from our side."""
    return Audio(host, port, {offer.payload: offer.laws[offer.payload]}, offer.events, _MIRRORED[offer.direction])


def _stream(port: int, payloads: list[int], session: list[str], media: list[str]) -> Audio:
    names: dict[int, str] = {**STATIC} | {number: name for line in media for number, name in _rtpmap(line)}
    laws: dict[int, Law] = {}
    for payload in payloads:
        name = names.get(payload)
        if law := _LAWS.get(name or ""):
            laws[payload] = law
    events = next((payload for payload in payloads if names.get(payload) == "telephone-event"), None)
    host = _last(media, r"c=IN IP4 ([0-9.]+)") or _last(session, r"c=IN IP4 ([0-9.]+)")
    if not laws or not host:
        raise NoAudioError("no G.711 or no IPv4 address in the audio stream")
    return Audio(host, port, laws, events, _direction([*session, *media]))


def _direction(lines: list[str]) -> Direction:
    named = _last(lines, r"a=(sendrecv|sendonly|recvonly|inactive)\b")
    return next((direction for direction in _MIRRORED if direction == named), "sendrecv")


def _rtpmap(line: str) -> list[tuple[int, str]]:
    match = re.match(r"a=rtpmap:(\d{1,3}) ([A-Za-z-]+)/8000", line)
    if not match:
        return []
    name = match[2].upper()
    return [(int(match[1]), "telephone-event" if name == "TELEPHONE-EVENT" else name)]


def _last(lines: list[str], pattern: str) -> str:
    found = [match[1] for line in lines if (match := re.match(pattern, line))]
    return found[-1] if found else ""
