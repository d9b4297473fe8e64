"""Rows of a database dump's tables that hold calls, each with what its columns mean."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ivr.history.columns import Columns, named
from ivr.history.rows import Aside
from ivr.written.dump import Dump, TornRow

TABLES = frozenset({"cdr", "cel", "queue_log", "queuelog", "asterisk_cdr", "bit_cdr"})

Found = tuple[int, Columns, list[str]]


def read_dump(lines: Iterable[tuple[int, str]]) -> Iterator[Found | Aside]:
    """Yield (line, columns, values) of each row, and what is none; tables with other columns are passed over."""
    words: tuple[str, ...] = ()
    columns: Columns | None = None
    for row in Dump(TABLES).read(lines):
        if row.columns is not words:
            words, columns = row.columns, named(row.columns)
        if isinstance(row, TornRow):
            if columns or not row.table:
                yield Aside(row.line, row.raw, row.reason)
        elif columns:
            yield row.line, columns, row.values
