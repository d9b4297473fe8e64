"""Rows of comma-separated text: records that may span lines, each with the line where it begins."""

from __future__ import annotations

import csv
import re
from collections import deque
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from ivr.history.rows import Aside

MOST_LINES = 20
"""Lines of one record. A quote that is never closed would else swallow the rest of the file."""
_UNCLOSED = "a quote that is never closed"
_NULL = re.compile(r"(?<![^,;\t])\\N(?![^,;\t])")
_BACKSLASHED = re.compile(r"""\\"(?!["',;\t\r\n]|$)|(?<![^,;\t\n])\\N(?![^,;\t\r\n])""")
r"""A `\"` that ends no value, or a `\N` that is a whole one."""


class Dialect(NamedTuple):
    """How a file separates and quotes."""

    separator: str
    backslash: bool
    r"""Quotes are written `\"` and a missing value `\N`, as MySQL exports them; else `""`."""


def dialect_of(head: str) -> Dialect:
    """Return the dialect of a file by its beginning."""
    first = head.partition("\n")[0]
    separator = max(",;\t", key=first.count)
    return Dialect(separator, _BACKSLASHED.search(head) is not None)


def read_records(lines: Iterable[tuple[int, str]], dialect: Dialect) -> Iterator[tuple[int, list[str]] | Aside]:
    """Yield (line, values) of each record, and what is none."""
    source = iter(lines)
    again: deque[tuple[int, str]] = deque()
    held: list[tuple[int, str]] = []
    while (line := again.popleft() if again else next(source, None)) is not None:
        held.append(line)
        text = "\n".join(part for _, part in held)
        if not _is_open(text, dialect):
            yield _record(held[0][0], text, dialect)
            held = []
        elif len(held) >= MOST_LINES:
            # The quote that was never closed stands in the first of them: the others are read by themselves.
            yield Aside(*held[0], _UNCLOSED)
            again.extendleft(reversed(held[1:]))
            held = []
    for number, text in held:
        yield Aside(number, text, _UNCLOSED)


def _is_open(text: str, dialect: Dialect) -> bool:
    quotes = text.count('"')
    if dialect.backslash:
        quotes -= text.replace("\\\\", "").count('\\"')
    return bool(quotes & 1)


def _record(number: int, text: str, dialect: Dialect) -> tuple[int, list[str]] | Aside:
    if not text.strip():
        return number, []
    escape = None
    if dialect.backslash:
        escape = "\\"
        text = _NULL.sub("", text)
    try:
        rows = list(csv.reader([text], delimiter=dialect.separator, escapechar=escape, doublequote=escape is None))
    except csv.Error as error:
        return Aside(number, text, f"no row: {error}")
    return number, rows[0]
