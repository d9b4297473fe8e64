"""A loaded ledger made many times as large: its own rows again, some weeks later, as other calls of other numbers.

Nobody waits for a loader to load ten million calls, and nobody needs to: what a ledger of that size costs depends on
how full its tables and indexes are, and they are as full as if they had been loaded. Only the journal's own records are
not multiplied: in a ledger of ten years they are in the archive.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import BigInteger, Column, Connection, Engine, Index, Table, delete, func, inspect, select, text, update
from sqlalchemy.schema import CreateIndex, DropIndex

from ivr.ledger.record import FILE_BITS, OFFSET_BITS
from ivr.store.grains import DAYS, MONTHS, month_of
from ivr.store.rebuild import DERIVED
from ivr.store.roll import _buckets, _keep, _rows, roll
from ivr.store.shelves import SHELVES
from ivr.store.tables import agent_span, call, journal_position, recording
from ivr.store.tables_totals import total, total_state
from ivr.store.totals import Totals

WEEK = 7 * 86400 * 1_000_000
_RECORDS = {"record", "record_id", "first_record", "last_record"}
_NAMES = {("call", "id"), ("recording", "name")}
_OF_CALLS = {"call_id", "party", "last_call", "returned_call"}
_NUMBERS = {("call", "caller"), ("missed", "number"), ("caller_series", "number")}
_ID = """CASE WHEN {0} LIKE 'desk1-%' THEN 'desk1-' || (CAST(substr({0}, 7, 10) AS BIGINT) + :span * :k / 1000000)
 || substr({0}, 17) ELSE {0} END"""
_NUMBER = {
    "sqlite": "{0} || printf('%03d', :k)",
    "postgresql": "{0} || lpad(CAST(:k AS TEXT), 3, '0')",
}
"""A caller's number in a copy. No two copies share one: what is kept of a number would not fit its calls."""


def tables() -> list[Table]:
    """Return what grows with the calls: each table of the ledger whose key holds a call, a record or a time."""
    return [table for table in (*dict.fromkeys((*DERIVED, recording)),) if table is not total and _grows(table)]


class Multiplier:
    """Holds what is loaded now, to be added again and again; each copy begins where the one before has its end."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine.execution_options(writes=True)
        self._connection = self._engine.connect()
        if engine.dialect.name == "postgresql":
            self._connection.exec_driver_sql("SET synchronous_commit = off; SET maintenance_work_mem = '512MB'")
        self.begin, self.span, self._files = _span(self._connection)
        self._sources: list[tuple[str, Table]] = []
        self._copies = 0
        self._close_spans()
        self._roll()
        for table in tables():
            self._keep(table, "")
        for where in _shelves(self._connection):
            self._keep(total, where)
        self._connection.commit()

    def grow(self, copies: int) -> int:
        """Add so many copies; return the time behind them, from which on loading goes on. Times: UTC microseconds."""
        connection = self._connection
        self._close_spans()
        indexes = _drop_indexes(connection)
        for source, table in self._sources:
            statement = text(_again(table, source, connection.dialect.name))
            for k in range(self._copies + 1, self._copies + copies + 1):
                connection.execute(statement, {"span": self.span, "k": k, "records": self._files << OFFSET_BITS})
                connection.commit()
        self._copies += copies
        end = self._go_on_behind()
        _make_months(connection, end)
        for index in indexes:
            connection.execute(CreateIndex(index))
            connection.commit()
        _settle(self._engine)
        return end

    def skip(self) -> None:
        """Leave out one copy, in whose time something else has been loaded."""
        self._copies += 1

    def close(self) -> None:
        """Let go of what is held."""
        self._connection.close()

    def _keep(self, table: Table, where: str) -> None:
        name = f"base{len(self._sources)}"
        self._connection.exec_driver_sql(f"CREATE TEMP TABLE {name} AS SELECT * FROM {_quoted(table)} {where}")  # noqa: S608
        self._sources.append((name, table))

    def _roll(self) -> None:
        """Make of the totals what the loader would have made when the copy's time was over."""
        totals = Totals()
        state, until = totals.open(self._connection), self.begin + self.span
        roll(self._connection, totals, state, until)
        self._connection.execute(update(total_state).values(rolled_to=until))

    def _close_spans(self) -> None:
        """Let each agent's time that goes on end where he comes again in the next copy."""
        again = "(SELECT min(began_at) FROM agent_span AS his WHERE his.agent = agent_span.agent) + :later"
        close = text(f"UPDATE agent_span SET ended_at = {again} WHERE ended_at IS NULL")  # noqa: S608
        self._connection.execute(close, {"later": self.span * (self._copies + 1)})
        self._connection.commit()

    def _go_on_behind(self) -> int:
        """Let loading go on behind the last copy; return the time of its end."""
        connection = self._connection
        end = self.begin + self.span * (self._copies + 1)
        number = connection.execute(select(journal_position.c.number)).scalar_one()
        file = number << FILE_BITS | self._files * (self._copies + 1) + 1
        behind = {"file": file, "inode": 0, "head": "", "offset": 0, "complete_to": end}
        connection.execute(update(journal_position).values(**behind))
        connection.execute(update(total_state).values(rolled_to=end))
        connection.execute(update(agent_span).where(agent_span.c.ended_at >= end).values(ended_at=None))
        connection.commit()
        return end


def _span(connection: Connection) -> tuple[int, int, int]:
    """Return the beginning and the whole weeks that the calls take, in microseconds, and the files of the journal."""
    first, last = connection.execute(select(func.min(call.c.began_at), func.max(call.c.began_at))).one()
    file = connection.execute(select(journal_position.c.file)).scalar_one()
    begin = first - first % (86400 * 1_000_000)
    return begin, ((last - begin) // WEEK + 1) * WEEK, file & (1 << FILE_BITS) - 1


def _again(table: Table, source: str, dialect: str) -> str:
    """Return the statement that adds one copy."""
    columns = ", ".join(_quoted(column) for column in table.c)
    values = ", ".join(_value(table, column, dialect) for column in table.c)
    order = ", ".join(_quoted(column) for column in table.primary_key.columns)
    return f"INSERT INTO {_quoted(table)} ({columns}) SELECT {values} FROM {source} ORDER BY {order}"  # noqa: S608


def _value(table: Table, column: Column[object], dialect: str) -> str:
    name = _quoted(column)
    if column.name in _RECORDS:
        return f"{name} + :records * :k"
    if _is_time(column):
        return f"{name} + :span * :k"
    if (table.name, column.name) in _NAMES or column.name in _OF_CALLS:
        return _ID.format(name)
    if (table.name, column.name) in _NUMBERS:
        return f"CASE WHEN {name} LIKE '+%' THEN {_NUMBER[dialect].format(name)} ELSE {name} END"
    if (table.name, column.name) == ("call", "number"):
        return f"CASE WHEN direction = 'out' THEN {_NUMBER[dialect].format(name)} ELSE {name} END"
    return name


def _grows(table: Table) -> bool:
    keys = table.primary_key.columns
    return any(_is_time(key) or key.name in _RECORDS | {"call_id"} or (table.name, key.name) in _NAMES for key in keys)


def _is_time(column: Column[object]) -> bool:
    return isinstance(column.type, BigInteger) and (column.name.endswith("_at") or column.name in {"at", "bucket"})


def _shelves(connection: Connection) -> Iterator[str]:
    """Yield the conditions that cut the totals so that copies come in the order of their key; without months."""
    made_to = connection.execute(select(total_state.c.rolled_to)).scalar_one()
    kept = select(total.c.shelf, total.c.grain).where(total.c.grain != MONTHS).distinct()
    for shelf, grain in sorted(map(tuple, connection.execute(kept))):
        yield f"WHERE shelf = {shelf} AND grain = {grain} AND bucket < {made_to}"


def _make_months(connection: Connection, end: int) -> None:
    connection.execute(delete(total).where(total.c.grain == MONTHS))
    zone = connection.execute(select(total_state.c.zone)).scalar_one()
    behind = 0
    for bucket in _buckets(connection, DAYS, 0, end):
        if bucket >= behind:
            first, behind = month_of(bucket, zone)
            if behind <= end:
                _keep(connection, _rows(connection, DAYS, first, behind, SHELVES), MONTHS, first)


def _drop_indexes(connection: Connection) -> list[Index]:
    there = {table: inspect(connection).get_indexes(table.name) for table in tables()}
    names = {found["name"] for some in there.values() for found in some}
    indexes = [index for table in there for index in table.indexes if index.name in names]
    for index in indexes:
        connection.execute(DropIndex(index))
    return indexes


def _settle(engine: Engine) -> None:
    """Leave the database as its own care would: PostgreSQL's is switched off in the tests' cluster."""
    if engine.dialect.name == "postgresql":
        with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            connection.exec_driver_sql("VACUUM ANALYZE")
            connection.exec_driver_sql("CHECKPOINT")


def _quoted(named: Table | Column[object]) -> str:
    return f'"{named.name}"'
