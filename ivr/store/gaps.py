"""Gaps noted while they happen, and the minutes that Asterisk counted: written by loader and controller."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from sqlalchemy import ColumnElement, Connection, Engine, and_, insert, select, update
from sqlalchemy.exc import SQLAlchemyError

from ivr.desk.ports_ledger import LedgerAwayError
from ivr.desk.ports_proof import Counted
from ivr.ledger.gap import Kind
from ivr.store.channels import add_counts
from ivr.store.tables import asterisk_minute, gap


class SqlGaps:
    """`ivr.desk.ports_proof.Gaps` on SQLite or PostgreSQL."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine.execution_options(writes=True)

    def begin(self, node: str, kind: Kind, at: int, details: str) -> None:
        """Note that a gap has begun, unless one of this kind goes on already."""
        with self._transaction() as connection:
            if not connection.execute(select(gap.c.kind).where(_going_on(node, kind))).all():
                # A gap that ended within the same microsecond goes on.
                again = update(gap).where(gap.c.node == node, gap.c.kind == kind, gap.c.began_at == at)
                if not connection.execute(again.values(ended_at=None, details=details)).rowcount:
                    row = {"node": node, "kind": kind, "began_at": at, "details": details}
                    connection.execute(insert(gap).values(**row))

    def end(self, node: str, kind: Kind, at: int) -> None:
        """Note the end of the gap of this kind that goes on, if one does."""
        with self._transaction() as connection:
            connection.execute(update(gap).where(_going_on(node, kind)).values(ended_at=at))

    def count(self, minutes: Sequence[Counted]) -> None:
        """Add channels and calls that Asterisk has shown, each counted once."""
        with self._transaction() as connection:
            add_counts(connection, asterisk_minute, [minute._asdict() for minute in minutes])

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        try:
            with self._engine.begin() as connection:
                yield connection
        except SQLAlchemyError as error:
            raise LedgerAwayError(str(getattr(error, "orig", error)).strip()) from error


def _going_on(node: str, kind: Kind) -> ColumnElement[bool]:
    return and_(gap.c.node == node, gap.c.kind == kind, gap.c.ended_at.is_(None))
