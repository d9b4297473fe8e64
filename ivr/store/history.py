"""Older systems' rows in the database, and the calls that are derived from them: one transaction a file."""

from __future__ import annotations

import hashlib
import json
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any

from sqlalchemy import Connection, Engine, and_, bindparam, func, insert, select, update
from sqlalchemy import Row as RowOfTable

from ivr.history.naming import Naming, Place
from ivr.history.rows import Aside, Row, one_line
from ivr.history.story import derive
from ivr.ledger.call import Call
from ivr.ledger.record import FILE_BITS, OFFSET_BITS
from ivr.ledger.unfolding import Unfolded
from ivr.store.bulk import add_missing, add_rows, one_of
from ivr.store.ledger import Derived
from ivr.store.tables import call, imported_aside, imported_file, imported_row, imported_system
from ivr.store.tables_totals import total
from ivr.store.totals import Totals

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
    first_at: int | None = None
    last_at: int | None = None


@dataclass(frozen=True, slots=True)
class FileOf:
    """What is kept of an imported file."""

    digest: str
    name: str
    form: str
    bytes: int


class History:
    """Imports into one ledger; its tables are there already."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine.execution_options(writes=True)

    def naming(self, system: str) -> Naming | None:
        """Return the map with which the system was imported last."""
        with self._engine.begin() as connection:
            return _naming(connection, system)

    def imported(self, system: str, digest: str) -> str:
        """Return the name under which the very same file was imported already, or ""."""
        query = select(imported_file.c.name).where(imported_file.c.system == system, imported_file.c.digest == digest)
        with self._engine.begin() as connection:
            return connection.execute(query).scalar() or ""

    def rename(self, naming: Naming) -> Taken | None:
        """Keep the map; when it says something new, derive the system's calls again. None = nothing was to do."""
        with self._engine.begin() as connection:
            if _naming(connection, naming.system) == naming:
                return None
            connection.execute(imported_system.delete().where(imported_system.c.name == naming.system))
            connection.execute(insert(imported_system).values(name=naming.system, naming=_text_of(naming)))
            taken = Taken()
            _derive(connection, naming, None, taken, Totals())
            return taken

    def take(self, naming: Naming, file: FileOf, found: Iterable[Row | Aside]) -> Taken:
        """Keep the file's rows and derive the calls that they touch: all of it, or nothing when anything fails."""
        taken = Taken()
        with self._engine.begin() as connection:
            number = (connection.execute(select(func.max(imported_file.c.number))).scalar() or 0) + 1
            _keep(connection, naming.system, number, found, taken)
            here = select(func.count(), func.min(imported_row.c.at), func.max(imported_row.c.at))
            fresh, taken.first_at, taken.last_at = connection.execute(here.where(imported_row.c.file == number)).one()
            taken.rows, taken.there = fresh, taken.rows - fresh
            connection.execute(
                insert(imported_file).values(
                    number=number,
                    digest=file.digest,
                    system=naming.system,
                    name=one_line(file.name, 200),
                    form=file.form,
                    bytes=file.bytes,
                    taken=taken.rows,
                    there=taken.there,
                    aside=taken.aside,
                    first_at=taken.first_at,
                    last_at=taken.last_at,
                    imported_at=int(time.time() * 1_000_000),
                )
            )
            if taken.rows:
                joined = _join_stories(connection, naming)
                _derive(connection, naming, number, taken, Totals(), joined)
        return taken


def derive_imported(connection: Connection, totals: Totals, *, source: Connection) -> int:
    """Derive the calls of all imported systems again; return how many rows there were. No call of theirs is there.

    `source`: the database that holds the rows; it may be another one.
    """
    rows = 0
    for name in source.execute(select(imported_system.c.name).order_by(imported_system.c.name)).scalars().all():
        naming = _naming(source, name)
        if naming:
            _derive(connection, naming, None, Taken(), totals, source=source)
        rows += source.execute(select(func.count()).where(imported_row.c.system == name)).scalar_one()
    return rows


def _keep(connection: Connection, system: str, number: int, found: Iterable[Row | Aside], taken: Taken) -> None:
    identities = _Identities(system)
    batch: list[tuple[object, ...]] = []
    for one in found:
        if isinstance(one, Aside):
            taken.aside += 1
            if taken.aside <= ASIDES:
                taken.asides.append(one)
            continue
        taken.rows += 1
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


def _join_stories(connection: Connection, naming: Naming) -> list[str]:
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


def _derive(
    connection: Connection,
    naming: Naming,
    file: int | None,
    taken: Taken,
    totals: Totals,
    joined: Sequence[str] = (),
    *,
    source: Connection | None = None,
) -> None:
    """Derive the calls of which the file has rows; None = of all files. `joined`: stories that are part of others."""
    part = _last_part(connection)
    gone = Derived((), part=part + 1)
    for name in _kept(connection, [naming.call_id(story) for story in joined]):
        gone.drop(name)
    gone.keep(connection, totals)
    for place, batch in enumerate(_stories(source or connection, naming.system, file), part + 2):
        made: list[Call] = []
        for story, rows in batch:
            one, doubts = derive(story, rows, naming)
            if one is not None:
                made.append(one)
                taken.doubts.update(doubts)
        newest = min(batch[-1][1][-1].at, int(time.time() * 1_000_000))
        earlier = _kept(connection, [naming.call_id(story) for story, _ in batch])
        derived = Derived((), part=place, newest=newest)
        for name in earlier - {one.id for one in made}:
            derived.drop(name)
        for _ in derived.taking(Unfolded(one, one.id in earlier) for one in made):
            pass
        derived.keep(connection, totals)
        taken.calls += len(made)
        taken.changed += len(earlier)


def _kept(connection: Connection, names: Sequence[str]) -> set[str]:
    """Return those of the calls that have a row."""
    return set(connection.execute(select(call.c.id).where(one_of(connection, call.c.id, names))).scalars())


def _last_part(connection: Connection) -> int:
    """Return the highest number of a part of the totals that is none of the journal's: theirs are records' ids."""
    journal = 1 << FILE_BITS << OFFSET_BITS
    return connection.execute(select(func.max(total.c.part)).where(total.c.part < journal)).scalar() or 0


def _stories(connection: Connection, system: str, file: int | None) -> Iterator[list[tuple[str, list[Row]]]]:
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


def _naming(connection: Connection, system: str) -> Naming | None:
    text = connection.execute(select(imported_system.c.naming).where(imported_system.c.name == system)).scalar()
    if text is None:
        return None
    told = json.loads(text)
    queues = {name: Place(*place) for name, place in told["queues"].items()}
    return Naming(system, told["desk"], told["zone"], queues, told["agents"], told["numbers"])


def _text_of(naming: Naming) -> str:
    told = {
        "desk": naming.desk,
        "zone": naming.zone,
        "queues": dict(naming.queues),
        "agents": dict(naming.agents),
        "numbers": dict(naming.numbers),
    }
    return json.dumps(told, ensure_ascii=False, sort_keys=True)
