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
from ivr.store.grains import DAYS, MONTHS, floor_quarter, month_of
from ivr.store.rebuild import DERIVED
from ivr.store.roll import _buckets, _keep, _rows
from ivr.store.shelves import SHELVES
from ivr.store.tables import call, journal_position, recording
from ivr.store.tables_totals import total, total_state

WEEK = 7 * 86400 * 1_000_000
_RECORDS = {"record_id", "first_record", "last_record"}
_NAMES = {("call", "id"), ("recording", "name")}
_ID = """CASE WHEN {0} LIKE 'desk1-%' THEN 'desk1-' || (CAST(substr({0}, 7, 10) AS BIGINT) + :span * :k / 1000000)
 || substr({0}, 17) ELSE {0} END"""
_SPREAD = 7_654_321
"""So far apart are the numbers of one caller in two copies; prime to a thousand million, so they never meet."""
_NUMBER = {
    "sqlite": "printf('%09d', (CAST(substr({0}, 4) AS BIGINT) + :k * {1}) % 1000000000)",
    "postgresql": "lpad(((CAST(substr({0}, 4) AS BIGINT) + :k * {1}) % 1000000000)::text, 9, '0')",
}


def tables() -> list[Table]:
    """Return what grows with the calls: each table of the ledger whose key holds a call, a record or a time."""
    return [table for table in (*dict.fromkeys((*DERIVED, recording)),) if table is not total and _grows(table)]


def multiply(engine: Engine, copies: int) -> int:
    """Add so many copies of all that is loaded; return the time to which the ledger is full then. Once for a ledger."""
    with engine.execution_options(writes=True).connect() as connection:
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("SET synchronous_commit = off; SET maintenance_work_mem = '512MB'")
        span, files = _span(connection)
        indexes = _drop_indexes(connection)
        sources = [*((table, "") for table in tables()), *((total, where) for where in _shelves(connection))]
        for place, (table, where) in enumerate(sources):
            connection.exec_driver_sql(f"CREATE TEMP TABLE base{place} AS SELECT * FROM {_quoted(table)} {where}")  # noqa: S608
            for k in range(1, copies + 1):
                given = {"span": span, "k": k, "records": files << OFFSET_BITS}
                connection.execute(text(_again(table, f"base{place}", connection.dialect.name)), given)
                connection.commit()
            connection.exec_driver_sql(f"DROP TABLE base{place}")
        end = _go_on_behind(connection, span * (copies + 1), files * (copies + 1))
        _make_months(connection, end)
        for index in indexes:
            connection.execute(CreateIndex(index))
            connection.commit()
    _settle(engine)
    return end


def _span(connection: Connection) -> tuple[int, int]:
    """Return the whole weeks that the calls take, in microseconds, and how many files of the journal."""
    first, last = connection.execute(select(func.min(call.c.began_at), func.max(call.c.began_at))).one()
    file = connection.execute(select(journal_position.c.file)).scalar_one()
    return ((last - first) // WEEK + 1) * WEEK, file & (1 << FILE_BITS) - 1


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
    if (table.name, column.name) in _NAMES or column.name in {"call_id", "party"}:
        return _ID.format(name)
    if column.name == "caller":
        number = _NUMBER[dialect].format(name, _SPREAD)
        return f"CASE WHEN {name} LIKE '+79%' THEN '+79' || {number} ELSE {name} END"
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


def _go_on_behind(connection: Connection, span: int, files: int) -> int:
    """Let loading go on behind the last copy; return the time of its end."""
    begin = connection.execute(select(func.min(call.c.began_at))).scalar_one()
    end = floor_quarter(begin + span)
    number = connection.execute(select(journal_position.c.number)).scalar_one()
    behind = {"file": number << FILE_BITS | files + 1, "inode": 0, "head": "", "offset": 0, "complete_to": end}
    connection.execute(update(journal_position).values(**behind))
    connection.execute(update(total_state).values(rolled_to=end))
    return end


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
