"""An older system's rows in the database: each once, in the order of their files, and put together by call."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, and_, bindparam, func, select, update
from sqlalchemy import Row as RowOfTable

from ivr.history.naming import Naming
from ivr.history.queue_log import AGENTS
from ivr.history.rows import Aside, Row, one_line
from ivr.store.bulk import add_missing, add_rows, one_of
from ivr.store.tables import imported_aside, imported_row

_AT_ONCE = 5000
_LONGEST_RAW = 400
_ROW_BITS = 40
"""A file may have so many rows, and there may be 8 million files."""
ASIDES = 10_000
"""Lines of one file that are kept with their reason; more are only counted."""


@dataclass(slots=True)
class Taken:
    """What an import did."""

    rows: int = 0
    there: int = 0
    """Rows that the ledger had already, from another file."""
    asides: list[Aside] = field(default_factory=list)
    """The first of them; `aside` counts all."""
    aside: int = 0
    calls: int = 0
    changed: int = 0
    """Calls that an earlier import had made, and that were made again because new rows belong to them."""
    doubts: Counter[str] = field(default_factory=Counter)
    of_agents: int = 0
    """Rows of a queue_log that tell of agents: pauses, sign-ins. They are kept; no agent's time is made of them."""
    first_at: int | None = None
    last_at: int | None = None


def keep_rows(connection: Connection, system: str, number: int, found: Iterable[Row | Aside], taken: Taken) -> None:
    """Add the rows of the file with this number that are not there, and what is none; count all of it in `taken`."""
    identities = _Identities(system)
    batch: list[tuple[object, ...]] = []
    for one in found:
        if isinstance(one, Aside):
            taken.aside += 1
            if taken.aside <= ASIDES:
                taken.asides.append(one)
            continue
        taken.rows += 1
        taken.of_agents += one.event in AGENTS
        fields = json.dumps(dict(one.fields), ensure_ascii=False)
        texts = (one.kind, one.event, one.uniqueid, one.linkedid, fields)
        clean = tuple(text.encode(errors="replace").decode() for text in texts)
        place = number << _ROW_BITS | taken.rows
        batch.append((place, identities.of(one, clean), number, one.line, system, one.story, one.at, *clean))
        if len(batch) >= _AT_ONCE:
            add_missing(connection, imported_row, batch)
            batch = []
    if batch:
        add_missing(connection, imported_row, batch)
    rows = [
        (number, place, aside.line, one_line(aside.raw, _LONGEST_RAW), aside.reason)
        for place, aside in enumerate(taken.asides)
    ]
    add_rows(connection, imported_aside, rows)


class _Identities:
    """Gives each row an id that is the same in every file that holds it.

    Equal rows of the same moment are told apart by their count: so two files that overlap bring a row once, and a file
    that really says a thing twice brings it twice.
    """

    def __init__(self, system: str) -> None:
        self._system = system
        self._at = 0
        self._seen: Counter[bytes] = Counter()

    def of(self, row: Row, texts: tuple[str, ...]) -> int:
        if row.at != self._at:
            self._at = row.at
            self._seen.clear()
        content = "\0".join((self._system, str(row.at), *texts)).encode()
        times = self._seen[content]
        self._seen[content] += 1
        digest = hashlib.sha256(b"%d\0%b" % (times, content)).digest()
        return int.from_bytes(digest[:8], "big") >> 1


def join_stories(connection: Connection, naming: Naming) -> list[str]:
    """Put a queue_log's rows to the call that CDR or CEL know its channel to be a part of; return what was joined."""
    table = imported_row.c
    logged = select(table.story).where(table.system == naming.system, table.kind == "queue_log")
    linked = select(table.uniqueid, func.min(table.linkedid)).where(
        table.system == naming.system,
        table.event.in_(("cdr", "CHAN_START")),
        table.linkedid != table.uniqueid,
        table.linkedid != "",
        table.uniqueid.in_(logged),
    )
    found = connection.execute(linked.group_by(table.uniqueid)).all()
    if not found:
        return []
    which = and_(table.system == naming.system, table.story == bindparam("alone"), table.kind == "queue_log")
    connection.execute(
        update(imported_row).where(which).values(story=bindparam("whole")),
        [{"alone": alone, "whole": whole} for alone, whole in found],
    )
    return [alone for alone, _ in found]


def stories(connection: Connection, system: str, file: int | None) -> Iterator[list[tuple[str, list[Row]]]]:
    """Yield whole stories in batches, each with its rows in the order of time."""
    table = imported_row.c
    wanted = and_(table.system == system if file is None else table.file == file, table.story != "")
    behind = ""
    while True:
        names = select(table.story).distinct().where(wanted, table.story > behind).order_by(table.story).limit(_AT_ONCE)
        stories = connection.execute(names).scalars().all()
        if not stories:
            return
        query = select(imported_row).where(table.system == system, one_of(connection, table.story, stories))
        rows = connection.execute(query.order_by(table.story, table.at, table.id)).all()
        yield [(name, [_row(one) for one in group]) for name, group in groupby(rows, key=lambda one: one.story)]
        behind = stories[-1]


def _row(one: RowOfTable[Any]) -> Row:
    return Row(one.line, one.at, one.kind, one.event, one.uniqueid, one.linkedid, json.loads(one.fields))
