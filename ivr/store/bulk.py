"""Many rows into one table, as fast as each database takes them."""

from __future__ import annotations

import json
import marshal
import re
from collections import deque
from collections.abc import Collection, Iterable, Iterator, Sequence
from functools import lru_cache
from itertools import chain
from typing import Any, NamedTuple

from sqlalchemy import (
    ARRAY,
    Column,
    ColumnElement,
    Connection,
    Select,
    Table,
    TableValuedAlias,
    Text,
    func,
    literal,
    select,
    true,
)
from sqlalchemy.dialects import postgresql, sqlite

_COPY_FROM = 50
"""Rows from which PostgreSQL's COPY is worth its round trips."""

_LINES_AT_ONCE = 500
_MARSHAL = 2
"""The form without back references, which is the quickest for many short texts."""
_NOTHING: Iterator[None] = iter(())
_TO_ESCAPE = re.compile(r"[\\\t\r\n]").search
_ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})


class Ready(NamedTuple):
    """Rows in the form that one kind of database takes fastest, made by another process of ours."""

    pieces: list[bytes]
    """PostgreSQL: lines of COPY. SQLite: marshalled rows."""


Rows = Sequence[tuple[Any, ...]] | Ready


def ready(dialect: str, rows: Sequence[tuple[Any, ...]]) -> Ready:
    """Bring rows into the form that the database takes fastest: nobody needs to look into them again."""
    parts = (rows[start : start + _LINES_AT_ONCE] for start in range(0, len(rows), _LINES_AT_ONCE))
    if dialect == "postgresql":
        return Ready([_lines(part).encode() for part in parts])
    return Ready([marshal.dumps(list(map(tuple, part)), _MARSHAL) for part in parts])


def add_rows(connection: Connection, table: Table, rows: Rows, *, meanwhile: Iterator[None] = _NOTHING) -> None:
    """Insert rows; each is a tuple of all columns of the table, in their order.

    `meanwhile` is work to be done to its end; each step of it while the database is busy with some of the rows.
    """
    if isinstance(rows, Ready):
        _insert_ready(connection, table, rows)
    elif rows:
        _insert(connection, table, rows, meanwhile)
    deque(meanwhile, 0)


def _insert(connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]], meanwhile: Iterator[None]) -> None:
    if connection.dialect.name == "postgresql" and len(rows) >= _COPY_FROM:
        starts = range(0, len(rows), _LINES_AT_ONCE)
        _copy(connection, table, (_lines(rows[start : start + _LINES_AT_ONCE]) for start in starts), meanwhile)
    else:
        _execute(connection, table, map(tuple, rows))


def _insert_ready(connection: Connection, table: Table, rows: Ready) -> None:
    if connection.dialect.name != "postgresql":
        # marshal reads what it has written itself.
        _execute(connection, table, chain.from_iterable(map(marshal.loads, rows.pieces)))
    elif rows.pieces:
        _copy(connection, table, rows.pieces, _NOTHING)


def _execute(connection: Connection, table: Table, rows: Iterable[tuple[Any, ...]]) -> None:
    """Insert plain tuples by the driver itself: SQLAlchemy would copy every row."""
    mark = "%s" if connection.dialect.name == "postgresql" else "?"
    marks = ", ".join([mark] * len(table.c))
    cursor: Any = connection.connection.cursor()
    names = _names(table, connection.dialect.name)
    cursor.executemany(f"INSERT INTO {names} VALUES ({marks})", rows)  # noqa: S608 - our own names
    cursor.close()


def one_of(connection: Connection, column: ColumnElement[str], values: Collection[str]) -> ColumnElement[bool]:
    """Return the condition that the column is one of the values, however many: they are one parameter."""
    if connection.dialect.name == "postgresql":
        return column == func.any(literal(list(values), ARRAY(Text)))
    return column.in_(select(table_of(connection, values).c.value))


def select_each(
    connection: Connection, column: Column[str], values: Collection[str], *where: ColumnElement[bool]
) -> Select[Any]:
    """Return the question for a table's rows in which the column, the first of an index, is one of the values.

    PostgreSQL is made to look for each value: before it has counted a table's values it takes them for few, and would
    hold every row of it against all of them.
    """
    if connection.dialect.name != "postgresql":
        return select(column.table).where(one_of(connection, column, values), *where)
    value = table_of(connection, values)
    rows = select(column.table).where(column == value.c.value, *where).offset(0).lateral("rows")
    return select(rows).select_from(value.join(rows, true()))


def table_of(connection: Connection, values: Collection[str]) -> TableValuedAlias:
    """Return a table of one column, `value`, that holds the values: they are one parameter."""
    if connection.dialect.name == "postgresql":
        return func.unnest(literal(list(values), ARRAY(Text))).table_valued("value").render_derived()
    return func.json_each(json.dumps(list(values))).table_valued("value")


def add_missing(connection: Connection, table: Table, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows as `add_rows` does, but leave alone those whose key is there already."""
    names = _names(table, connection.dialect.name)
    cursor: Any = connection.connection.cursor()
    if connection.dialect.name == "postgresql":
        # One statement with one parameter: thousands of small ones would wait for the network each.
        columns = [column.name for column in table.c]
        dicts = [dict(zip(columns, row, strict=True)) for row in rows]
        rows_of = f'json_populate_recordset(NULL::"{table.name}", %s::json)'
        order = ", ".join(f'"{name}"' for name in columns)
        insert = f"INSERT INTO {names} SELECT {order} FROM {rows_of} ON CONFLICT DO NOTHING"  # noqa: S608 - our own names
        cursor.execute(insert, [json.dumps(dicts)])
    else:
        marks = ", ".join("?" for _ in table.c)
        cursor.executemany(f"INSERT INTO {names} VALUES ({marks}) ON CONFLICT DO NOTHING", rows)  # noqa: S608 - our own names
    cursor.close()


def _copy(connection: Connection, table: Table, pieces: Iterable[str | bytes], meanwhile: Iterator[None]) -> None:
    cursor: Any = connection.connection.cursor()
    with cursor, cursor.copy(f"COPY {_names(table, 'postgresql')} FROM STDIN") as copy:
        for piece in pieces:
            copy.write(piece)
            next(meanwhile, None)


def _lines(rows: Sequence[tuple[Any, ...]]) -> str:
    """Write rows in COPY's text form, column by column: several times as fast as the driver does it value by value."""
    columns = list(zip(*rows, strict=True))
    nothings = sum([column.count(None) for column in columns if column[0].__class__ is not str])
    try:
        lines = "\n".join(map("\t".join, zip(*map(_words, columns), strict=True)))
    except TypeError:  # a column with texts and something else
        return _careful(rows)
    # Right as it is when every row is one line of its own, and nothing in it has a form of its own but NULL.
    whole = lines.count("\t") == (len(columns) - 1) * len(rows) and lines.count("\n") == len(rows) - 1
    if not whole or "\r" in lines or lines.count("\\") != nothings:
        return _careful(rows)
    return f"{lines}\n"


def _words(column: Sequence[Any]) -> Sequence[str]:
    kind = column[0].__class__
    if kind is str:
        return column
    try:
        return list(map(int.__repr__, column)) if kind is int else list(map(_word, column))
    except TypeError:
        return list(map(_word, column))


def _careful(rows: Iterable[tuple[Any, ...]]) -> str:
    return "".join(["\t".join(map(_word, row)) + "\n" for row in rows])


def _word(value: Any) -> str:
    if value.__class__ is str:
        return value.translate(_ESCAPES) if _TO_ESCAPE(value) else value
    if value is None:
        return "\\N"
    if isinstance(value, bytes):
        return f"\\\\x{value.hex()}"
    return str(value)


@lru_cache
def _names(table: Table, dialect: str) -> str:
    quote = (postgresql if dialect == "postgresql" else sqlite).dialect().identifier_preparer.quote_identifier
    return f"{quote(table.name)} ({', '.join(quote(column.name) for column in table.c)})"
