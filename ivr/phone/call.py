"""A call of our telephone: what both directions have in common."""

from __future__ import annotations

import asyncio
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

from ivr.errors import DeskError
from ivr.phone import sdp
from ivr.phone.address import parameter, sip_uri
from ivr.phone.dialog import Dialog
from ivr.phone.g711 import Samples
from ivr.phone.media import Media
from ivr.phone.moves import Moves
from ivr.phone.sip import Request
from ivr.phone.transactions import LINGER, Server, Transactions
from ivr.phone.udp import HostPort
from ivr.phone.wav import read_sound

ALLOW = ("Allow", "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, UPDATE, NOTIFY")
DESCRIBED = ("Content-Type", "application/sdp")


class CallOverError(DeskError):
    """The call is not there any more. `end` says how it ended."""

    exit_code = 1

    def __init__(self, end: End) -> None:
        self.end = end
        super().__init__(f"The call ended: {end.code} {end.reason}.".replace("  ", " "))


class Event(NamedTuple):
    """Something that happened in a call: seconds after the INVITE, what, and its particulars."""

    at: float
    name: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class End:
    """How a call ended.

    `by`: we, they, or nobody ("failed": it never came to a talk). `code`: the SIP status of a refusal; of a hang-up
    the Q.850 cause when told, else 0.
    """

    by: Literal["us", "them", "failed"]
    code: int
    reason: str


class Call:
    """One call, incoming or outgoing. All its times are seconds after its INVITE."""

    def __init__(self, transactions: Transactions, host: str, *, origin: float) -> None:
        self.origin = origin
        self.began = time.time()
        """The wall clock's UTC at second 0."""
        self.events: list[Event] = []
        self.on_event: Callable[[Event], None] | None = None
        self.keys: list[tuple[float, str]] = []
        """Keys that the other side pressed."""
        self.answered_at: float | None = None
        self.ended: End | None = None
        self.media = Media(host, origin=origin)
        self.media.on_key = self._key_heard
        self.media.on_press = lambda at, key: self._note("pressed", key, at)
        self.media.on_audio = lambda at: self._note("audio", "", at)
        self._transactions = transactions
        self._dialog: Dialog | None = None
        self._peer: HostPort | None = None
        """Where our requests go when the telephone has no server."""
        self._settled = asyncio.Event()
        self._over = asyncio.Event()
        self._version = 1
        self._their_tag = ""
        """The other side's tag while it rings: the dialog knows it from the answer on."""
        self._unacknowledged: Server | None = None
        self._patience: asyncio.TimerHandle | None = None

    @property
    def now(self) -> float:
        """Seconds since the INVITE."""
        return time.monotonic() - self.origin

    async def answered(self) -> None:
        """Wait for the answer. Raises `CallOverError` when the call ends without one."""
        await self._settled.wait()
        if self.answered_at is None and self.ended is not None:
            raise CallOverError(self.ended)

    async def over(self, within: float | None = None) -> bool:
        """Wait for the end, at most `within` seconds; say whether it has come."""
        try:
            async with asyncio.timeout(within):
                await self._over.wait()
        except TimeoutError:
            return False
        return True

    def say(self, sound: Samples | Path) -> None:
        """Speak samples (8 kHz) or a sound file, after what is already being said."""
        self.media.say(read_sound(sound) if isinstance(sound, Path) else sound)

    async def said(self) -> None:
        """Wait until everything is spoken."""
        await self.media.said()

    async def press(self, keys: str) -> None:
        """Press telephone keys (`0-9*#A-D`)."""
        await self.media.press(keys)

    def heard(self, start: float | None = None, stop: float | None = None) -> Samples:
        """Return what was heard, 8 kHz, from the answer until now or the end, or between two moments of the call."""
        begin = self.answered_at if start is None else start
        last = self.media.timeline.end / 8000 if stop is None else stop
        return self.media.timeline.read(begin or 0.0, last)

    async def hang_up(self) -> None:
        """End the call and wait until the other side knows; a call that is over stays as it is."""
        if self.ended is None and self._dialog is not None:
            bye = self._dialog.request("BYE")
            self._end(End("us", 0, "hung up"))
            await self._transactions.ask(bye, self._peer)

    async def hold(self) -> int:
        """Put the other side on hold; return its status (200)."""
        return await self._offer("sendonly")

    async def resume(self) -> int:
        """Take the other side back from hold; return its status (200)."""
        return await self._offer("sendrecv")

    async def transfer(self, number: str) -> int:
        """Send the other side to a number and leave (REFER); return its status: 202 says that it will try."""
        dialog = self._living()
        self._note("transfer", number)
        return await self._moves(dialog).refer(_sibling(dialog.target, number))

    async def transfer_to(self, other: Call) -> int:
        """Connect the other side of this call with that of another one (REFER with Replaces); return its status."""
        dialog, there = self._living(), other._living()
        self._note("transfer", there.remote.user)
        return await self._moves(dialog).refer(there.target, there, other._their_tag)

    def owns(self, request: Request) -> bool:
        """Say whether a request of the other side belongs to this call."""
        return self._dialog is not None and self._dialog.owns(request)

    def requested(self, server: Server) -> None:
        """Answer a request of the other side inside this call."""
        match server.request.method:
            case "BYE":
                server.reply(200, "OK")
                self._end(_told(server.request), server.at)
            case "INVITE":
                self._renegotiate(server)
            case "OPTIONS" | "INFO" | "UPDATE" | "NOTIFY":
                if server.request.first("Event").startswith("refer"):
                    self._note("transferred", server.request.body.decode("ascii", "replace").strip())
                server.reply(200, "OK", ALLOW)
            case _:
                server.reply(405, "Method Not Allowed", ALLOW)

    def acknowledged(self, request: Request) -> None:
        """Take the other side's ACK; with a late offer it carries the description that answers ours."""
        self._stop_waiting()
        if request.body:
            try:
                self.media.aim(sdp.read(request.body))
            except sdp.NoAudioError:
                return
            self.media.start()

    def abandon(self) -> None:
        """Forget the call without a word: its telephone is being closed."""
        self._end(End("us", 0, "telephone closed"))

    def _living(self) -> Dialog:
        if self.ended is not None or self._dialog is None:
            raise CallOverError(self.ended or End("failed", 0, "it never began"))
        return self._dialog

    def _moves(self, dialog: Dialog) -> Moves:
        return Moves(self._transactions, dialog, self._peer)

    async def _offer(self, direction: sdp.Direction) -> int:
        dialog = self._living()
        self._version += 1
        status = await self._moves(dialog).offer(self.media, direction, self._version, ALLOW, DESCRIBED)
        self._note("hold" if direction == "sendonly" else "resumed", str(status))
        return status

    def _renegotiate(self, server: Server) -> None:
        if self._dialog is None:
            server.reply(481, "Call Does Not Exist")
            return
        try:
            audio = self.media.agree(sdp.read(server.request.body)) if server.request.body else self.media.local
        except sdp.NoAudioError:
            server.reply(488, "Not Acceptable Here")
            return
        self._version += 1
        self._dialog.move(server.request)
        self._await_acknowledgement(server)
        contact = ("Contact", f"<{self._dialog.contact}>")
        server.reply(200, "OK", contact, ALLOW, DESCRIBED, body=sdp.write(audio, self._version))
        self._note("renegotiated", audio.direction)

    def _await_acknowledgement(self, server: Server) -> None:
        """Remember the INVITE that we accept: the ACK of a 2xx has a branch of its own, and may never come."""
        self._stop_waiting()
        self._unacknowledged = server
        self._patience = asyncio.get_running_loop().call_later(LINGER, self._unheard)

    def _unheard(self) -> None:
        if self.ended is None and self._dialog is not None:
            bye = self._dialog.request("BYE")
            self._end(End("us", 0, "the other side never acknowledged"))
            self._transactions.begin(bye, lambda _answer, _at: None, lambda: None, self._peer)

    def _stop_waiting(self) -> None:
        if self._unacknowledged is not None:
            self._unacknowledged.acknowledged()
            self._unacknowledged = None
        if self._patience is not None:
            self._patience.cancel()

    def _answered(self, at: float) -> None:
        self.answered_at = at
        self._note("answered", "", at)
        self.media.start()
        self._settled.set()

    def _end(self, end: End, moment: float | None = None) -> None:
        if self.ended is None:
            self.ended = end
            self.media.close()
            self._stop_waiting()
            self._note("ended", f"{end.by} {end.code} {end.reason}", None if moment is None else moment - self.origin)
            self._settled.set()
            self._over.set()

    def _key_heard(self, at: float, key: str) -> None:
        self.keys.append((at, key))
        self._note("key", key, at)

    def _note(self, name: str, detail: str = "", at: float | None = None) -> None:
        event = Event(round(self.now if at is None else at, 4), name, detail)
        self.events.append(event)
        if self.on_event is not None:
            self.on_event(event)


def _told(request: Request) -> End:
    """Read why the other side hung up (RFC 3326), as far as it tells."""
    for reason in request.listed("Reason"):
        protocol, _, rest = reason.partition(";")
        if protocol.strip().upper() == "Q.850" and (cause := parameter(rest, "cause")).isdigit():
            text = re.search(r'text\s*=\s*"([^"]*)"', rest)
            return End("them", int(cause), text[1] if text else "hung up")
    return End("them", 0, "hung up")


def _sibling(uri: str, user: str) -> str:
    """Return the address of another user at the host of a URI."""
    host = uri.rpartition("@")[2] if "@" in uri else uri.partition(":")[2]
    return sip_uri(user, host.partition(";")[0].partition("?")[0])
