"""Reading the totals: sums of a subject over any range, filtered and grouped by its keys and by local time."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, CursorResult, and_, bindparam, select

from ivr.reports.bins import Sorted
from ivr.reports.tally import Subject
from ivr.store.amounts import add_up, by_group
from ivr.store.grains import DAYS, MONTHS, QUARTERS, pieces
from ivr.store.shelves import WHOLE, Shelf, shelf_for
from ivr.store.tables_totals import total, total_cell, total_measure, total_state

Sums = dict[tuple[str, ...], Sorted]
"""Sums by measure, by the values of the keys that were asked for, and behind them the time, when it was asked for."""

_ALL = select(total.c.bucket, total.c.cell, total.c.amounts).where(
    and_(
        total.c.shelf == bindparam("shelf"),
        total.c.grain == bindparam("grain"),
        total.c.bucket >= bindparam("since"),
        total.c.bucket < bindparam("until"),
    )
)
_SOME = _ALL.where(total.c.cell.in_(bindparam("cells", expanding=True)))
_FEW = 400
"""Cells up to which the database picks them; of more, all are read and picked here."""
TIMES: Mapping[str, tuple[int, str]] = {
    "half hour": (QUARTERS, "%Y-%m-%d %H:%M"),
    "hour": (QUARTERS, "%Y-%m-%d %H:00"),
    "hour of the day": (QUARTERS, "%H:00"),
    "day": (DAYS, "%Y-%m-%d"),
    "weekday": (DAYS, "%u %A"),
    "week": (DAYS, "%G-W%V"),
    "month": (MONTHS, "%Y-%m"),
    "day start": (DAYS, ""),
}
"""What can be grouped by: the coarsest grain that still tells it, and the local time's form; of `day start` the
beginning of the bucket itself."""


class Wanted(NamedTuple):
    """A question to the totals. Times: UTC microseconds, whole quarters of an hour; `zone` is the reader's."""

    subject: Subject
    since: int
    until: int
    zone: str = "UTC"
    where: Mapping[str, Collection[str]] = {}
    by: tuple[str, ...] = ()
    time: str = ""
    """One of `TIMES`, or "" for none."""
    spans: Sequence[tuple[int, int]] = ()
    """Several times, in their order, instead of the one from `since` to `until`."""
    measures: frozenset[str] = frozenset()
    """Only these; empty = all."""


def sums(connection: Connection, wanted: Wanted) -> Sums:
    """Return the sums. `KeyError` when the subject has not the keys."""
    state = connection.execute(select(total_state)).one_or_none()
    if state is None:
        return {}
    shelf = shelf_for(wanted.subject, {*wanted.where, *wanted.by})
    coarsest = TIMES[wanted.time][0] if wanted.time else MONTHS
    if wanted.zone != state.zone:
        coarsest = QUARTERS
    groups = _Groups(wanted)
    chosen = {place.number: _chosen(connection, place, wanted) for place in {shelf, WHOLE[wanted.subject]}}
    for piece in (
        piece
        for since, until in wanted.spans or ((wanted.since, wanted.until),)
        for piece in pieces(since, until, zone=state.zone, coarsest=coarsest, made_to=state.rolled_to)
    ):
        edge = min(max(state.rolled_to, piece.since), piece.until)
        parts = [(shelf, piece.since, edge), (WHOLE[wanted.subject], edge, piece.until)]
        for place, since, until in parts if piece.grain == QUARTERS else [(shelf, piece.since, piece.until)]:
            if since >= until:
                continue
            names, some = chosen[place.number]
            given = {"shelf": place.number, "grain": piece.grain, "since": since, "until": until}
            query = _ALL
            if some:
                query, given["cells"] = _SOME, list(names)
            groups.take(connection.execute(query, given), place.number, names)
    return _named(connection, wanted.measures, groups)


def _chosen(connection: Connection, place: Shelf, wanted: Wanted) -> tuple[dict[int, tuple[str, ...]], bool]:
    """Return the keys asked for of each cell that fits the filters; and whether the database should pick the cells."""
    every = cells_of(connection, place)
    own = {number: keys for number, keys in every.items() if _fits(place, keys, wanted.where)}
    places = [place.keys.index(name) for name in wanted.by]
    names = {number: tuple(keys[at] for at in places) for number, keys in own.items()}
    return names, len(own) < len(every) and len(own) <= _FEW


class _Groups:
    """Cells put into groups, which are numbered in the order of their coming."""

    def __init__(self, wanted: Wanted) -> None:
        self.known: dict[tuple[str, ...], int] = {}
        self.picked: list[int] = []
        """The group of each of the `blobs`."""
        self.blobs: list[bytes] = []
        self._numbers: dict[tuple[int, str], dict[int, int]] = {}
        self._time: Callable[[int], str] = lambda _bucket: ""
        if wanted.time:
            zone = ZoneInfo(wanted.zone)
            step = 1_800_000_000 if wanted.time == "half hour" else 1
            form = TIMES[wanted.time][1]
            self._time = lru_cache(maxsize=None)(
                lambda bucket: _clock(bucket - bucket % step, zone, form) or str(bucket)
            )

    def take(self, found: CursorResult[Any], shelf: int, names: Mapping[int, tuple[str, ...]]) -> None:
        """Take those of the shelf's cells that have a name."""
        # The driver's own tuples: SQLAlchemy would make an object of each of a year's hundred thousand rows.
        cursor: Any = found.cursor
        before, time, numbers = None, "", dict[int, int]()
        for bucket, cell, amounts in cursor.fetchall():
            if bucket != before:
                before, time = bucket, self._time(bucket)
                numbers = self._numbers.setdefault((shelf, time), {})
            number = numbers.get(cell)
            if number is None:
                if cell not in names:
                    continue
                keys = (*names[cell], time) if time else names[cell]
                number = numbers[cell] = self.known.setdefault(keys, len(self.known))
            self.picked.append(number)
            self.blobs.append(amounts)
        found.close()


def _clock(bucket: int, zone: ZoneInfo, form: str) -> str:
    return datetime.fromtimestamp(bucket // 1_000_000, UTC).astimezone(zone).strftime(form)


def _fits(shelf: Shelf, keys: tuple[str, ...], where: Mapping[str, Collection[str]]) -> bool:
    return all(keys[shelf.keys.index(name)] in values for name, values in where.items())


def cells_of(connection: Connection, shelf: Shelf) -> dict[int, tuple[str, ...]]:
    """Return the keys of the shelf's cells by number."""
    query = select(total_cell.c.id, total_cell.c.names).where(total_cell.c.shelf == shelf.number)
    return {number: _keys(names) for number, names in connection.execute(query)}


@lru_cache(maxsize=1 << 16)
def _keys(names: str) -> tuple[str, ...]:
    return tuple(json.loads(names))


def measures_of(connection: Connection) -> dict[int, str]:
    """Return the names of the measures by number."""
    return {number: name for number, name in connection.execute(select(total_measure))}  # noqa: C416 - rows are no pairs


def _named(connection: Connection, wanted: frozenset[str], groups: _Groups) -> Sums:
    names, measures = {number: keys for keys, number in groups.known.items()}, measures_of(connection)
    only = {number for number, name in measures.items() if name in wanted}
    if wanted and not only:
        return {}
    return {
        names[group]: Sorted(zip(map(measures.__getitem__, numbers), amounts, strict=True))
        for group, numbers, amounts in by_group(*add_up(groups.picked, groups.blobs, only))
    }
