"""The loader's side of the database: everything of one batch in one transaction."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeAlias

from sqlalchemy import Connection, Engine, Row, and_, bindparam, delete, func, insert, select, update
from sqlalchemy.exc import SQLAlchemyError

from ivr.desk.ports_ledger import LedgerAwayError
from ivr.errors import DeskError
from ivr.ledger.agents import stays_of
from ivr.ledger.call import Call
from ivr.ledger.fold import fold_story
from ivr.ledger.record import FILE_BITS, OFFSET_BITS, Batch, Position, Record
from ivr.ledger.story import Story
from ivr.ledger.unfolding import Unfolded
from ivr.reports.contributions import tallies
from ivr.reports.tally import taken_out
from ivr.store.agents import AgentTimes, Holding
from ivr.store.beside import keep_beside
from ivr.store.bulk import add_missing, add_rows, one_of
from ivr.store.cards import CardsOfBatch
from ivr.store.channels import count_channels
from ivr.store.joined import Joinings, names_of_linkedids, whole_calls_of
from ivr.store.records import NO_RECORD, records_of_calls
from ivr.store.stored import closed_calls
from ivr.store.tables import (
    call,
    fact,
    journal_position,
    journal_record,
    leg,
    recording,
    rejected_record,
)
from ivr.store.totals import Sums, Totals, add_tallies
from ivr.telephony.facts import Fact

_CALL_WIDTH = len(call.c)
_UNVERIFIED: tuple[object, ...] = ("", 0.0, 0.0, "", 0, "", None)
"""What the columns of a recording hold behind name, call and state, until it is verified."""
_PLACES = select(call.c.id, call.c.crashed, call.c.evidence, call.c.first_record, call.c.last_record)
_Place: TypeAlias = tuple[str, bool, int, int, int]
_CALLS_A_STEP = 16
"""Calls to fold while the database takes some of the records: about as long as it is busy with them."""
_TEXTS = 8192
_texts: dict[int, tuple[Fact, str]] = {}


class SqlLedger:
    """`ivr.desk.ports_ledger.Ledger` on SQLite or PostgreSQL; the tables are there already."""

    def __init__(self, engine: Engine, zone: str = "") -> None:
        """`zone`: whose days and months the totals keep; "" = as they are, UTC in a new ledger."""
        self._engine = engine.execution_options(writes=True)
        self._reading = engine.execution_options(writes=False)
        self._totals = Totals(zone)
        self._times = AgentTimes(read_calls)

    def resume(self, node: str) -> tuple[Position, Sequence[Story]]:
        """Return where the node's journal is loaded to, and its open calls."""
        self._times.forget()
        with self._transaction() as connection:
            row = connection.execute(select(journal_position).where(journal_position.c.node == node)).one_or_none()
            if row is None:
                return _first_position(connection, node), []
            position = Position(row.node, row.boot, row.file, row.inode, row.head, row.offset)
            return position, _open_stories(connection, row.number)

    def stories(self, linkedids: Collection[str]) -> Sequence[Story]:
        """Return the calls of these linkedids that are kept already."""
        with self._transaction(self._reading) as connection:  # who reads ahead does not wait for who writes
            return kept_stories(connection, linkedids)

    def save(self, before: Position, batch: Batch, calls: Iterable[Unfolded]) -> int:
        """Keep records, calls and position in one transaction; see the port."""
        with self._transaction() as connection:
            if connection.dialect.name == "postgresql":
                # A crash of the server may lose the last commits, but the position with them: nothing is lost.
                connection.exec_driver_sql("SET LOCAL synchronous_commit = off")
            _move(connection, before, batch)
            derived = Derived(batch.records)
            # The calls are folded while the database is busy with the records.
            add_rows(connection, journal_record, batch.records, meanwhile=derived.taking(calls))
            add_rows(connection, rejected_record, batch.rejected)
            derived.keep(connection, self._totals, self._times)
            return derived.count

    def all_read(self, position: Position, until: int) -> None:
        """Let `complete_to` grow up to the moment, if the position is the loader's still; see the port."""
        table = journal_position.c
        still = and_(table.node == position.node, table.file == position.file, table.offset == position.offset)
        with self._transaction() as connection:
            later = update(journal_position).where(still, table.complete_to < until)
            connection.execute(later.values(complete_to=until))

    @contextmanager
    def _transaction(self, engine: Engine | None = None) -> Iterator[Connection]:
        try:
            with (engine or self._engine).begin() as connection:
                yield connection
        except BaseException as error:
            self._totals.forget()
            self._times.forget()
            # Rows go past SQLAlchemy, so its driver's errors come too.
            if not isinstance(error, (SQLAlchemyError, self._engine.dialect.loaded_dbapi.Error)):
                raise
            raise LedgerAwayError(str(getattr(error, "orig", error)).strip()) from error


def kept_stories(
    connection: Connection, linkedids: Collection[str], before: int = NO_RECORD, journal: Connection | None = None
) -> list[Story]:
    """Return the calls of these linkedids that have a row, each with its records whose id is below `before`.

    `journal`: the database that holds the records, when it is another one.
    """
    names = whole_calls_of(connection, linkedids)
    found: list[Story] = []
    for kept in connection.execute(_PLACES.where(one_of(connection, call.c.id, names))).all():
        last = min(kept.last_record, before - 1)
        found += _stories(connection, [kept], kept.first_record, last, journal)
    return found


def _open_stories(connection: Connection, number: int) -> list[Story]:
    """Return the open calls of the node with this number, by one walk over the records since the oldest began."""
    first, behind = (one << FILE_BITS << OFFSET_BITS for one in (number, number + 1))
    mine = and_(call.c.ended_at.is_(None), call.c.first_record >= first, call.c.first_record < behind)
    places = connection.execute(_PLACES.where(mine)).all()
    if not places:
        return []
    return _stories(connection, places, min(place.first_record for place in places), behind - 1)


def _stories(
    connection: Connection,
    places: Sequence[Row[*_Place]],
    first: int,
    last: int,
    journal: Connection | None = None,
) -> list[Story]:
    name_of = names_of_linkedids(connection, [place.id for place in places])
    records: dict[str, list[Record]] = {place.id: [] for place in places}
    for record in records_of_calls(journal or connection, name_of, first, last):
        records[name_of[record.linkedid]].append(record)
    cuts = {place.id: place.evidence if place.crashed else None for place in places}
    return [Story(told, cut=cuts[name], kept=True) for name, told in records.items() if told]


def read_calls(connection: Connection, ids: Collection[str], journal: Connection | None = None) -> Iterator[Call]:
    """Return those of the calls that have a row, folded from their records; calls of older systems have none.

    `journal`: the database that holds the records, when it is another one.
    """
    for story in kept_stories(connection, ids, journal=journal):
        yield fold_story(story)


class Derived:
    """What some records give, put together to be kept at once: every derived table is filled here."""

    def __init__(self, records: Sequence[Record], *, part: int = 0, newest: int = 0) -> None:
        """Begin with these records, in the journal's order. Facts before them are kept already, and never change.

        `part` and `newest` stand for the records where there are none of the journal.
        """
        self._records = records
        self._facts_from = records[0].id if records else part
        self._newest = records[-1].at if records else newest
        self._sums: Sums = {}
        self._stale: list[dict[str, str]] = []
        self._calls: list[tuple[Any, ...]] = []
        self._legs: list[tuple[Any, ...]] = []
        self._facts: list[tuple[Any, ...]] = []
        self._expected: list[tuple[Any, ...]] = []
        self._holdings: list[Holding] = []
        self._busy: list[Call] = []
        self._whole: list[Call] = []
        self._joinings = Joinings()

    @property
    def count(self) -> int:
        """How many calls."""
        return len(self._calls)

    def taking(self, calls: Iterable[Unfolded]) -> Iterator[None]:
        """Take all calls, a few at each step."""
        for place, (one, kept, joined) in enumerate(calls):
            self._holdings += [Holding(name, is_open=False, stays={}) for name in joined]
            self._stale += [{"key": name} for name in joined]
            self._joinings.take(one, joined)
            self._take(one)
            if kept:
                self._stale.append({"key": one.id})
            if place % _CALLS_A_STEP == 0:
                yield

    def drop(self, name: str) -> None:
        """Take out a call that is none any more."""
        self._stale.append({"key": name})

    def keep(self, connection: Connection, totals: Totals, times: AgentTimes | None = None) -> None:
        """Write what was taken, in place of what the database had of the same calls.

        Calls of older systems come without `times`: of their agents nobody knows when they were here.
        """
        if self._expected:
            # Before recordings are touched: who tells what became of one does it in this order.
            totals.open(connection)
        count_channels(connection, self._records)
        cards = CardsOfBatch(connection, self._records, [*(row["key"] for row in self._stale), *self._ids()])
        before: list[Call] = []
        if self._stale:
            if times:
                times.look(connection, [row["key"] for row in self._stale])
                for one in self._joinings.until_now(connection):
                    times.totals.was(one)
            before = closed_calls(connection, [row["key"] for row in self._stale])
            for one in before:
                add_tallies(self._sums, taken_out(tallies(one)))
            connection.execute(delete(call).where(call.c.id == bindparam("key")), self._stale)
            connection.execute(delete(leg).where(leg.c.call_id == bindparam("key")), self._stale)
        add_rows(connection, call, self._calls)
        add_rows(connection, leg, self._legs)
        add_rows(connection, fact, self._facts)
        if self._expected:
            add_missing(connection, recording, self._expected)
        self._joinings.keep(connection)
        if times:
            for one in self._busy:
                times.totals.note(one)
            gone, fresh = times.keep(connection, self._records, self._holdings)
            add_tallies(self._sums, times.totals.tallies(connection, gone, fresh))
        add_tallies(self._sums, keep_beside(connection, before, self._whole))
        add_tallies(self._sums, cards.tallies())
        if self._facts_from:
            totals.add(connection, self._sums, part=self._facts_from, newest=self._newest)

    def _ids(self) -> Iterator[str]:
        return (row[0] for row in self._calls)

    def _take(self, one: Call) -> None:
        name = one.id
        add_tallies(self._sums, tallies(one))
        self._calls.append(one[:_CALL_WIDTH])
        stays = stays_of(one)
        self._holdings.append(Holding(name, one.ended_at is None, stays))
        if stays:
            self._busy.append(one)
        if one.ended_at is not None:
            self._whole.append(one)
        self._legs += [(name, place, *part) for place, part in enumerate(one.legs)]
        self._facts += [
            (record, place, name, at, said.name, _details(said))
            for record, place, at, said in one.facts
            if record >= self._facts_from
        ]
        if one.recordings:
            self._expected += [(recorded, name, "expected", *_UNVERIFIED) for recorded in one.recordings]


def _details(said: Fact) -> str:
    """Return a fact's values as JSON. The fold gives the same object for the same text, so it is known by identity."""
    kept = _texts.get(id(said))
    if kept is None:
        if len(_texts) >= _TEXTS:
            _texts.clear()
        kept = _texts[id(said)] = said, json.dumps(dict(said.values), ensure_ascii=False)
    return kept[1]


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
        kept = connection.execute(select(table.file, table.offset).where(table.node == before.node)).one_or_none()
        if kept is None or tuple(kept) < (before.file, before.offset):
            raise LedgerAwayError("the database has lost its last commits in a crash; they are loaded again")
        raise DeskError(
            f"Another loader is loading the journal of {before.node} into this database.",
            "Stop one of them; nothing was loaded twice. Two desks on one database need IVR_NODE to differ.",
        )
