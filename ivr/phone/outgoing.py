"""A call that we place: INVITE, its answers, CANCEL."""

from __future__ import annotations

import secrets

from ivr.phone import sdp
from ivr.phone.address import Address, read_address
from ivr.phone.call import ALLOW, DESCRIBED, Call, End
from ivr.phone.dialog import Dialog
from ivr.phone.digest import Account, credentials, strongest
from ivr.phone.sip import Response
from ivr.phone.transactions import Client, Transactions

_WAIT_FOR_END = 5.0
"""Seconds that a cancelled call may take to end."""


class OutgoingCall(Call):
    """A call to somebody, ringing until `answered()` returns or raises."""

    def __init__(
        self, transactions: Transactions, dialog: Dialog, account: Account, host: str, *, origin: float
    ) -> None:
        super().__init__(transactions, host, origin=origin)
        self._dialog: Dialog = dialog
        self._account = account
        self._challenged = False
        self._cancelled = False
        self._early = False
        self._invite = self._send_invite()
        self._note("invited", dialog.target)

    async def hang_up(self) -> None:
        """End the call, or take it back while it rings, and wait until the other side knows."""
        if self.answered_at is None and self.ended is None:
            self._cancelled = True
            if self._early:
                self._cancel()
            if not await self.over(_WAIT_FOR_END):
                self._end(End("us", 487, "cancelled"))
        await super().hang_up()

    def _send_invite(self, *headers: tuple[str, str]) -> Client:
        body = sdp.write(self.media.local, self._version)
        invite = self._dialog.request("INVITE", ALLOW, DESCRIBED, *headers, body=body)
        return self._transactions.begin(invite, self._heard, self._lost)

    def _heard(self, response: Response, moment: float) -> None:
        at = moment - self.origin
        if response.status < 200:
            self._provisional(response, at)
        elif response.status < 300:
            self._accepted(response, at)
        elif response.status in (401, 407) and not self._challenged and self._meet(response):
            self._challenged = True
        else:
            by = "us" if self._cancelled and response.status == 487 else "failed"
            self._end(End(by, response.status, response.reason), moment)  # type: ignore[arg-type]

    def _provisional(self, response: Response, at: float) -> None:
        self._note({100: "trying", 180: "ringing", 183: "progress"}.get(response.status, str(response.status)), "", at)
        if self._cancelled and not self._early:
            self._cancel()
        self._early = True
        self._their_tag = read_address(response.first("To")).tag or self._their_tag
        self._take_description(response)

    def _accepted(self, response: Response, at: float) -> None:
        first = self.answered_at is None
        if first:
            self._dialog.confirm(response)
        number = response.sequence[0]
        ack = self._dialog.request("ACK", self._transactions.via(), sequence=number)
        self._transactions.send(ack.encode(), None)
        if first and self.ended is None:
            spoken = self._take_description(response)
            self._answered(at)
            if self._cancelled or not spoken:
                self._unheard()

    def _take_description(self, response: Response) -> bool:
        """Aim our audio at the other side's; say whether it can be spoken to."""
        if not response.body:
            return self.media.aimed
        try:
            self.media.aim(sdp.read(response.body))
        except sdp.NoAudioError:
            return False
        return True

    def _meet(self, response: Response) -> bool:
        header = (
            ("WWW-Authenticate", "Authorization")
            if response.status == 401
            else ("Proxy-Authenticate", "Proxy-Authorization")
        )
        challenge = strongest(response.lines(header[0]))
        if challenge is None or not self._account.password:
            return False
        line = credentials(
            challenge,
            self._account,
            method="INVITE",
            uri=self._dialog.target,
            cnonce=secrets.token_hex(8),
        )
        self._early = False
        self._invite = self._send_invite((header[1], line))
        return True

    def _cancel(self) -> None:
        request = self._invite.request
        cancel = self._dialog.request("CANCEL", ("Via", request.first("Via")), sequence=request.sequence[0])
        self._transactions.begin(cancel, lambda _answer, _at: None, lambda: None)

    def _lost(self) -> None:
        self._end(End("failed", 408, "nobody answers there"))


def new_dialog(*, caller: Address, contact: str, target: str) -> Dialog:
    """Return the dialog that an INVITE of ours begins."""
    tag = secrets.token_hex(6)
    return Dialog(secrets.token_hex(12), caller.tagged(tag), Address(target), target, contact, sequence=0)
