"""Rolling up: parts of a quarter of an hour become one, smaller shelves and coarser grains are made from them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from sqlalchemy import ColumnElement, Connection, and_, delete, select

from ivr.store.amounts import merge
from ivr.store.bulk import add_rows
from ivr.store.grains import DAYS, MONTHS, QUARTERS, day_of, month_of
from ivr.store.shelves import FEWER, SHELVES, WHOLE, Shelf
from ivr.store.tables_totals import total
from ivr.store.totals import State, Totals

_COLUMNS = (total.c.shelf, total.c.bucket, total.c.cell, total.c.amounts)
_TOGETHER = 16
"""Quarters of an hour that are rolled in one act."""
_Row = tuple[int, int, int, bytes]
_Rows = Sequence[_Row]
_Total = tuple[int, int, int, int, int, bytes]
"""A row of the table, in the order of its columns."""
_Span = Callable[[int, str], tuple[int, int]]


def roll(connection: Connection, totals: Totals, state: State, until: int) -> None:
    """Make everything that is over between the state's moment and `until`."""
    buckets = _buckets(connection, QUARTERS, state.rolled_to, until)
    for at in range(0, len(buckets), _TOGETHER):
        _roll_quarters(connection, totals, buckets[at], buckets[at : at + _TOGETHER][-1] + 1)
    _roll_coarser(connection, state, until)


def roll_anew(connection: Connection, _totals: Totals, state: State) -> None:
    """Make days and months again, of another zone."""
    connection.execute(delete(total).where(total.c.grain != QUARTERS))
    _roll_coarser(connection, state._replace(rolled_to=0), state.rolled_to)


def _roll_quarters(connection: Connection, totals: Totals, first: int, behind: int) -> None:
    parts: dict[int, list[_Row]] = {}
    for row in _rows(connection, QUARTERS, first, behind, WHOLE.values()):
        parts.setdefault(row[1], []).append(row)
    connection.execute(delete(total).where(_among(QUARTERS, first, behind, SHELVES)))
    keys = totals.keys()
    rolled: list[_Total] = []
    for bucket, whole in parts.items():
        fewer = [
            (shelf.number, bucket, totals.cell(connection, shelf, shelf.project(keys[cell])), amounts)
            for shelf in FEWER
            for number, _, cell, amounts in whole
            if number == WHOLE[shelf.subject].number
        ]
        rolled += _merged(whole, QUARTERS, bucket) + _merged(fewer, QUARTERS, bucket)
    add_rows(connection, total, rolled)


def _roll_coarser(connection: Connection, state: State, until: int) -> None:
    steps: tuple[tuple[int, int, _Span], ...] = ((QUARTERS, DAYS, day_of), (DAYS, MONTHS, month_of))
    for finer, grain, span in steps:
        begin, end = span(state.rolled_to, state.zone)
        if end > until:
            continue
        for first, behind in _spans(_buckets(connection, finer, begin, until), span, state.zone):
            if state.rolled_to < behind <= until:
                _keep(connection, _rows(connection, finer, first, behind, SHELVES), grain, first)


def _spans(buckets: Sequence[int], span: _Span, zone: str) -> Iterator[tuple[int, int]]:
    behind = 0
    for bucket in buckets:
        if bucket >= behind:
            first, behind = span(bucket, zone)
            yield first, behind


def _keep(connection: Connection, rows: _Rows, grain: int, bucket: int) -> None:
    add_rows(connection, total, _merged(rows, grain, bucket))


def _merged(rows: _Rows, grain: int, bucket: int) -> list[_Total]:
    """Return the rows added up by shelf and cell, one part each. A cell's number tells its shelf."""
    shelves = {cell: shelf for shelf, _, cell, _ in rows}
    merged = merge([cell for _, _, cell, _ in rows], [amounts for *_, amounts in rows])
    return [(shelves[cell], grain, bucket, cell, 0, blob) for cell, blob in merged.items()]


def _buckets(connection: Connection, grain: int, since: int, until: int) -> list[int]:
    """Return the buckets in which there is anything, in their order."""
    found: set[int] = set()
    for shelf in WHOLE.values():
        query = select(total.c.bucket).where(_among(grain, since, until, [shelf])).distinct()
        found.update(connection.execute(query).scalars())
    return sorted(found)


def _rows(connection: Connection, grain: int, since: int, until: int, shelves: Iterable[Shelf]) -> _Rows:
    query = select(*_COLUMNS).where(_among(grain, since, until, shelves))
    return [tuple(row) for row in connection.execute(query)]


def _among(grain: int, since: int, until: int, shelves: Iterable[Shelf]) -> ColumnElement[bool]:
    wanted = [shelf.number for shelf in shelves]
    return and_(total.c.shelf.in_(wanted), total.c.grain == grain, total.c.bucket >= since, total.c.bucket < until)
