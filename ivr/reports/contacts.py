"""What the calls of one number say together: missed calls and their return, repeats, first-contact resolution."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from ivr.ledger.call import Call, Direction
from ivr.reports.bins import SECOND, bin_of
from ivr.reports.missed import OWED
from ivr.reports.tally import Tally, quarter_of, tally
from ivr.telephony.number import same_number

LEAST_TALK = 5 * SECOND
"""A talk of less settles nothing: somebody said hello to a machine, or the line was bad."""
WINDOW = 7 * 86400 * SECOND
"""How long a matter may come back after it was talked about."""


class Contact(NamedTuple):
    """One call of a number, or to it. Times in UTC microseconds."""

    call: str
    number: str
    at: int
    """When it began; a talk counts from `talked_at`."""
    direction: Direction
    missed: bool
    """Whether he is owed a talk by it."""
    talked: int
    talked_at: int | None
    category: str = ""
    line: str = ""
    agent: str = ""
    desk: str = ""


class Missed(NamedTuple):
    """A caller's missed calls in a row, and who settled them."""

    number: str
    first_at: int
    last_at: int
    calls: tuple[str, ...]
    """The missed calls, in their order."""
    line: str
    """Of the last one; empty when he never reached a line."""
    tries: int
    """How often we called him in vain since."""
    returned_at: int | None = None
    """When somebody talked with him; None = he is still owed."""
    returned_by: str = ""
    returned_call: str = ""


def contact_of(call: Call) -> Contact | None:
    """Return the call as a contact; None of an open call, one that reached no desk, and a caller without a number."""
    direction = call.direction
    number = same_number(call.number if direction == "out" else call.caller)
    reached = direction == "out" or (direction == "in" and call.desk)
    if call.ended_at is None or not reached or not number:
        return None
    missed = direction == "in" and call.outcome in OWED
    at, talked_at = call.began_at, call.connected_at
    line, agent = call.last_line, call.answered_by or call.agent
    return Contact(
        call.id, number, at, direction, missed, call.talked, talked_at, call.category, line, agent, call.desk
    )


def missed_rows(contacts: Iterable[Contact], *, least: int = LEAST_TALK) -> list[Missed]:
    """Return the rows of missed calls of one number, oldest first; the last one may still be owed.

    Missed calls in a row are one debt, from the first of them. A talk of at least `least` microseconds in either
    direction settles it; no age does.
    """
    rows: list[Missed] = []
    owed: Missed | None = None
    for one in sorted(contacts, key=_moment):
        if one.missed:
            calls = (*owed.calls, one.call) if owed else (one.call,)
            first = owed.first_at if owed else one.at
            owed = Missed(one.number, first, one.at, calls, one.line, owed.tries if owed else 0)
        elif owed and one.talked_at is not None and one.talked >= least:
            rows.append(owed._replace(returned_at=one.talked_at, returned_by=one.agent, returned_call=one.call))
            owed = None
        elif owed and one.direction == "out":
            owed = owed._replace(tries=owed.tries + 1)
    return [*rows, owed] if owed else rows


def missed_tallies(row: Missed, desk: str) -> list[Tally]:
    """Return what a row of missed calls contributes to the totals of source `number`."""
    bucket, keys = quarter_of(row.first_at), (desk, row.line, row.returned_by)
    return [tally(("number", bucket, keys, measure, value)) for measure, value in row_totals(row).items()]


def row_totals(row: Missed) -> dict[str, int]:
    """Return the row's measures."""
    if row.returned_at is None:
        return {"owed": 1}
    took = max(0, row.returned_at - row.first_at)
    return {"returned": 1, "return_time": took, f"return_time.{bin_of(took)}": 1}


class Judged(NamedTuple):
    """Whether an answered call settled its matter."""

    call: str
    again: str
    """The call that came back with it within the window; empty when none did."""


def first_contacts(contacts: Iterable[Contact], now: int, *, window: int = WINDOW) -> list[Judged]:
    """Return each answered call of one number that is older than the window, and the first that came back with it.

    Coming back is a call from outside about the same category (or one of them without a category), answered or not,
    that begins after this one and within the window.
    """
    incoming = sorted((one for one in contacts if one.direction == "in"), key=lambda one: (one.at, one.call))
    judged = []
    for place, one in enumerate(incoming):
        if one.talked_at is not None and one.at + window <= now:
            later = (other for other in incoming[place + 1 :] if other.at - one.at < window and _same(one, other))
            judged.append(Judged(one.call, next((other.call for other in later), "")))
    return judged


def moment_of(one: Contact) -> int:
    """Return when the contact counts: a talk from its beginning, a missed call from the first ring."""
    return one.at if one.talked_at is None else one.talked_at


def _moment(one: Contact) -> tuple[int, str]:
    return moment_of(one), one.call


def _same(one: Contact, other: Contact) -> bool:
    return not one.category or not other.category or one.category == other.category
