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
_Rows = Sequence[tuple[int, int, int, bytes]]
_Span = Callable[[int, str], tuple[int, int]]


def roll(connection: Connection, totals: Totals, state: State, until: int) -> None:
    """Make everything that is over between the state's moment and `until`."""
    for bucket in _buckets(connection, QUARTERS, state.rolled_to, until):
        _roll_quarter(connection, totals, bucket)
    _roll_coarser(connection, state, until)


def roll_anew(connection: Connection, _totals: Totals, state: State) -> None:
    """Make days and months again, of another zone."""
    connection.execute(delete(total).where(total.c.grain != QUARTERS))
    _roll_coarser(connection, state._replace(rolled_to=0), state.rolled_to)


def _roll_quarter(connection: Connection, totals: Totals, bucket: int) -> None:
    whole = _rows(connection, QUARTERS, bucket, bucket + 1, WHOLE.values())
    connection.execute(delete(total).where(_among(QUARTERS, bucket, bucket + 1, SHELVES)))
    _keep(connection, whole, QUARTERS, bucket)
    keys = totals.keys()
    fewer = [
        (shelf.number, bucket, totals.cell(connection, shelf, shelf.project(keys[cell])), amounts)
        for shelf in FEWER
        for number, _, cell, amounts in whole
        if number == WHOLE[shelf.subject].number
    ]
    _keep(connection, fewer, QUARTERS, bucket)


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
    """Add rows up by shelf and cell and keep them as one part each. A cell's number tells its shelf."""
    shelves = {cell: shelf for shelf, _, cell, _ in rows}
    merged = merge([cell for _, _, cell, _ in rows], [amounts for *_, amounts in rows])
    add_rows(connection, total, [(shelves[cell], grain, bucket, cell, 0, blob) for cell, blob in merged.items()])


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
