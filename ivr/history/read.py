"""A file of an older system to rows: one generator for every form."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import zip_longest

from ivr.history.clock import Clock
from ivr.history.columns import Columns
from ivr.history.delimited import read_records
from ivr.history.dump import read_dump
from ivr.history.queue_log import data_of, read_queue_log
from ivr.history.rows import SECOND, Aside, Kind, Row, birth
from ivr.history.sniff import Form

TORN = "torn: the file ends in it"


def read_rows(lines: Iterable[str], form: Form, clock: Clock, kind: Kind | None = None) -> Iterator[Row | Aside]:
    """Yield the rows of a file, and what is none, in the file's order. `kind`: only these of a dump.

    A last line without its end is set aside: it may be half of one. Raises `DeskError` when times need a zone.
    """
    whole = _Lines(lines)
    if form.shape == "lines":
        yield from read_queue_log(whole)
    else:
        found = read_dump(whole) if form.shape == "dump" else _of_text(whole, form)
        for one in found:
            if isinstance(one, Aside):
                yield one
            elif kind in (None, one[1].kind):
                yield _row(*one, clock)
    if whole.torn:
        yield Aside(*whole.torn, TORN)


class _Lines:
    """Numbers lines and takes their ends off; a last one that has no end is kept apart."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = lines
        self.torn: tuple[int, str] | None = None

    def __iter__(self) -> Iterator[tuple[int, str]]:
        for number, line in enumerate(self._lines, 1):
            if not line.endswith("\n"):
                self.torn = (number, line)
                return
            yield number, line[:-1].replace("\0", "\N{REPLACEMENT CHARACTER}")


def _of_text(lines: Iterable[tuple[int, str]], form: Form) -> Iterator[tuple[int, Columns, list[str]] | Aside]:
    if form.dialect is None or form.columns is None:
        return
    awaits_header = form.columns.header
    for record in read_records(lines, form.dialect):
        if isinstance(record, Aside):
            yield record
            continue
        number, values = record
        if not values:
            continue
        if awaits_header:
            awaits_header = False
            continue
        yield number, form.columns, values


def _row(number: int, columns: Columns, values: list[str], clock: Clock) -> Row | Aside:
    if len(values) > len(columns.names) or len(values) < min(len(columns.names), 10):
        reason = f"{len(values)} columns, and the file has {len(columns.names)}"
        return Aside(number, ",".join(values), reason)
    fields = {name: value for name, value in zip_longest(columns.names, values, fillvalue="") if value and name}
    make = {"cdr": _cdr, "cel": _cel, "queue_log": _queue_log}[columns.kind]
    row = make(number, fields, clock)
    return row if isinstance(row, Row) else Aside(number, ",".join(values), row)


def _cdr(number: int, fields: dict[str, str], clock: Clock) -> Row | str:
    uniqueid = fields.pop("uniqueid", "")
    linkedid = fields.pop("linkedid", "")
    born = birth(uniqueid)
    start = clock.read(fields.get("start", ""), born)
    if start is None:
        return f"no time that a call began: {fields.get('start', '')[:40]!r}"
    if not fields.get("channel"):
        return "no channel: a call without a caller"
    clock.witness(start, born)
    near = start // SECOND
    answer = clock.read(fields.get("answer", ""), near)
    length, billed = _seconds(fields.get("duration", "")), _seconds(fields.get("billsec", ""))
    end = clock.read(fields.get("end", ""), near)
    end = max(start, start + length if end is None else end)
    if answer is None and billed:
        # A database's table has no column for it; `billsec` counts from the answer to the end.
        answer = end - billed
    fields["end_us"] = str(end)
    if answer is not None and start <= answer <= end:
        fields["answer_us"] = str(answer)
    return Row(number, start, "cdr", "cdr", uniqueid or _made_up(fields, start), linkedid, fields)


def _made_up(fields: Mapping[str, str], start: int) -> str:
    """Return an id for a row that has none: the channel and the second of its beginning are unique together."""
    return f"{fields['channel']}@{start // SECOND}"


def _seconds(text: str) -> int:
    """Return microseconds of a count of seconds, 0 when it is none."""
    whole, _, rest = text.partition(".")
    if not (whole.isascii() and whole.isdigit() and len(whole) < 9):
        return 0
    return int(whole) * SECOND + (int(rest[:6].ljust(6, "0")) if rest.isascii() and rest.isdigit() else 0)


def _cel(number: int, fields: dict[str, str], clock: Clock) -> Row | str:
    uniqueid = fields.pop("uniqueid", "")
    linkedid = fields.pop("linkedid", "")
    event = fields.pop("eventtype", "")
    if not (uniqueid and event):
        return "no event or no uniqueid"
    born = birth(uniqueid)
    at = clock.read(fields.get("eventtime", ""), born)
    if at is None:
        return f"no time of an event: {fields.get('eventtime', '')[:40]!r}"
    if event == "CHAN_START":
        clock.witness(at, born)
    return Row(number, at, "cel", event, uniqueid, linkedid, fields)


def _queue_log(number: int, fields: dict[str, str], clock: Clock) -> Row | str:
    call, event = fields.pop("callid", ""), fields.pop("event", "")
    at = clock.read(fields.pop("time", ""), birth(call))
    if at is None or not event:
        return "no time, or no event"
    one = fields.pop("data", "")
    data = one.split("|") if one else [fields.pop(f"data{place}", "") for place in range(1, 6)]
    while data and not data[-1]:
        data.pop()
    found = data_of(event, data)
    if found is None:
        return f"the data of {event} are not what Asterisk writes"
    kept = {"queue": fields.get("queue", ""), "agent": fields.get("agent", "")} | found
    return Row(number, at, "queue_log", event, "" if call == "NONE" else call, "", kept)
