"""The loader's side of the database: everything of one batch in one transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import Connection, Engine, and_, func, insert, select, update
from sqlalchemy.exc import SQLAlchemyError

from ivr.desk.ports_ledger import LedgerAwayError, Made
from ivr.errors import DeskError
from ivr.ledger.record import FILE_BITS, Batch, Position
from ivr.ledger.story import Story
from ivr.ledger.unfolding import Unfolded
from ivr.store.agents import AgentTimes
from ivr.store.bulk import add_rows
from ivr.store.derived import keep
from ivr.store.given import Given
from ivr.store.stories import kept_stories, open_stories, read_calls
from ivr.store.tables import journal_position, journal_record, rejected_record
from ivr.store.totals import Totals


class SqlLedger:
    """`ivr.desk.ports_ledger.Ledger` on SQLite or PostgreSQL; the tables are there already."""

    def __init__(self, engine: Engine, zone: str = "") -> None:
        """`zone`: whose days and months the totals keep; "" = as they are, UTC in a new ledger."""
        self._engine = engine.execution_options(writes=True)
        self._reading = engine.execution_options(writes=False)
        self._totals = Totals(zone)
        self._times = AgentTimes(read_calls)

    @property
    def dialect(self) -> str:
        """Which kind of database it is on."""
        return self._engine.dialect.name

    def resume(self, node: str) -> tuple[Position, Sequence[Story]]:
        """Return where the node's journal is loaded to, and its open calls."""
        self._times.forget()
        with self._transaction() as connection:
            row = connection.execute(select(journal_position).where(journal_position.c.node == node)).one_or_none()
            if row is None:
                return _first_position(connection, node), []
            position = Position(row.node, row.boot, row.file, row.inode, row.head, row.offset)
            return position, open_stories(connection, row.number)

    def stories(self, linkedids: Collection[str]) -> Sequence[Story]:
        """Return the calls of these linkedids that are kept already."""
        with self._transaction(self._reading) as connection:  # who reads ahead does not wait for who writes
            return kept_stories(connection, linkedids)

    def save(self, before: Position, batch: Batch, calls: Iterable[Unfolded]) -> int:
        """Keep records, calls and position in one transaction; see the port."""
        given = Given(batch.records, batch.rejected)
        # The calls are folded while the database is busy with the records.
        self._save(before, batch.position, given, given.taking(calls))
        return len(given.written)

    def save_made(self, before: Position, behind: Position, made: Made) -> None:
        """Keep what was made ready for this ledger in another process; see the port."""
        if not isinstance(made, Given):
            raise TypeError(f"not what this ledger keeps: {type(made)}")
        self._save(before, behind, made, iter(()))

    def _save(self, before: Position, behind: Position, given: Given, meanwhile: Iterator[None]) -> None:
        with self._transaction() as connection:
            if connection.dialect.name == "postgresql":
                # A crash of the server may lose the last commits, but the position with them: nothing is lost.
                connection.exec_driver_sql("SET LOCAL synchronous_commit = off")
            _move(connection, before, behind, given.newest)
            add_rows(connection, journal_record, given.records, meanwhile=meanwhile)
            add_rows(connection, rejected_record, given.rejected)
            keep(connection, given, self._totals, self._times)

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


def _first_position(connection: Connection, node: str) -> Position:
    number = (connection.execute(select(func.max(journal_position.c.number))).scalar() or 0) + 1
    position = Position(node, "", number << FILE_BITS | 1, 0, "", 0)
    connection.execute(insert(journal_position).values(**position._asdict(), number=number, complete_to=0))
    return position


def _move(connection: Connection, before: Position, behind: Position, newest: int) -> None:
    """Move the position, first of all: it locks out a second loader, and tells when there was one.

    `newest`: the time of the last record on the way, 0 when there is none.
    """
    fields = behind._asdict()
    if newest:
        fields["complete_to"] = newest
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
