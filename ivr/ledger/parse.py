"""Bytes of a journal file to records.

Every field is quoted and a quote inside a value is doubled, so a quote that opens a field stands alone. Therefore a
line that begins with a single quote, an event name and a time can never be the inside of a value: whatever a caller
sends, it marks the beginning of a record. That is how reading goes on after a torn or foreign piece.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Sequence
from functools import partial
from itertools import accumulate, pairwise
from typing import Any

from ivr.ledger.record import FIELDS, Record, Rejected

HEAD = re.compile(rb'"[^",\r\n]{1,80}","(\d{1,11}\.\d{6})","')
"""How every record begins; group 1 is its time."""
LONGEST = 65536
"""Bytes. A record that does not end within them is no record; Asterisk's own fields are far shorter."""

_INTERRUPTED = "torn: another record begins inside it"
_LONGEST_HEAD = 128
_REPLACEMENT = "\N{REPLACEMENT CHARACTER}"
_TIME = re.compile(r"[0-9]{1,11}\.[0-9]{6}").fullmatch
_TIMES = re.compile(r"[0-9]{1,11}\.[0-9]{6}(?:\n[0-9]{1,11}\.[0-9]{6})*").fullmatch
_QUOTE = b'"'
_BETWEEN, _BETWEEN_LINES, _LINE_END = '","', '"\n"', '"\n'
_AROUND = len(_BETWEEN_LINES)
"""What a line has beside what stands between its quotes."""
_WIDTH = len(FIELDS)
_AT_ONCE = 256
"""Lines. One that is not sound sends so many the careful way, and all behind them."""
_REPEATED = [FIELDS.index(name) for name in ("EventType", "UniqueID", "LinkedID", "Context")]
"""Fields whose values come again and again, and are looked up."""
_made: Callable[[tuple[Any, ...]], Record] = partial(tuple.__new__, Record)
"""Without the named tuple's own constructor: nothing is made as often."""


def parse(data: bytes, first: int, *, final: bool = False) -> tuple[list[Record], list[Rejected], int]:
    """Read the whole records of `data`; `first` is the id of a record that would begin at its first byte.

    Returns records, rejected pieces and the count of bytes that are settled. An unfinished last record is left for
    the next time, unless `final` says that nothing will ever follow. The answer for a byte never depends on how a
    file is cut into calls.
    """
    records, plain = _plain(data, first)
    rejected: list[Rejected] = []
    whole, loose, used = _cut(data, plain)
    loose += [(at, piece, "") for at, piece in whole]
    if final and used < len(data):
        loose.append((used, data[used:], "torn: it was never finished"))
        used = len(data)
    for at, piece, reason in loose:
        _salvage(piece, first + at, records, rejected, reason)
    if loose:
        records.sort()
        rejected.sort()
    return records, rejected, used


def first_time(data: bytes) -> int | None:
    """Return the time of the first record in `data`, in microseconds; None when there is none."""
    found = HEAD.search(data)
    return int(found[1].replace(b".", b"")) if found else None


def _plain(data: bytes, first: int) -> tuple[list[Record], int]:
    """Read records, some hundred at once, as long as each is sound and on one line; return them and the bytes used.

    Nearly every record is such a one, and this is where a loader spends its time. What is torn, or spans lines, is left
    to the careful way, with what stands around it: `_one` says of each line what is said here of all of them.
    """
    text = _text(data)
    end = text.rfind(_LINE_END)
    if text[:1] != '"' or end < 1:
        return [], 0
    # Each without the quotes around it.
    lines = text[1:end].split(_BETWEEN_LINES)
    # Offsets count bytes; in plain ASCII a line has as many characters.
    raw = lines if data.isascii() else data[1 : data.rfind(_LINE_END.encode())].split(_BETWEEN_LINES.encode())
    sizes = [len(line) + _AROUND for line in raw]
    records: list[Record] = []
    known: dict[str, str] = {}
    at = 0
    for start in range(0, len(lines), _AT_ONCE):
        columns = _columns(lines[start : start + _AT_ONCE], known)
        some = sizes[start : start + _AT_ONCE]
        if columns is None or max(some) > LONGEST:
            break
        places = list(accumulate(some, initial=first + at))
        records += map(_made, zip(places[:-1], *columns, strict=True))
        at = places[-1] - first
    return records, at


def _columns(lines: list[str], known: dict[str, str]) -> list[Sequence[Any]] | None:
    """Return the fields of lines that hold a sound record each, the time as microseconds; None when one does not.

    Lines come without the quotes around them. Only the last field may hold a quote: where no other does, what stands
    between two fields is found nowhere else. `known`: words that were met; the same word is the same object then.
    """
    try:
        columns: list[Sequence[Any]] = list(zip(*[line.split(_BETWEEN, _WIDTH - 1) for line in lines], strict=True))
    except ValueError:
        return None
    whole = "\n".join(lines)
    if len(columns) != _WIDTH or whole.count("\n") != len(lines) - 1:
        return None
    last = "\n".join(columns[-1])
    quotes = last.count('"')
    if quotes != 2 * last.count('""') or whole.count('"') != quotes + 2 * (_WIDTH - 1) * len(lines):
        return None
    events, times, uniqueids, linkedids, *_ = columns
    if not (all(events) and all(uniqueids) and all(linkedids) and _TIMES("\n".join(times))):
        return None
    for place in _REPEATED:
        columns[place] = list(map(known.setdefault, columns[place], columns[place]))
    columns[1] = list(map(int, "\n".join(times).replace(".", "").split("\n")))
    columns[-1] = last.replace('""', '"').split("\n")
    return columns


def _cut(data: bytes, begin: int) -> tuple[list[tuple[int, bytes]], list[tuple[int, bytes, str]], int]:
    """Cut what follows `begin` into candidates (balanced quotes, ended by a newline) and torn pieces.

    Returns both, with the place of each in `data`, and where the unfinished rest begins.
    """
    whole: list[tuple[int, bytes]] = []
    loose: list[tuple[int, bytes, str]] = []
    lines = data[begin:].split(b"\n")
    tail = lines.pop()
    at = start = begin
    inside = False
    for line in lines:
        if inside and at - start < LONGEST and HEAD.match(line):
            loose.append((start, data[start : at - 1], _INTERRUPTED))
            inside = False
        if not inside:
            start = at
        at += len(line) + 1
        if at - start > LONGEST:
            return whole, [*loose, _too_long(data, start)], _next_start(data, start)
        inside = inside != bool(line.count(_QUOTE) & 1)
        if not inside:
            whole.append((start, data[start : at - 1]))
    if inside and at - start < LONGEST and HEAD.match(tail):
        loose.append((start, data[start : at - 1], _INTERRUPTED))
        inside = False
    end = start if inside else at
    if len(data) - end > LONGEST + _LONGEST_HEAD:
        return whole, [*loose, _too_long(data, end)], _next_start(data, end)
    return whole, loose, end


def _next_start(data: bytes, start: int) -> int:
    """Return where reading goes on after a piece that is too long: at the first head inside it, or behind it."""
    found = HEAD.search(data, start + 1, start + LONGEST + _LONGEST_HEAD)
    return found.start() if found and found.start() < start + LONGEST else start + LONGEST


def _too_long(data: bytes, start: int) -> tuple[int, bytes, str]:
    return start, data[start : _next_start(data, start)], f"no end within {LONGEST} bytes"


def _salvage(piece: bytes, first: int, records: list[Record], rejected: list[Rejected], reason: str) -> None:
    """Take what can be taken of a doubtful piece: whole records may stand behind a torn one on the same line."""
    row, fault = _one(_text(piece))
    if row is not None:
        records.append(_record(first, row))
        return
    starts = [0, *(found.start() for found in HEAD.finditer(piece, 1)), len(piece)]
    for start, end in pairwise(starts):
        row, fault = _one(_text(piece[start:end]))
        if row is not None:
            records.append(_record(first + start, row))
        else:
            rejected.append(Rejected(first + start, piece[start:end], reason or fault))


def _one(text: str) -> tuple[list[Any] | None, str]:
    """Read one piece by itself: its row, or None and what is wrong."""
    if text[:1] + text[-1:] != '""':
        return None, "no record: it does not begin and end with a quote"
    try:
        rows = list(csv.reader([text], strict=True))
    except csv.Error as error:
        return None, f"no record: {error}"
    fault = _fault(rows[0])
    return (None, fault) if fault else (rows[0], "")


def _fault(row: list[str]) -> str:
    if len(row) != _WIDTH:
        return f"no record: {len(row)} fields, not {_WIDTH}"
    if not _TIME(row[1]):
        return "no record: its time is not epoch seconds with six decimals"
    if not (row[0] and row[2] and row[3]):
        return "no record: event, uniqueid or linkedid is missing"
    if '"' in row[0]:
        # Torn behind its first field, with the next record right behind it: two quotes that look like a doubled one.
        return _INTERRUPTED
    return ""


def _record(identity: int, row: list[str]) -> Record:
    event, time, *others = row
    return Record(identity, event, int(time.replace(".", "")), *others)


def _text(piece: bytes) -> str:
    """Decode; what is not UTF-8, and NUL, which PostgreSQL cannot keep, become the replacement character."""
    text = piece.decode("utf-8", "replace")
    return text.replace("\0", _REPLACEMENT) if "\0" in text else text
