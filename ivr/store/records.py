"""The journal's records wherever they are: in their table, or packed into files of the archive.

The table `archived_file` is the archive's manifest: a file that it does not name does not count. Records leave their
table in the transaction that names their file, so each is in one of the two places. Whoever reads both without one
moment's view of the database reads the table first: a record may then be met twice, which its id tells, but not missed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Row, and_, select

from ivr.errors import DeskError
from ivr.ledger.record import Record
from ivr.store.bulk import one_of
from ivr.store.packed import read_packed
from ivr.store.tables import archived_file, journal_record

NO_RECORD = 2**63 - 1
"""Behind every record's id."""
ARCHIVE = "archive"
"""The folder of packed files, under the home."""


def records_of_calls(connection: Connection, calls: Collection[str], first: int, last: int) -> list[Record]:
    """Return the records of these linkedids between two ids, in the order of the journal."""
    table = journal_record.c
    wanted = and_(table.id.between(first, last), one_of(connection, table.linkedid, calls))
    found = [Record(*row) for row in connection.execute(select(journal_record).where(wanted).order_by(table.id))]
    manifest = archived_file.c
    overlapping = select(archived_file).where(manifest.first <= last, manifest.last >= first)
    if files := connection.execute(overlapping).all():
        packed = [record for file in files for part in _parts(connection, file, first, last, calls) for record in part]
        found = sorted({record.id: record for record in [*found, *packed]}.values())
    return found


def all_records(connection: Connection, at_once: int) -> Iterator[list[Record]]:
    """Yield all records in the order of their ids, about so many at once.

    Meant for one moment's view of the database: `REPEATABLE READ`, or a lock on `journal_position`.
    """
    behind = 0
    for file in connection.execute(select(archived_file).order_by(archived_file.c.first)).all():
        yield from _kept(connection, behind, file.first, at_once)
        yield from _parts(connection, file, file.first, file.last, at_once=at_once)
        behind = file.last
    yield from _kept(connection, behind, NO_RECORD, at_once)


def moment_at(connection: Connection, identity: int) -> int:
    """Return the time of the last record before a place of the journal, else of the first behind it; 0 without any."""
    table, manifest = journal_record.c, archived_file.c
    before = select(table.id, table.at).where(table.id < identity).order_by(table.id.desc()).limit(1)
    found = [(row.id, row.at) for row in connection.execute(before)]
    packed = select(archived_file).where(manifest.first < identity).order_by(manifest.first.desc()).limit(1)
    for file in connection.execute(packed):
        if not found or file.last > found[0][0]:
            parts = list(_parts(connection, file, file.first, identity - 1))
            found.append((parts[-1][-1].id, parts[-1][-1].at))
    if found:
        return int(max(found)[1])
    behind = select(table.at).where(table.id > identity).order_by(table.id).limit(1)
    return int(connection.execute(behind).scalar() or 0)


def place_of_file(connection: Connection, file: Row[Any]) -> Path:
    """Return where a packed file is, its bytes being those that were written; `DeskError` when it is gone or damaged.

    A home may have been moved with its database: then the file is beside it.
    """
    database = connection.engine.url.database if connection.dialect.name == "sqlite" else None
    places = [Path(file.folder), *([Path(database).absolute().parent / ARCHIVE] if database else [])]
    for place in places:
        path = place / str(file.name)
        if path.is_file():
            if digest_of(path) != file.sha256:
                raise DeskError(f"The archive file {path} is damaged: its hash is another.", "Put a copy of it back.")
            return path
    raise DeskError(
        f"The archive file {places[0] / file.name} is gone, and with it {file.records} records.",
        "Put it back, or name the folder where it is now: `ivr ledger archive --folder FOLDER`.",
    )


def digest_of(path: Path) -> str:
    """Return a file's SHA-256."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _kept(connection: Connection, behind: int, before: int, at_once: int) -> Iterator[list[Record]]:
    """Yield what the table has between the two ids, both left out."""
    table = journal_record.c
    while True:
        query = select(journal_record).where(table.id > behind, table.id < before).order_by(table.id).limit(at_once)
        records = [Record(*row) for row in connection.execute(query)]
        if not records:
            return
        yield records
        behind = records[-1].id


def _parts(
    connection: Connection,
    file: Row[Any],
    first: int,
    last: int,
    calls: Collection[str] = (),
    at_once: int = 20_000,
) -> Iterator[list[Record]]:
    return read_packed(place_of_file(connection, file), first, last, calls=calls, at_once=at_once)
