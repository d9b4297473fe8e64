"""The loader's side of the database: everything of one batch in one transaction."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager

from sqlalchemy import ColumnElement, Connection, Engine, and_, bindparam, delete, func, insert, select, update
from sqlalchemy.exc import SQLAlchemyError

from ivr.desk.ports_ledger import LedgerAwayError, Story
from ivr.errors import DeskError
from ivr.ledger.call import Call
from ivr.ledger.record import FILE_BITS, OFFSET_BITS, Batch, Position, Record
from ivr.store.bulk import add_rows
from ivr.store.tables import call, fact, journal_position, journal_record, leg, recording, rejected_record
from ivr.telephony.facts import Fact

_CALL_WIDTH = len(call.c)
_IDS_AT_ONCE = 500
_TEXTS = 8192
_texts: dict[int, tuple[Fact, str]] = {}
NO_RECORD = 2**63 - 1
"""Behind every record's id."""


class SqlLedger:
    """`ivr.desk.ports_ledger.Ledger` on SQLite or PostgreSQL; the tables are there already."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine.execution_options(writes=True)

    def resume(self, node: str) -> tuple[Position, Mapping[str, Story]]:
        """Return where the node's journal is loaded to, and its open calls by id."""
        with self._transaction() as connection:
            row = connection.execute(select(journal_position).where(journal_position.c.node == node)).one_or_none()
            if row is None:
                return _first_position(connection, node), {}
            position = Position(row.node, row.boot, row.file, row.inode, row.head, row.offset)
            mine = and_(call.c.ended_at.is_(None), _records_of(row.number))
            return position, _stories(connection, mine)

    def stories(self, ids: Collection[str]) -> Mapping[str, Story]:
        """Return those of the calls that are kept already."""
        with self._transaction() as connection:
            return kept_stories(connection, ids)

    def save(self, before: Position, batch: Batch, new: Sequence[Call], changed: Sequence[Call]) -> None:
        """Keep records, calls and position in one transaction; see the port."""
        with self._transaction() as connection:
            _move(connection, before, batch)
            add_rows(connection, journal_record, batch.records)
            add_rows(connection, rejected_record, batch.rejected)
            if changed:
                remove_calls(connection, [one.id for one in changed])
            add_calls(connection, [*new, *changed], facts_from=batch.records[0].id if batch.records else 0)

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        try:
            with self._engine.begin() as connection:
                yield connection
        except SQLAlchemyError as error:
            raise LedgerAwayError(str(getattr(error, "orig", error)).strip()) from error


def kept_stories(connection: Connection, ids: Collection[str], before: int = NO_RECORD) -> dict[str, Story]:
    """Return those of the calls that have a row, each with its records whose id is below `before`."""
    found: dict[str, Story] = {}
    ordered = sorted(ids)
    for start in range(0, len(ordered), _IDS_AT_ONCE):
        some = call.c.id.in_(ordered[start : start + _IDS_AT_ONCE])
        kept = connection.execute(select(call.c.id).where(some)).scalars().all()
        if kept:
            found |= _stories(connection, and_(call.c.id.in_(kept), journal_record.c.id < before))
    return found


def remove_calls(connection: Connection, ids: Sequence[str]) -> None:
    """Remove calls and their legs, to be added anew. Facts stay: they never change."""
    keys = [{"key": name} for name in ids]
    connection.execute(delete(call).where(call.c.id == bindparam("key")), keys)
    connection.execute(delete(leg).where(leg.c.call_id == bindparam("key")), keys)


def add_calls(connection: Connection, calls: Sequence[Call], *, facts_from: int) -> None:
    """Add calls, their legs, and their facts from the record `facts_from` on; recordings become expected."""
    add_rows(connection, call, [one[:_CALL_WIDTH] for one in calls])
    add_rows(connection, leg, [(one.id, place, *part) for one in calls for place, part in enumerate(one.legs)])
    facts = [
        (one.id, told.record, told.place, told.at, told.fact.name, _details(told.fact))
        for one in calls
        for told in one.facts
        if told.record >= facts_from
    ]
    add_rows(connection, fact, facts)
    if names := {name: one.id for one in calls for name in one.recordings}:
        _expect(connection, names)


def _details(said: Fact) -> str:
    """Return a fact's values as JSON. The fold gives the same object for the same text, so it is known by identity."""
    kept = _texts.get(id(said))
    if kept is None:
        if len(_texts) >= _TEXTS:
            _texts.clear()
        kept = _texts[id(said)] = said, json.dumps(dict(said.values), ensure_ascii=False)
    return kept[1]


def _expect(connection: Connection, names: Mapping[str, str]) -> None:
    known = set(connection.execute(select(recording.c.name).where(recording.c.name.in_(names))).scalars())
    fresh = [
        {"name": name, "call_id": owner, "state": "expected"} for name, owner in names.items() if name not in known
    ]
    if fresh:
        connection.execute(insert(recording), fresh)


def _first_position(connection: Connection, node: str) -> Position:
    number = (connection.execute(select(func.max(journal_position.c.number))).scalar() or 0) + 1
    position = Position(node, "", number << FILE_BITS | 1, 0, "", 0)
    connection.execute(insert(journal_position).values(**position._asdict(), number=number, complete_to=0))
    return position


def _move(connection: Connection, before: Position, batch: Batch) -> None:
    """Move the position, first of all: it locks out a second loader, and tells when there was one."""
    fields = batch.position._asdict()
    if batch.records:
        fields["complete_to"] = batch.records[-1].at
    table = journal_position.c
    still = and_(table.node == before.node, table.file == before.file, table.offset == before.offset)
    if connection.execute(update(journal_position).where(still).values(**fields)).rowcount != 1:
        raise DeskError(
            f"Another loader is loading the journal of {before.node} into this database.",
            "Stop one of them; nothing was loaded twice. Two desks on one database need IVR_NODE to differ.",
        )


def _records_of(number: int) -> ColumnElement[bool]:
    """Pick the records of one node."""
    first = number << FILE_BITS << OFFSET_BITS
    last = (number + 1) << FILE_BITS << OFFSET_BITS
    return and_(journal_record.c.id >= first, journal_record.c.id < last)


def _stories(connection: Connection, which: ColumnElement[bool]) -> dict[str, Story]:
    query = (
        select(journal_record, call.c.crashed.label("crashed"))
        .join(call, call.c.id == journal_record.c.linkedid)
        .where(which)
        .order_by(journal_record.c.id)
    )
    found: dict[str, Story] = {}
    for *fields, crashed in connection.execute(query):
        record = Record(*fields)
        found.setdefault(record.linkedid, Story([], crashed)).records.append(record)
    return found
