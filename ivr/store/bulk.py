"""Many rows into one table, as fast as each database takes them."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sqlalchemy import Connection, Table
from sqlalchemy.dialects import postgresql, sqlite

_COPY_FROM = 50
"""Rows from which PostgreSQL's COPY is worth its round trips."""


def add_rows(connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows; each is a tuple of all columns of the table, in their order."""
    if not rows:
        return
    names = _names(table, connection.dialect.name)
    if connection.dialect.name == "postgresql":
        if len(rows) >= _COPY_FROM:
            _copy(connection, names, rows)
            return
        marks = ", ".join(["%s"] * len(table.c))
    else:
        marks = ", ".join("?" * len(table.c))
    # The driver itself: SQLAlchemy would copy every row.
    cursor: Any = connection.connection.cursor()
    cursor.executemany(f"INSERT INTO {names} VALUES ({marks})", rows)  # noqa: S608 - our own names
    cursor.close()


def _copy(connection: Connection, names: str, rows: Sequence[tuple[Any, ...]]) -> None:
    cursor: Any = connection.connection.cursor()
    with cursor, cursor.copy(f"COPY {names} FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


@lru_cache
def _names(table: Table, dialect: str) -> str:
    quote = (postgresql if dialect == "postgresql" else sqlite).dialect().identifier_preparer.quote_identifier
    return f"{quote(table.name)} ({', '.join(quote(column.name) for column in table.c)})"
