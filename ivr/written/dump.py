"""Rows of a database dump: the INSERT statements of chosen tables, as mysqldump, MariaDB and phpMyAdmin write them.

Nothing of a dump is ever executed: values are read as text, and any other statement is passed over.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

INSERT = re.compile(
    r"\s*(?:INSERT|REPLACE)\s+(?:IGNORE\s+)?INTO\s+(?:[`\"]?\w+[`\"]?\.)?[`\"]?(\w+)[`\"]?\s*(?:\(([^)]*)\)\s*)?VALUES\s*",
    re.IGNORECASE,
)
CREATE = re.compile(
    r"\s*CREATE\s+TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?(?:[`\"]?\w+[`\"]?\.)?[`\"]?(\w+)[`\"]?", re.IGNORECASE
)
_COLUMN = re.compile(r"\s*[`\"](\w+)[`\"]\s+\w")
_TEXT = r"(?:_\w+\s*)?'(?:[^'\\]|\\.|'')*'"
_VALUE = rf"(?:{_TEXT}|NULL|[-+]?[0-9.]+(?:e[-+]?\d+)?|0x[0-9a-f]+|true|false|current_timestamp(?:\(\d*\))?)"
_ROW = re.compile(rf"\s*\(\s*{_VALUE}(?:\s*,\s*{_VALUE})*\s*\)\s*(?P<end>[,;]|$)", re.IGNORECASE | re.DOTALL)
_ONE = re.compile(_VALUE, re.IGNORECASE | re.DOTALL)
_TEXTS = re.compile(_TEXT, re.DOTALL)
_NEXT = re.compile(r"\),\s*\(")
_ESCAPED = re.compile(r"\\(.)|''", re.DOTALL)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "0": "\ufffd", "Z": "\ufffd", "b": " "}
_MOST_LINES = 20


class DumpRow(NamedTuple):
    """A row of a table: its values as text, "" for NULL."""

    line: int
    """The line of the file where it begins, from 1."""
    table: str
    """In small letters."""
    columns: tuple[str, ...]
    """Empty when neither the INSERT nor a CREATE TABLE before it names them."""
    values: list[str]


class TornRow(NamedTuple):
    """A piece of an INSERT that is no row."""

    line: int
    table: str
    """Empty when nobody can tell."""
    columns: tuple[str, ...]
    raw: str
    reason: str


class Dump:
    """Walks over a dump's lines and finds the rows of some tables."""

    def __init__(self, tables: Collection[str]) -> None:
        self._wanted = tables
        self._tables: dict[str, list[str]] = {}
        self._creating = ""
        self._table = ""
        self._columns: tuple[str, ...] = ()
        self._inserting = False

    @property
    def open(self) -> bool:
        """Say whether the last INSERT has not come to its end."""
        return self._inserting

    def read(self, lines: Iterable[tuple[int, str]]) -> Iterator[DumpRow | TornRow]:
        """Yield each row of the wanted tables, and what is none. Lines come numbered, without their ends."""
        held: list[tuple[int, str]] = []
        for numbered in lines:
            held.append(numbered)
            text = "\n".join(part for _, part in held)
            # A text may hold line ends; only rows have texts.
            rows = self._inserting or INSERT.match(text)
            if rows and not _is_whole(text) and len(held) < _MOST_LINES:
                continue
            yield from self._line(held[0][0], text)
            held = []
        for number, line in held:
            yield TornRow(number, "", (), line, "torn: its text never ends")

    def _line(self, number: int, line: str) -> Iterator[DumpRow | TornRow]:
        start = 0
        if not self._inserting:
            if self._is_of_table(line):
                return
            insert = INSERT.match(line)
            if not insert:
                return
            self._table = insert[1].lower()
            self._columns = self._of(self._table, insert[2])
            self._inserting, start = True, insert.end()
        if self._table in self._wanted:
            yield from self._rows(number, line, start)
        else:
            self._inserting = not line.rstrip().endswith(";")

    def _rows(self, number: int, line: str, at: int) -> Iterator[DumpRow | TornRow]:
        while at < len(line) and line[at:].strip():
            row = _ROW.match(line, at)
            if row:
                values = [_plain(value) for value in _ONE.findall(line, at, row.end())]
                yield DumpRow(number, self._table, self._columns, values)
                at = row.end()
                self._inserting = row["end"] != ";"
                if not self._inserting:
                    return
                continue
            after = _NEXT.search(line, at)
            piece = line[at : after.start() + 1] if after else line[at:]
            reason = "no row of values: torn, or not as MySQL writes it"
            yield TornRow(number, self._table, self._columns, piece, reason)
            if not after:
                self._inserting = not line.rstrip().endswith(";")
                return
            at = after.end() - 1

    def _is_of_table(self, line: str) -> bool:
        """Take the lines of a CREATE TABLE: they name the columns of INSERTs that do not."""
        if create := CREATE.match(line):
            self._creating = create[1].lower()
            self._tables[self._creating] = []
            return True
        if self._creating and (column := _COLUMN.match(line)):
            self._tables[self._creating].append(column[1])
            return True
        if line.lstrip().startswith(")"):
            self._creating = ""
        return False

    def _of(self, table: str, names: str | None) -> tuple[str, ...]:
        return tuple(names.split(",")) if names else tuple(self._tables.get(table, ()))


def _is_whole(line: str) -> bool:
    """Say whether no text of the line goes on behind its end."""
    return _TEXTS.sub("", line).count("'") == 0


def _plain(value: str) -> str:
    if not value.endswith("'"):
        return "" if value.upper() == "NULL" else value
    text = value[value.index("'") + 1 : -1]
    if "\\" not in text and "''" not in text:
        return text
    return _ESCAPED.sub(lambda found: _ESCAPES.get(found[1], found[1]) if found[1] else "'", text)
