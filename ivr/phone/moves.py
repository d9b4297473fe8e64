"""What a telephone may do with a call that goes on: hold it, take it back, send it to somebody else (RFC 3515)."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from urllib.parse import quote

from ivr.phone import sdp
from ivr.phone.dialog import Dialog
from ivr.phone.media import Media
from ivr.phone.sip import Headers, Response
from ivr.phone.transactions import Transactions
from ivr.phone.udp import HostPort


class Moves:
    """The requests inside one dialog that change where its sound goes. `peer`: where they go without a server."""

    def __init__(self, transactions: Transactions, dialog: Dialog, peer: HostPort | None) -> None:
        self._transactions, self._dialog, self._peer = transactions, dialog, peer

    async def offer(self, media: Media, direction: sdp.Direction, version: int, *headers: tuple[str, str]) -> int:
        """Offer our sound anew, in this direction; return the other side's status, 408 when it says nothing."""
        body = sdp.write(replace(media.local, direction=direction), version)
        answer = await self._ask("INVITE", *headers, body=body)
        if answer is None:
            return 408
        if 200 <= answer.status < 300 and answer.body:
            media.aim(sdp.read(answer.body))
        return answer.status

    async def refer(self, target: str, replaces: Dialog | None = None, early_tag: str = "") -> int:
        """Ask the other side to call `target` instead of us; `replaces`: to take the place of that dialog of ours.

        `early_tag`: the other side's tag in that dialog while it only rings.
        """
        if replaces is not None:
            tags = f"{replaces.call_id};to-tag={replaces.remote.tag or early_tag};from-tag={replaces.local.tag}"
            target = f"{target}?Replaces={quote(tags, safe='')}"
        answer = await self._ask("REFER", ("Refer-To", f"<{target}>"), ("Referred-By", f"<{self._dialog.local.uri}>"))
        return answer.status if answer else 408

    async def _ask(self, method: str, *headers: tuple[str, str], body: bytes = b"") -> Response | None:
        done: asyncio.Future[Response | None] = asyncio.get_running_loop().create_future()
        request = self._dialog.request(method, *headers, body=body)

        def heard(response: Response, _at: float) -> None:
            if method == "INVITE" and 200 <= response.status < 300:
                self._acknowledge(response.sequence[0])  # each time that it is repeated
            if response.status >= 200 and not done.done():
                done.set_result(response)

        def lost() -> None:
            if not done.done():
                done.set_result(None)

        self._transactions.begin(request, heard, lost, self._peer)
        return await done

    def _acknowledge(self, number: int) -> None:
        headers: Headers = (self._transactions.via(),)
        self._transactions.send(self._dialog.request("ACK", *headers, sequence=number).encode(), self._peer)
