"""A call that comes to us."""

from __future__ import annotations

import secrets

from ivr.phone import sdp
from ivr.phone.address import Address, read_address
from ivr.phone.call import ALLOW, DESCRIBED, Call, CallOverError, End
from ivr.phone.dialog import Dialog, accept_dialog
from ivr.phone.transactions import Server, Transactions

REASONS = {
    404: "Not Found",
    480: "Temporarily Unavailable",
    486: "Busy Here",
    488: "Not Acceptable Here",
    600: "Busy Everywhere",
    603: "Decline",
}


class IncomingCall(Call):
    """A call for us: `ring()`, then `answer()` or `reject()`. Raises `NoAudioError` when it offers nothing we speak."""

    def __init__(self, transactions: Transactions, server: Server, *, host: str, contact: str) -> None:
        offer = sdp.read(server.request.body) if server.request.body else None
        super().__init__(transactions, host, origin=server.at)
        self._server = server
        self._peer = server.sender
        self._dialog: Dialog = accept_dialog(server.request, contact, secrets.token_hex(6))
        if offer is not None:
            self.media.agree(offer)
        self._note("invited", server.request.uri, 0.0)

    @property
    def caller(self) -> Address:
        """The From: name, number, as the other side says them."""
        return read_address(self._server.request.first("From"))

    def header(self, name: str) -> str:
        """Return a header of the INVITE, or empty."""
        return self._server.request.first(name)

    def ring(self) -> None:
        """Tell the caller that it rings."""
        if self.ended is None:
            self._server.reply(180, "Ringing", self._contact, tag=self._dialog.local.tag)
            self._note("ringing")

    def answer(self) -> None:
        """Take the call. Raises `CallOverError` when the caller has given up."""
        if self.ended is not None:
            raise CallOverError(self.ended)
        if self.answered_at is None:
            routes = tuple(("Record-Route", line) for line in self._server.request.lines("Record-Route"))
            headers = (*routes, self._contact, ALLOW, DESCRIBED)
            self._await_acknowledgement(self._server)
            at = self.now  # before they know: their first sound may be here before this function ends
            self._server.reply(200, "OK", *headers, tag=self._dialog.local.tag, body=sdp.write(self.media.local))
            self._answered(at)

    def reject(self, code: int = 486) -> None:
        """Refuse the call with a SIP status."""
        if self.ended is None and self.answered_at is None:
            reason = REASONS.get(code, "Refused")
            self._server.reply(code, reason, tag=self._dialog.local.tag)
            self._end(End("us", code, reason))

    async def hang_up(self) -> None:
        """End the call, or refuse it while it rings."""
        if self.answered_at is None:
            self.reject(603)
        await super().hang_up()

    def cancelled(self, server: Server) -> None:
        """Take the caller's CANCEL: he gave up before we answered."""
        if self.answered_at is None and self.ended is None:
            self._server.reply(487, "Request Terminated", tag=self._dialog.local.tag)
            self._end(End("them", 487, "gave up"), server.at)

    def began_with(self, server: Server) -> bool:
        """Say whether this INVITE began the call."""
        return self._server is server

    @property
    def _contact(self) -> tuple[str, str]:
        return "Contact", f"<{self._dialog.contact}>"
