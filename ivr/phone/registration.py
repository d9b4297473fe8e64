"""Keeping a telephone known to its server (RFC 3261, section 10)."""

from __future__ import annotations

import secrets

from ivr.errors import DeskError
from ivr.phone.address import Address, parameter, read_address
from ivr.phone.digest import Account, credentials, strongest
from ivr.phone.sip import Request, Response
from ivr.phone.transactions import Transactions


class NotRegisteredError(DeskError):
    """The server did not take the registration. `code`: its SIP status, 0 when nobody answered."""

    def __init__(self, sentence: str, cure: str, code: int = 0) -> None:
        super().__init__(sentence, cure)
        self.code = code


class Registration:
    """The REGISTER requests of one account at one server."""

    def __init__(self, transactions: Transactions, account: Account, *, server: str, contact: str) -> None:
        self._transactions, self._account, self._server, self._contact = transactions, account, server, contact
        self._call_id = secrets.token_hex(12)
        self._tag = secrets.token_hex(6)
        self._sequence = 0

    async def bindings(self) -> list[str]:
        """Return the contact URIs that the server holds for our account, changing nothing."""
        return _bound(await self._ask())

    async def register(self, seconds: int) -> int:
        """Bind our contact; return for how many seconds the server keeps it."""
        answer = await self._ask(("Contact", f"<{self._contact}>"), ("Expires", str(seconds)))
        for line in answer.listed("Contact"):
            bound = read_address(line)
            if bound.uri.partition(";")[0] == self._contact:
                granted = parameter(bound.parameters, "expires")
                return int(granted) if granted.isdigit() else seconds
        return seconds

    async def unregister(self) -> None:
        """Take our contact away, and no other."""
        await self._ask(("Contact", f"<{self._contact}>;expires=0"))

    async def _ask(self, *headers: tuple[str, str]) -> Response:
        answer = await self._transactions.ask(self._request(*headers))
        for _ in range(2):  # the second time for a nonce that went stale
            challenge = (
                strongest(answer.lines("WWW-Authenticate")) if answer is not None and answer.status == 401 else None
            )
            if challenge is None:
                break
            line = credentials(
                challenge,
                self._account,
                method="REGISTER",
                uri=self._server,
                cnonce=secrets.token_hex(8),
            )
            answer = await self._transactions.ask(self._request(*headers, ("Authorization", line)))
            if answer is not None and answer.status == 401 and not _stale(answer):
                break
        return self._checked(answer)

    def _checked(self, answer: Response | None) -> Response:
        if answer is None:
            where = self._server.removeprefix("sip:")
            raise NotRegisteredError(f"Nothing answers at {where}.", "Start the desk with `make run`.")
        if answer.status >= 300:
            raise NotRegisteredError(
                f"{self._server} refused to register {self._account.user}: {answer.status} {answer.reason}.",
                "Compare user and password with what the desk shows.",
                answer.status,
            )
        return answer

    def _request(self, *headers: tuple[str, str]) -> Request:
        self._sequence += 1
        own = Address(f"sip:{self._account.user}@{self._server.removeprefix('sip:')}")
        return Request(
            (
                ("Max-Forwards", "70"),
                ("From", str(own.tagged(self._tag))),
                ("To", str(own)),
                ("Call-ID", self._call_id),
                ("CSeq", f"{self._sequence} REGISTER"),
                *headers,
            ),
            method="REGISTER",
            uri=self._server,
        )


def _bound(answer: Response) -> list[str]:
    return [read_address(line).uri for line in answer.listed("Contact")]


def _stale(answer: Response) -> bool:
    challenge = strongest(answer.lines("WWW-Authenticate"))
    return challenge is not None and challenge.stale
