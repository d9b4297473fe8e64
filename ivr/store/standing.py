"""How the ledger stands now, in a few quick questions: for the metrics."""

from __future__ import annotations

from typing import NamedTuple

from sqlalchemy import Engine, func, select
from sqlalchemy.exc import SQLAlchemyError

from ivr.desk.ports_ledger import LedgerAwayError
from ivr.ledger.gap import Freshness
from ivr.ledger.record import Position
from ivr.store.completeness import freshness
from ivr.store.missed import count_owed
from ivr.store.tables import journal_position, recording

_LIMIT = 5000
"""Milliseconds that PostgreSQL gives to one question: whoever watches the desk must not become its load."""
_TROUBLED = ("expected", "failed")


class Standing(NamedTuple):
    """The ledger now."""

    position: Position | None
    """Where the node's journal is loaded to; None before its first record."""
    fresh: Freshness
    recordings: dict[str, int]
    """How many wait to be verified (`expected`), and how many are bad (`failed`)."""
    owed: int
    """Numbers that are still owed a talk."""


def standing(engine: Engine, node: str) -> Standing:
    """Ask. Raises `LedgerAwayError` when the database cannot be asked, or has no such tables."""
    try:
        with engine.connect() as connection:
            if connection.dialect.name == "postgresql":
                connection.exec_driver_sql(f"SET LOCAL statement_timeout = {_LIMIT}")
            table = journal_position.c
            row = connection.execute(select(journal_position).where(table.node == node)).one_or_none()
            states = select(recording.c.state, func.count().label("many")).where(recording.c.state.in_(_TROUBLED))
            counted = {row.state: row.many for row in connection.execute(states.group_by(recording.c.state))}
            return Standing(
                Position(row.node, row.boot, row.file, row.inode, row.head, row.offset) if row else None,
                freshness(connection),
                {state: counted.get(state, 0) for state in _TROUBLED},
                count_owed(connection),
            )
    except SQLAlchemyError as error:
        raise LedgerAwayError(str(getattr(error, "orig", error)).strip()) from error
