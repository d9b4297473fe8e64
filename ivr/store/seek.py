"""The different values of a column that an index begins with."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import ColumnElement, Connection, func, select


def values_of(connection: Connection, column: ColumnElement[str]) -> Iterator[str]:
    """Yield them in their order, without "": a seek for each, for the table is long and the values are few."""
    last: str | None = ""
    while last := connection.execute(select(func.min(column)).where(column > last)).scalar():
        yield last
