"""Rows of a database dump: the INSERT statements of tables that hold calls, as mysqldump and phpMyAdmin write them.

Nothing of a dump is ever executed: values are read as text, and any other statement is passed over.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from ivr.history.columns import Columns, named
from ivr.history.rows import Aside

TABLES = frozenset({"cdr", "cel", "queue_log", "queuelog", "asterisk_cdr", "bit_cdr"})
INSERT = re.compile(
    r"\s*(?:INSERT|REPLACE)\s+(?:IGNORE\s+)?INTO\s+(?:[`\"]?\w+[`\"]?\.)?[`\"]?(\w+)[`\"]?\s*(?:\(([^)]*)\)\s*)?VALUES\s*",
    re.IGNORECASE,
)
_CREATE = re.compile(
    r"\s*CREATE\s+TABLE\s+(?:IF\s+NOT\s+EXISTS\s+)?(?:[`\"]?\w+[`\"]?\.)?[`\"]?(\w+)[`\"]?", re.IGNORECASE
)
_COLUMN = re.compile(r"\s*[`\"](\w+)[`\"]\s+\w")
_TEXT = r"(?:_\w+\s*)?'(?:[^'\\]|\\.|'')*'"
_VALUE = rf"(?:{_TEXT}|NULL|[-+]?[0-9.]+(?:e[-+]?\d+)?|0x[0-9a-f]+|true|false|current_timestamp(?:\(\d*\))?)"
_ROW = re.compile(rf"\s*\(\s*{_VALUE}(?:\s*,\s*{_VALUE})*\s*\)\s*(?P<end>[,;]|$)", re.IGNORECASE | re.DOTALL)
_ONE = re.compile(_VALUE, re.IGNORECASE | re.DOTALL)
_NEXT = re.compile(r"\),\s*\(")
_ESCAPED = re.compile(r"\\(.)|''", re.DOTALL)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "0": "\ufffd", "Z": "\ufffd", "b": " "}
_MOST_LINES = 20

Found = tuple[int, Columns, list[str]]


class Dump:
    """Walks over a dump's lines."""

    def __init__(self) -> None:
        self._tables: dict[str, list[str]] = {}
        self._creating = ""
        self._columns: Columns | None = None
        self._inserting = False

    def read(self, lines: Iterable[tuple[int, str]]) -> Iterator[Found | Aside]:
        """Yield (line, columns, values) of each row, and what is none."""
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
            yield Aside(number, line, "torn: its text never ends")

    def _line(self, number: int, line: str) -> Iterator[Found | Aside]:
        start = 0
        if not self._inserting:
            if self._is_of_table(line):
                return
            insert = INSERT.match(line)
            if not insert:
                return
            self._columns = self._of(insert[1].lower(), insert[2])
            self._inserting, start = True, insert.end()
        yield from self._rows(number, line, start)

    def _rows(self, number: int, line: str, at: int) -> Iterator[Found | Aside]:
        while at < len(line) and line[at:].strip():
            row = _ROW.match(line, at)
            if row:
                if self._columns:
                    yield number, self._columns, [_plain(value) for value in _ONE.findall(line, at, row.end())]
                at = row.end()
                self._inserting = row["end"] != ";"
                if not self._inserting:
                    return
                continue
            after = _NEXT.search(line, at)
            if self._columns:
                piece = line[at : after.start() + 1] if after else line[at:]
                yield Aside(number, piece, "no row of values: torn, or not as MySQL writes it")
            if not after:
                self._inserting = not line.rstrip().endswith(";")
                return
            at = after.end() - 1

    def _is_of_table(self, line: str) -> bool:
        """Take the lines of a CREATE TABLE: they name the columns of INSERTs that do not."""
        if create := _CREATE.match(line):
            self._creating = create[1].lower()
            self._tables[self._creating] = []
            return True
        if self._creating and (column := _COLUMN.match(line)):
            self._tables[self._creating].append(column[1])
            return True
        if line.lstrip().startswith(")"):
            self._creating = ""
        return False

    def _of(self, table: str, names: str | None) -> Columns | None:
        if table not in TABLES:
            return None
        words = names.split(",") if names else self._tables.get(table, [])
        return named(words)


def _is_whole(line: str) -> bool:
    """Say whether no text of the line goes on behind its end."""
    return _TEXTS.sub("", line).count("'") == 0


_TEXTS = re.compile(_TEXT, re.DOTALL)


def _plain(value: str) -> str:
    if not value.endswith("'"):
        return "" if value.upper() == "NULL" else value
    text = value[value.index("'") + 1 : -1]
    if "\\" not in text and "''" not in text:
        return text
    return _ESCAPED.sub(lambda found: _ESCAPES.get(found[1], found[1]) if found[1] else "'", text)
