"""Keep the missed calls and their return beside the calls, in the loader's own transaction.

A number's rows are a function of its calls alone (`ivr.reports.contacts.missed_rows`). Before a row's first call
nothing is owed, so a number is looked at again from the first row on that new calls may change: mostly there is none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence

from sqlalchemy import ColumnElement, Connection, Row, and_, bindparam, delete, func, or_, select, union_all

from ivr.ledger.call import Call
from ivr.reports.contacts import Contact, Missed, contact_of, missed_rows, missed_tallies, moment_of
from ivr.reports.tally import Tally, taken_out
from ivr.store.bulk import add_rows, one_of, select_each
from ivr.store.tables import call
from ivr.store.tables_missed import missed
from ivr.telephony.number import spellings

_DAY = 86_400_000_000
"""As long as a call may last before its talk begins, and as far as numbers are read together."""
_REMOVED = delete(missed).where(missed.c.number == bindparam("who"), missed.c.first_at == bindparam("since"))


def keep_missed(connection: Connection, before: Iterable[Contact], now: Iterable[Contact]) -> list[Tally]:
    """Bring the table up to calls that were changed (`before`, as they were) or are new; return what that contributes.

    Their rows are as they are now already.
    """
    touched: dict[str, int] = {}
    owing: set[str] = set()
    for contact in (*before, *now):
        at = moment_of(contact)
        touched[contact.number] = min(at, touched.get(contact.number, at))
        if contact.missed:
            owing.add(contact.number)
    if not touched:
        return []
    old = _rows(connection, touched)
    begins = {number: min([touched[number], *(row.first_at for row in old[number])]) for number in owing | old.keys()}
    found: list[Tally] = []
    fresh = []
    contacts, desks = _contacts(connection, begins)
    for number, since in begins.items():
        rows = missed_rows(one for one in contacts[number] if moment_of(one) >= since)
        fresh += [_written(row, desks[row.calls[-1]]) for row in rows]
        for row in rows:
            found += missed_tallies(row, desks[row.calls[-1]])
    gone = [row for rows in old.values() for row in rows]
    for kept in gone:
        found += taken_out(missed_tallies(_read(kept), kept.desk))
    if gone:
        connection.execute(_REMOVED, [{"who": row.number, "since": row.first_at} for row in gone])
    add_rows(connection, missed, fresh)
    return found


def missed_between(connection: Connection, since: int, until: int, limit: int) -> list[tuple[Missed, str]]:
    """Return the first rows of missed calls whose first one began in the time, oldest first, each with its desk.

    Of the calls only the last one is told.
    """
    begun = select(missed).where(missed.c.first_at >= since, missed.c.first_at < until)
    rows = connection.execute(begun.order_by(missed.c.first_at, missed.c.number).limit(limit)).all()
    return [(_read(row), row.desk) for row in rows]


def count_owed(connection: Connection) -> int:
    """Return how many numbers are still owed a talk."""
    owed = select(func.count()).select_from(missed).where(missed.c.returned_at.is_(None))
    return connection.execute(owed).scalar_one()


def _rows(connection: Connection, touched: Mapping[str, int]) -> dict[str, list[Row[tuple[object, ...]]]]:
    """Return the rows that calls of these numbers from these moments on may change."""
    late = or_(missed.c.returned_at.is_(None), missed.c.returned_at >= min(touched.values()))
    found: dict[str, list[Row[tuple[object, ...]]]] = defaultdict(list)
    for row in connection.execute(select_each(connection, missed.c.number, touched, late)):
        if row.returned_at is None or row.returned_at >= touched[row.number]:
            found[row.number].append(row)
    return found


def _contacts(
    connection: Connection, begins: Mapping[str, int]
) -> tuple[Mapping[str, list[Contact]], Mapping[str, str]]:
    """Return the contacts of each number from its moment on, and the desk of each call.

    Numbers whose moment is long ago are asked for one by one: the others may have called often since.
    """
    found: dict[str, list[Contact]] = defaultdict(list)
    desks: dict[str, str] = {}
    lately = max(begins.values(), default=0) - _DAY
    groups: list[Collection[str]] = [[number for number, since in begins.items() if since >= lately]]
    groups += [[number] for number, since in begins.items() if since < lately]
    for numbers in filter(None, groups):
        since = min(begins[number] for number in numbers) - _DAY
        for row in _calls(connection, numbers, since):
            contact = contact_of(Call._make((*row, (), (), (), ())))
            if contact and contact.number in begins:
                found[contact.number].append(contact)
                desks[row.id] = row.desk
    return found, desks


def _calls(connection: Connection, numbers: Collection[str], since: int) -> Sequence[Row[tuple[object, ...]]]:
    over = and_(call.c.began_at >= since, call.c.ended_at.is_not(None))
    written = {way for number in numbers for way in spellings(number)}
    his = one_of(connection, call.c.caller, written)
    to_him: ColumnElement[bool] = and_(call.c.direction == "out", one_of(connection, call.c.number, written))
    query = union_all(select(call).where(his, over), select(call).where(to_him, over, ~his))
    return connection.execute(query).all()


def _written(row: Missed, desk: str) -> tuple[object, ...]:
    back = (row.tries, row.returned_at, row.returned_by, row.returned_call)
    return (row.number, row.first_at, row.last_at, len(row.calls), row.calls[-1], desk, row.line, *back)


def _read(row: Row[tuple[object, ...]]) -> Missed:
    calls = ("",) * (row.calls - 1) + (row.last_call,)
    back = (row.tries, row.returned_at, row.returned_by, row.returned_call)
    return Missed(row.number, row.first_at, row.last_at, calls, row.line, *back)
