"""Journal records in a Parquet file: one row a record, in the order of their ids, compressed.

DuckDB writes and reads them: it is half as large as the other libraries that can, and needs nothing beside itself.
It is loaded when a file is, and never fetches anything from a network.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ivr.errors import DeskError
from ivr.ledger.record import Record

if TYPE_CHECKING:
    from duckdb import DuckDBPyConnection

_NUMBERS = ("id", "at")
_COLUMNS = ", ".join(f'"{name}"::{"BIGINT" if name in _NUMBERS else "VARCHAR"} AS "{name}"' for name in Record._fields)
_WRITE = f"""COPY (SELECT {_COLUMNS} FROM packed) TO '{{}}'
(FORMAT parquet, COMPRESSION zstd, COMPRESSION_LEVEL 9, ROW_GROUP_SIZE 20480)"""  # noqa: S608 - our own names
_READ = "SELECT * FROM read_parquet(?) WHERE id BETWEEN ? AND ?"
_OFFLINE: dict[str, str | bool | int | float | list[str]] = {
    "threads": 1,
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
}


def write_packed(path: Path, records: Sequence[Record]) -> None:
    """Write a new file; `DeskError` when it cannot be written."""
    import numpy as np  # noqa: PLC0415 - see the module's docstring

    columns = zip(Record._fields, zip(*records, strict=True), strict=True)
    arrays = {name: np.array(values, np.int64 if name in _NUMBERS else object) for name, values in columns}
    with _duckdb(path) as connection:
        connection.register("packed", arrays)
        connection.execute(_WRITE.format(str(path).replace("'", "''")))


def read_packed(
    path: Path, first: int, last: int, *, calls: Collection[str] = (), at_once: int = 20_000
) -> Iterator[list[Record]]:
    """Yield the records between two ids, in their order; only those of the linkedids `calls` when there are any.

    `DeskError` when the file cannot be read.
    """
    only, names = (" AND list_contains(?, linkedid)", [list(calls)]) if calls else ("", [])
    with _duckdb(path) as connection:
        # A path is a pattern to DuckDB, unless it stands in a list of brackets for each letter that means something.
        cursor = connection.execute(f"{_READ}{only} ORDER BY id", [_literal(path), first, last, *names])
        while rows := cursor.fetchmany(at_once):
            yield [Record(*row) for row in rows]


def _literal(path: Path) -> str:
    return "".join(f"[{letter}]" if letter in "*?[" else letter for letter in str(path))


@contextmanager
def _duckdb(path: Path) -> Iterator[DuckDBPyConnection]:
    import duckdb  # noqa: PLC0415 - see the module's docstring

    connection = duckdb.connect(":memory:", config=_OFFLINE)
    try:
        yield connection
    except duckdb.Error as error:
        why = str(error).splitlines()[0]
        raise DeskError(
            f"The archive file {path} cannot be written or read: {why}.", "See that its disk has room and is sound."
        ) from error
    finally:
        connection.close()
