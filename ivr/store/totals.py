"""Totals kept as the ledger grows: each batch appends what its calls contribute, in the batch's own transaction.

A total is the sum of all parts of its cell, so appending is all that a batch does. When a quarter of an hour is over
(`LAG` behind the newest record) its parts are made one and the smaller shelves are made from it; the same with
days and months of the ledger's zone. What comes later still is appended to every shelf and grain that holds its time.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from sqlalchemy import Connection, delete, insert, select, update

from ivr.reports.tally import QUARTER, Subject, Tally
from ivr.store.amounts import pack
from ivr.store.bulk import add_rows
from ivr.store.grains import DAYS, MONTHS, QUARTERS, day_of, floor_quarter, month_of
from ivr.store.shelves import FEWER, WHOLE, Shelf
from ivr.store.tables_totals import total, total_cell, total_measure, total_state

LAG = 4 * QUARTER
"""How long after its end a quarter of an hour is made one: by then nearly all its calls are over."""
Sums = dict[tuple[Subject, int, tuple[str, ...]], dict[str, int]]
"""Sums by measure, by (subject, bucket, keys)."""


class State(NamedTuple):
    """Up to where days and months are made, in which zone; `made` tells that somebody began the totals anew."""

    zone: str
    rolled_to: int
    made: int


class Totals:
    """The writer of the totals; knows the numbers of cells and measures by heart."""

    def __init__(self, zone: str = "") -> None:
        self._zone = zone
        self._made = -1
        self._cells: dict[tuple[int, tuple[str, ...]], int] = {}
        self._measures: dict[str, int] = {}

    def forget(self) -> None:
        """Forget the numbers, after a transaction that was not committed."""
        self._made = -1

    def add(self, connection: Connection, sums: Sums, *, part: int, newest: int) -> None:
        """Append sums. `part`: the batch's own number, above 0; `newest`: the time of its last record."""
        from ivr.store.roll import roll, roll_anew  # noqa: PLC0415 - each needs the other

        state = self.open(connection)
        if self._zone and self._zone != state.zone:
            state = state._replace(zone=self._zone)
            roll_anew(connection, self, state)
        self._append(connection, sums, part, state)
        until = floor_quarter(newest - LAG)
        if until > state.rolled_to:
            roll(connection, self, state, until)
            state = state._replace(rolled_to=until)
        connection.execute(update(total_state).values(zone=state.zone, rolled_to=state.rolled_to))

    def cell(self, connection: Connection, shelf: Shelf, keys: tuple[str, ...]) -> int:
        """Return the number of a cell; a new one is numbered."""
        found = self._cells.get((shelf.number, keys))
        if found is None:
            found = self._cells[shelf.number, keys] = len(self._cells) + 1
            connection.execute(
                insert(total_cell).values(id=found, shelf=shelf.number, names=json.dumps(keys, ensure_ascii=False))
            )
        return found

    def keys(self) -> Mapping[int, tuple[str, ...]]:
        """Return the keys of every cell by its number."""
        return {number: keys for (_, keys), number in self._cells.items()}

    def _measure(self, connection: Connection, name: str) -> int:
        found = self._measures.get(name)
        if found is None:
            found = self._measures[name] = len(self._measures) + 1
            connection.execute(insert(total_measure).values(id=found, name=name))
        return found

    def open(self, connection: Connection) -> State:
        """Learn how things are; lock them to the transaction's end, for two loaders must agree on what is made."""
        query = select(total_state.c.zone, total_state.c.rolled_to, total_state.c.made).with_for_update()
        row = connection.execute(query).one_or_none()
        state = State(self._zone or "UTC", 0, 0) if row is None else State(*row)
        if row is None:
            connection.execute(insert(total_state).values(id=1, **state._asdict()))
        self._learn(connection, state.made)
        return state

    def _learn(self, connection: Connection, made: int) -> None:
        """Read the numbers that another loader gave; all of them when the totals were begun anew."""
        if made != self._made:
            self._cells, self._measures, self._made = {}, {}, made
        cells = select(total_cell).where(total_cell.c.id > len(self._cells)).order_by(total_cell.c.id)
        for number, shelf, keys in connection.execute(cells):
            self._cells[shelf, tuple(json.loads(keys))] = number
        measures = select(total_measure).where(total_measure.c.id > len(self._measures)).order_by(total_measure.c.id)
        for number, name in connection.execute(measures):
            self._measures[name] = number

    def _append(self, connection: Connection, sums: Sums, part: int, state: State) -> None:
        found: dict[tuple[int, int, int, int], dict[int, int]] = {}
        for (subject, bucket, keys), named in sums.items():
            amounts = {self._measure(connection, name): value for name, value in named.items() if value}
            if not amounts:
                continue
            whole = WHOLE[subject]
            found[whole.number, QUARTERS, bucket, self.cell(connection, whole, keys)] = amounts
            if bucket >= state.rolled_to:
                continue
            for place in self.made_places(connection, subject, bucket, keys, state):
                kept = found.setdefault(place, {})
                for measure, value in amounts.items():
                    kept[measure] = kept.get(measure, 0) + value
        add_rows(connection, total, [(*place, part, pack(amounts)) for place, amounts in found.items()])

    def made_places(
        self, connection: Connection, subject: Subject, bucket: int, keys: tuple[str, ...], state: State
    ) -> Iterable[tuple[int, int, int, int]]:
        """Yield (shelf, grain, bucket, cell) of all that was made already without the amounts of this place."""
        whole = WHOLE[subject]
        times = [(QUARTERS, bucket)]
        for grain, (begin, end) in ((DAYS, day_of(bucket, state.zone)), (MONTHS, month_of(bucket, state.zone))):
            if end <= state.rolled_to:
                times.append((grain, begin))
        for shelf in (whole, *(few for few in FEWER if few.subject == subject)):
            cell = self.cell(connection, shelf, shelf.project(keys))
            for grain, begin in times:
                if shelf is not whole or grain != QUARTERS:
                    yield shelf.number, grain, begin, cell


def begin_anew(connection: Connection) -> None:
    """Empty the totals, so that they can be made again; loaders that run notice it."""
    for table in (total, total_cell, total_measure):
        connection.execute(delete(table))
    connection.execute(update(total_state).values(rolled_to=0, made=total_state.c.made + 1))


def add_tallies(sums: Sums, tallies: Iterable[Tally]) -> None:
    """Add tallies to sums, in place."""
    for subject, bucket, keys, measure, value in tallies:
        place = subject, bucket, keys
        amounts = sums.get(place)
        if amounts is None:
            sums[place] = {measure: value}
        else:
            amounts[measure] = amounts.get(measure, 0) + value
