"""Old journal records out of the database into packed files: each exactly once, whatever dies in between.

A file is written beside its place, forced to the disk, read again and compared; then one transaction removes its
records, names the file in the manifest, and puts the file into its place just before the commit. A death before that
leaves the records where they were; the next run begins with the same first record, and so writes over what was left.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from fcntl import LOCK_EX, LOCK_NB, flock
from itertools import takewhile
from pathlib import Path

from sqlalchemy import Connection, Engine, delete, func, insert, select, update

from ivr.errors import DeskError
from ivr.ledger.record import FILE_BITS, OFFSET_BITS, Record
from ivr.store.packed import read_packed, write_packed
from ivr.store.records import digest_of
from ivr.store.tables import archived_file, call, journal_position, journal_record

LARGEST = 100_000
"""Records of one file: a loader waits at most while as many are removed."""


@dataclass(slots=True)
class Moved:
    """What a run did."""

    records: int = 0
    files: int = 0
    bytes: int = 0
    waits_for: str = ""
    """A call that is still open and older than the moment: its records, and all after them, stay."""


Progress = Callable[[Moved], None]


def archive(
    engine: Engine, folder: Path, *, before: int, now: int, largest: int = LARGEST, progress: Progress | None = None
) -> Moved:
    """Move the records from before a moment into files of at most `largest` records. Times: UTC microseconds.

    Per node what is moved is the beginning of its journal, up to the first record of its oldest open call. Files that
    the manifest knows elsewhere, and that are in this folder now, are noted as being here. `DeskError` when the folder
    cannot be used, or another run uses it.
    """
    moved = Moved()
    with _alone(folder):
        _adopt(engine, folder)
        with engine.connect() as connection:
            nodes = connection.execute(select(journal_position.c.node, journal_position.c.number)).all()
        for node, number in nodes:
            while records := _oldest(engine, number, before, largest, moved):
                _move(engine, folder, node, records, now, moved)
                if progress:
                    progress(moved)
    return moved


def _oldest(engine: Engine, number: int, before: int, largest: int, moved: Moved) -> list[Record]:
    """Return the oldest records of a node that may go."""
    table = journal_record.c
    first, behind = (one << FILE_BITS << OFFSET_BITS for one in (number, number + 1))
    mine = select(journal_record).where(table.id >= first)
    with engine.connect() as connection:
        opened = select(call.c.id, call.c.first_record, call.c.began_at).where(
            call.c.ended_at.is_(None), call.c.first_record >= first, call.c.first_record < behind
        )
        oldest = connection.execute(opened.order_by(call.c.first_record).limit(1)).one_or_none()
        if oldest:
            behind = oldest.first_record
            moved.waits_for = oldest.id if oldest.began_at < before else moved.waits_for
        rows = connection.execute(mine.where(table.id < behind).order_by(table.id).limit(largest)).all()
    return list(takewhile(lambda record: record.at < before, (Record(*row) for row in rows)))


def _move(engine: Engine, folder: Path, node: str, records: list[Record], now: int, moved: Moved) -> None:
    first, last = records[0], records[-1]
    began = datetime.fromtimestamp(first.at / 1_000_000, UTC)
    path = folder / f"{node}-{began:%Y%m%dT%H%M%S}-{first.id:x}.parquet"
    part = _written(path, records)
    size = part.stat().st_size
    row = {"first": first.id, "last": last.id, "records": len(records), "bytes": size, "sha256": digest_of(part)}
    place = {"folder": str(folder), "name": path.name, "archived_at": now}
    with engine.execution_options(writes=True).begin() as connection:
        # Whoever rebuilds the ledger holds this, and must not lose what it is about to read.
        connection.execute(select(journal_position.c.node).with_for_update()).all()
        _remove(connection, first.id, last.id, len(records))
        connection.execute(insert(archived_file).values(**row, **place))
        part.replace(path)
        _settle(folder)
    moved.records += len(records)
    moved.files += 1
    moved.bytes += size


def _written(path: Path, records: list[Record]) -> Path:
    """Write the file beside its place, and return it when the disk has it and it holds just these records."""
    part = path.with_suffix(".part")
    write_packed(part, records)
    _settle(part)
    at = 0
    for some in read_packed(part, records[0].id, records[-1].id):
        if some != records[at : at + len(some)]:
            break
        at += len(some)
    if at != len(records):
        raise DeskError(f"The archive file {part} does not hold what was written.", "See that its disk is sound.")
    return part


def _remove(connection: Connection, first: int, last: int, count: int) -> None:
    gone = connection.execute(delete(journal_record).where(journal_record.c.id.between(first, last))).rowcount
    if gone != count:
        raise DeskError(
            "Another run archives the same records into another folder; nothing was moved twice.",
            "Let one machine archive for all nodes of a database.",
        )


def _adopt(engine: Engine, folder: Path) -> None:
    """Note of the manifest's files that are in this folder that they are here."""
    table = archived_file.c
    with engine.execution_options(writes=True).begin() as connection:
        elsewhere = connection.execute(select(table.first, table.name).where(table.folder != str(folder))).all()
        for first, name in elsewhere:
            if (folder / name).is_file():
                connection.execute(update(archived_file).where(table.first == first).values(folder=str(folder)))


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Hold the folder for one run. What an earlier run left half-written is removed."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        lock = os.open(folder, os.O_RDONLY)
    except OSError as error:
        raise DeskError(
            f"The archive's folder {folder} cannot be used: {error.strerror}.", "Give a folder of yours by --folder."
        ) from error
    try:
        try:
            flock(lock, LOCK_EX | LOCK_NB)
        except BlockingIOError as error:
            raise DeskError(f"Another run is archiving into {folder}.", "Wait until it has ended.") from error
        for left in folder.glob("*.part"):
            left.unlink()
        yield
    finally:
        os.close(lock)


def _settle(path: Path) -> None:
    """Return when the disk has it."""
    file = os.open(path, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)


def archived(engine: Engine) -> Moved:
    """Return how much is archived in all."""
    table = archived_file.c
    with engine.connect() as connection:
        records, files, size = connection.execute(
            select(func.sum(table.records), func.count(), func.sum(table.bytes))
        ).one()
    return Moved(int(records or 0), files, int(size or 0))
