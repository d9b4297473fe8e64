"""A dialog (RFC 3261, section 12): what both sides remember of each other, and the requests inside it. Pure."""

from __future__ import annotations

from dataclasses import dataclass

from ivr.phone.address import Address, read_address
from ivr.phone.sip import Request, Response


@dataclass(slots=True)
class Dialog:
    """One call's memory. `target` is the URI that our requests go to; `sequence` counts them."""

    call_id: str
    local: Address
    remote: Address
    target: str
    contact: str
    routes: tuple[str, ...] = ()
    sequence: int = 1

    def request(
        self, method: str, *headers: tuple[str, str], body: bytes = b"", sequence: int | None = None
    ) -> Request:
        """Return the next request; `sequence` repeats a number (for ACK and CANCEL)."""
        if sequence is None:
            self.sequence += 1
            sequence = self.sequence
        own = (
            ("Max-Forwards", "70"),
            ("From", str(self.local)),
            ("To", str(self.remote)),
            ("Call-ID", self.call_id),
            ("CSeq", f"{sequence} {method}"),
            ("Contact", f"<{self.contact}>"),
            *(("Route", route) for route in self.routes),
            *headers,
        )
        return Request(own, body, method=method, uri=self.target)

    def confirm(self, response: Response) -> None:
        """Learn the other side's tag, target and route from its answer to our INVITE."""
        self.remote = read_address(response.first("To"))
        self.routes = tuple(reversed(response.listed("Record-Route")))
        self.move(response)

    def move(self, message: Request | Response) -> None:
        """Take the other side's new target from a message of its own."""
        if contacts := message.listed("Contact"):
            self.target = read_address(contacts[0]).uri or self.target

    def owns(self, request: Request) -> bool:
        """Say whether a request of the other side belongs here."""
        return request.call_id == self.call_id and read_address(request.first("To")).tag == self.local.tag


def accept_dialog(invite: Request, contact: str, tag: str) -> Dialog:
    """Return the dialog that an INVITE of the other side begins."""
    remote = read_address(invite.first("From"))
    dialog = Dialog(
        call_id=invite.call_id,
        local=read_address(invite.first("To")).tagged(tag),
        remote=remote,
        target=remote.uri,
        contact=contact,
        routes=tuple(invite.listed("Record-Route")),
    )
    dialog.move(invite)
    return dialog
