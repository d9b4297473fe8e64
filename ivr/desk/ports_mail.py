"""What the mailing of reports needs from the world: a place that remembers, a server, and somebody who writes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal, NamedTuple, Protocol

from ivr.errors import DeskError

State = Literal["waiting", "sending", "sent", "unsure", "refused"]
"""`sending`: the letter is being given to the server. `unsure`: nobody knows whether the server took it, so it is never
sent again by itself. `refused`: the server will not take it, or too many tries failed."""


class Mailing(NamedTuple):
    """One letter to one person: a schedule's report of one period."""

    schedule: str
    first: date
    behind: date
    recipient: str
    state: State
    attempts: int
    next_try: int
    """UTC microseconds; 0 = at once."""
    told_at: int
    """When the state was last changed, UTC microseconds."""
    reason: str


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file in a letter."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Letter:
    """What a person gets. `message_id` is the same for each try, so that even a doubled letter shows as one."""

    message_id: str
    sender: str
    recipient: str
    subject: str
    text: str
    html: str
    attachments: tuple[Attachment, ...] = ()


class ServerAwayError(Exception):
    """The letter was not taken, and may be tried again."""


class LetterRefusedError(Exception):
    """The server said that it will never take this letter."""


class LetterHeldError(DeskError):
    """The letter cannot be written until somebody has mended what it needs; it waits for as long as that takes."""


class Connection(Protocol):
    """A letter on its way: the server has agreed to sender and recipient, and awaits the text."""

    def deliver(self) -> None:
        """Hand the text over. Raises `ServerAwayError` or `LetterRefusedError` when the server answered so.

        Any other error, `OSError` above all, means that its answer was lost: it may have taken the letter.
        """

    def close(self) -> None:
        """Let go of the server."""


class Server(Protocol):
    """The mail server."""

    def open(self, letter: Letter) -> Connection:
        """Go as far as a letter can go without being delivered. Raises as `deliver`; nothing has been sent then."""


class Mailings(Protocol):
    """What has been sent. Every method is a transaction of its own and may raise `LedgerAwayError`."""

    def began(self, schedule: str, recipient: str, now: int) -> int:
        """Return since when the schedule has this recipient (UTC microseconds); `now` when he is new."""

    def add(self, mailings: Sequence[Mailing]) -> None:
        """Keep those that are not there yet."""

    def due(self, now: int) -> list[Mailing]:
        """Return the waiting ones whose next try has come, oldest period first."""

    def claim(self, mailing: Mailing, now: int) -> bool:
        """Move it from waiting to sending; False when somebody else did."""

    def settle(self, mailing: Mailing, state: State, now: int, *, reason: str = "", next_try: int = 0) -> None:
        """Keep what became of it, one attempt more."""

    def hold(self, mailing: Mailing, reason: str) -> None:
        """Say why it waits; it was not tried."""

    def left_sending(self, before: int) -> list[Mailing]:
        """Return those that are being sent since before that moment: whoever sent them has died."""

    def recent(self, limit: int) -> list[Mailing]:
        """Return the latest ones, the newest first."""

    def again(self, schedule: str, first: date, now: int) -> int:
        """Let those of the period that are unsure or refused wait to be sent once more; return how many."""


class Writer(Protocol):
    """Writes the report of a schedule."""

    def complete_to(self) -> datetime | None:
        """Return up to which moment the ledger is loaded."""

    def write(self, schedule: str, first: date, behind: date, recipient: str) -> Letter:
        """Return the letter. Raises `DeskError` when the report cannot be made, `LetterHeldError` when not yet."""
