"""Older systems' rows in the database, and the calls that are derived from them: one transaction a file."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, Engine, delete, func, insert, select

from ivr.errors import DeskError
from ivr.history.naming import Naming, Place
from ivr.history.rows import Aside, Row, one_line
from ivr.history.story import derive
from ivr.ledger.call import Call
from ivr.ledger.origin import IMPORTED
from ivr.ledger.record import FILE_BITS, OFFSET_BITS
from ivr.ledger.unfolding import Unfolded
from ivr.store.bulk import one_of
from ivr.store.derived import keep
from ivr.store.given import Given
from ivr.store.imported_rows import Taken, join_stories, keep_rows, stories
from ivr.store.tables import call, imported_aside, imported_file, imported_row, imported_system
from ivr.store.tables_totals import total
from ivr.store.totals import Totals

_AT_ONCE = 5000


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
            connection.execute(delete(imported_system).where(imported_system.c.name == naming.system))
            connection.execute(insert(imported_system).values(name=naming.system, naming=_text_of(naming)))
            taken = Taken()
            _derive(connection, naming, None, taken, Totals())
            return taken

    def remove(self, system: str) -> int:
        """Take everything of a system out again; return how many calls there were. `DeskError` when it is not known."""
        with self._engine.begin() as connection:
            if _naming(connection, system) is None:
                raise DeskError(f"Nothing was imported of a system {system!r}.", "See them: `ivr ledger imports`.")
            mine = select(call.c.id).where(call.c.node == f"{IMPORTED}{system}")
            names = connection.execute(mine).scalars().all()
            part, totals = _last_part(connection), Totals()
            for start in range(0, len(names), _AT_ONCE):
                part += 1
                gone = Given((), part=part)
                for name in names[start : start + _AT_ONCE]:
                    gone.drop(name)
                keep(connection, gone, totals)
            files = select(imported_file.c.number).where(imported_file.c.system == system)
            connection.execute(delete(imported_aside).where(imported_aside.c.file.in_(files)))
            for table in (imported_row, imported_file):
                connection.execute(delete(table).where(table.c.system == system))
            connection.execute(delete(imported_system).where(imported_system.c.name == system))
        return len(names)

    def take(self, naming: Naming, file: FileOf, found: Iterable[Row | Aside]) -> Taken:
        """Keep the file's rows and derive the calls that they touch: all of it, or nothing when anything fails."""
        taken = Taken()
        with self._engine.begin() as connection:
            number = (connection.execute(select(func.max(imported_file.c.number))).scalar() or 0) + 1
            keep_rows(connection, naming.system, number, found, taken)
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
                joined = join_stories(connection, naming)
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
    gone = Given((), part=part + 1)
    for name in _kept(connection, [naming.call_id(story) for story in joined]):
        gone.drop(name)
    keep(connection, gone, totals)
    for place, batch in enumerate(stories(source or connection, naming.system, file), part + 2):
        made: list[Call] = []
        for story, rows in batch:
            one, doubts = derive(story, rows, naming)
            if one is not None:
                made.append(one)
                taken.doubts.update(doubts)
        newest = min(batch[-1][1][-1].at, int(time.time() * 1_000_000))
        earlier = _kept(connection, [naming.call_id(story) for story, _ in batch])
        given = Given((), part=place, newest=newest)
        for name in earlier - {one.id for one in made}:
            given.drop(name)
        for _ in given.taking(Unfolded(one, one.id in earlier) for one in made):
            pass
        keep(connection, given, totals)
        taken.calls += len(made)
        taken.changed += len(earlier)


def _kept(connection: Connection, names: Sequence[str]) -> set[str]:
    """Return those of the calls that have a row."""
    return set(connection.execute(select(call.c.id).where(one_of(connection, call.c.id, names))).scalars())


def _last_part(connection: Connection) -> int:
    """Return the highest number of a part of the totals that is none of the journal's: theirs are records' ids."""
    journal = 1 << FILE_BITS << OFFSET_BITS
    return connection.execute(select(func.max(total.c.part)).where(total.c.part < journal)).scalar() or 0


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
