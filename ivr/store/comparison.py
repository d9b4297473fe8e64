"""Two ledgers row by row: each table is read once on both sides in its key's order, so memory does not grow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Row, Table, Text, select

from ivr.store.audit import digests_of_totals
from ivr.store.tables import agent_act, agent_span, call, recording

MOST_NAMED = 1000


@dataclass(slots=True)
class Comparison:
    """What a check of the ledger found."""

    records: int = 0
    calls: int = 0
    rows: int = 0
    """How many rows are missing, too many, or not what the journal gives."""
    differences: list[str] = field(default_factory=list)
    """Ids of calls whose rows differ, `agent …`, and other rows as `table key…`; at most `MOST_NAMED` of each kind."""


def compare(kept: Connection, fresh: Connection, tables: Sequence[Table], found: Comparison) -> None:
    """Add to `found` what differs between the two databases: all rows, expected recordings, and the totals' sums."""
    named: dict[str, None] = {}
    for table in tables:
        for key, one, other in _pairs(table, _rows(kept, table), _rows(fresh, table)):
            if one != other:
                found.rows += 1
                if len(named) < MOST_NAMED:
                    named[_name(table, key, other or one)] = None
    for (name,), one, other in _pairs(recording, _names(kept), _names(fresh)):
        if one is None and other is not None:  # one too many is what became of a journal that is gone
            found.rows += 1
            named[f"recording {name}"] = None
    totals, expected = digests_of_totals(kept), digests_of_totals(fresh)
    wrong = [name for name in totals.keys() | expected.keys() if totals.get(name) != expected.get(name)]
    found.rows += len(wrong)
    found.differences = [*sorted(named), *sorted(wrong)[:MOST_NAMED]]


def _name(table: Table, key: tuple[Any, ...], row: Any) -> str:
    if table is call:
        return str(key[0])
    if table in (agent_act, agent_span):
        return f"agent {row.agent}"
    if "call_id" in table.c and row.call_id:
        return str(row.call_id)
    return " ".join([table.name, *map(str, key)])


def _rows(connection: Connection, table: Table) -> Iterator[Row[Any]]:
    # Text in the order of its bytes, which is the order of Python and of SQLite.
    order = [
        column.collate("C") if isinstance(column.type, Text) and connection.dialect.name == "postgresql" else column
        for column in table.primary_key.columns
    ]
    yield from connection.execute(select(table).order_by(*order).execution_options(yield_per=10_000))


def _names(connection: Connection) -> Iterator[Row[Any]]:
    name = recording.c.name
    order = name.collate("C") if connection.dialect.name == "postgresql" else name
    yield from connection.execute(select(name).order_by(order).execution_options(yield_per=10_000))


def _pairs(
    table: Table, left: Iterator[Row[Any]], right: Iterator[Row[Any]]
) -> Iterator[tuple[tuple[Any, ...], Row[Any] | None, Row[Any] | None]]:
    """Yield each key with the rows that have it, both sides being in the order of their keys."""
    keys = [list(table.c).index(column) for column in table.primary_key.columns]

    def key_of(row: Row[Any] | None) -> tuple[Any, ...] | None:
        return None if row is None else tuple(row[place] for place in keys)

    one, other = next(left, None), next(right, None)
    while one is not None or other is not None:
        mine, theirs = key_of(one), key_of(other)
        if theirs is None or (mine is not None and mine < theirs):
            yield mine or (), one, None
            one = next(left, None)
        elif mine is None or theirs < mine:
            yield theirs, None, other
            other = next(right, None)
        else:
            yield mine, one, other
            one, other = next(left, None), next(right, None)
