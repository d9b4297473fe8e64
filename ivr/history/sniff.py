"""What a file is, by its first rows: its form, its kind of rows, and how to read them."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Literal, NamedTuple

from ivr.errors import DeskError
from ivr.history.columns import Columns, guessed, named
from ivr.history.delimited import Dialect, dialect_of, read_records
from ivr.history.dump import TABLES
from ivr.history.queue_log import HEAD
from ivr.history.rows import Aside, Kind
from ivr.written.dump import INSERT

HEAD_LINES = 400
"""Lines at a file's beginning that may tell what it is; a dump begins with its tables."""
_CREATE = re.compile(r"^\s*CREATE\s+TABLE.*?[`\"]?(\w+)[`\"]?\s*\(", re.IGNORECASE)


class Form(NamedTuple):
    """How a file is read."""

    shape: Literal["lines", "text", "dump"]
    kind: Kind | None
    """None in a dump: it may hold several tables."""
    dialect: Dialect | None = None
    columns: Columns | None = None

    @property
    def told(self) -> str:
        """Say what it is."""
        if self.shape == "dump":
            return "a database dump"
        if self.kind == "queue_log":
            return "a queue_log" + (" exported from a database" if self.columns else "")
        what = {"cdr": "a CDR file", "cel": "a CEL file"}[self.kind or "cdr"]
        return f"{what} with {'named' if self.columns and self.columns.header else 'unnamed'} columns"


def sniff(head: Iterable[str], wanted: Kind | None, name: str) -> Form:
    """Return the form of the file that begins with these lines. Raises `DeskError` when it is none of ours."""
    lines = [line for line in head if line.strip()]
    found = _found(lines)
    if found is None:
        raise DeskError(
            f"{name} is no file of calls that is known here.",
            "Known are Asterisk's queue_log, CDR and CEL files, exports of the tables cdr, cel and queue_log with a "
            "first line of column names, and database dumps with their INSERT statements.",
        )
    if wanted and found.kind and found.kind != wanted:
        raise DeskError(f"{name} is {found.told}, not {wanted}.", f"Leave --kind out, or say --kind {found.kind}.")
    return found


def _found(lines: list[str]) -> Form | None:
    sample = lines[:50]
    if sum(_is_queue_log(line) for line in sample) > len(sample) // 2:
        return Form("lines", "queue_log")
    if any(_is_dump(line) for line in lines):
        return Form("dump", None)
    dialect = dialect_of("\n".join(sample[:5]))
    records = [row for row in read_records(enumerate(sample, 1), dialect) if not isinstance(row, Aside) and row[1]]
    if not records:
        return None
    columns = named(records[0][1])
    for _, row in records:
        columns = columns or guessed(row)
    return Form("text", columns.kind, dialect, columns) if columns else None


def _is_queue_log(line: str) -> bool:
    return HEAD.match(line) is not None and line.count("|") >= 4


def _is_dump(line: str) -> bool:
    for pattern in (INSERT, _CREATE):
        found = pattern.match(line)
        if found and found[1].lower() in TABLES:
            return True
    return False
