"""What a large ledger costs: to load into, to report from, to look into, to keep; beside a small one, and plain SQL.

Journals of the believable year (`tests.year`) are loaded by the product's loader; then the ledger is made as large as
`--calls` says by its own rows (`tests.year.multiply`), and loading goes on.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

from sqlalchemy import Engine, func, select, text, update

from ivr.asterisk.journal import Journal
from ivr.desk.load import Loader
from ivr.store.archive import archive, archived
from ivr.store.engine import open_database
from ivr.store.ledger import SqlLedger
from ivr.store.migrate import migrate
from ivr.store.tables import call, journal_position
from tests.bench.report_speed import report_rows
from tests.postgres import running_cluster, server_programs
from tests.year.journal import BEGIN, write_year
from tests.year.multiply import Multiplier

SMALL, BASE = 10_000, 50_000
"""Calls of the ledger that the others are held against, and calls that are loaded before the ledger is multiplied."""
CHUNK, TURNS = 3000, 3
"""Calls that are loaded into either at the same time of the run, so many times."""
ZONE = "Europe/Moscow"
FLAT = "<= 1.20"
EVER = 2**62


class Speed(NamedTuple):
    """One run of the loader."""

    records: int
    calls: int
    seconds: float


def run(calls: int) -> list[dict[str, Any]]:
    """Measure on SQLite, and on PostgreSQL where its programs are; return rows as `tests.bench.figures` has them."""
    rows = []
    with tempfile.TemporaryDirectory(prefix="ivr-bench-") as folder:
        base = Path(folder) / "base"
        write_year(base, min(BASE, calls // 5))
        small = Path(folder) / "small"
        write_year(small, SMALL)
        for side in _sides(Path(folder)):
            with side as (name, urls):
                rows += _measure(name, urls, (base, small), calls)
    return rows


@contextmanager
def _sqlite(folder: Path) -> Iterator[tuple[str, Iterator[str]]]:
    place = folder / "sqlite"
    place.mkdir()
    yield "SQLite", (f"sqlite:///{place}/ledger{number}.sqlite" for number in range(99))
    shutil.rmtree(place)


@contextmanager
def _postgres() -> Iterator[tuple[str, Iterator[str]]]:
    with running_cluster() as cluster:
        yield "PostgreSQL", (cluster.fresh_database() for _ in range(99))


def _sides(folder: Path) -> Iterator[Any]:
    yield _sqlite(folder)
    if server_programs() is not None:
        yield _postgres()


def _measure(name: str, urls: Iterator[str], journals: tuple[Path, Path], calls: int) -> list[dict[str, Any]]:
    base, small = journals
    url = next(urls)
    loaded = _load(url, base)
    rows = [
        _row(f"journal of a year into {name}, all derived", loaded.records / loaded.seconds, "records/s"),
        *_disk(name, url, base.parent / f"archive-{name}"),
    ]
    engine = open_database(url)
    multiplier = Multiplier(engine)
    size = _count(engine)
    for wanted in [one for one in (100_000, 1_000_000, 10_000_000) if one < calls] + [calls]:
        _tell(f"{name}: {wanted} calls")
        copies = round((wanted - size) / min(BASE, calls // 5))
        end = multiplier.grow(copies) if copies > 0 else multiplier.begin + multiplier.span
        size = _count(engine)
        rows.append(_growth(name, size, url, next(urls), (small, end)))
        multiplier.skip()
    multiplier.close()
    rows += report_rows(name, url, ZONE)
    engine.dispose()
    return rows


def _growth(name: str, size: int, large: str, little: str, journals: tuple[Path, int]) -> dict[str, Any]:
    """Load the same number of calls into the large ledger and into a small one, in turns; the quickest turns count."""
    small, end = journals
    _load(little, small)
    ours: list[float] = []
    theirs: list[float] = []
    for turn in range(TURNS):
        with tempfile.TemporaryDirectory(prefix="ivr-chunk-") as folder:
            later = (datetime.fromtimestamp(end / 1e6, UTC) + timedelta(days=1 + turn)).date()
            for place, url, day, spent in (
                ("large", large, later, ours),
                ("small", little, BEGIN + timedelta(days=14 + turn), theirs),
            ):
                spent.append(_chunk(Path(folder) / place, url, day))
    cost, small_cost = min(ours), min(theirs)
    return _row(
        f"a call into {name} that holds {_round(size)} calls",
        cost * 1e6,
        "us",
        peer=f"into one that holds {_round(SMALL)}",
        peer_value=small_cost * 1e6,
        ratio=cost / small_cost,
        limit=FLAT,
    )


def _chunk(folder: Path, url: str, day: date) -> float:
    """Load one more day; return seconds a call."""
    write_year(folder, CHUNK, begin=day, processes=1)
    engine = open_database(url)
    with engine.execution_options(writes=True).begin() as connection:
        behind = {"file": journal_position.c.file + 1, "inode": 0, "head": "", "offset": 0}
        connection.execute(update(journal_position).values(**behind))
    before = _count(engine)
    spent = _load(url, folder).seconds
    told = spent / (_count(engine) - before)
    engine.dispose()
    return told


def _load(url: str, folder: Path) -> Speed:
    migrate(url)
    engine = open_database(url)
    loader = Loader(Journal(folder / "journal.csv", "desk1"), SqlLedger(engine, ZONE), "desk1")
    began = time.perf_counter()
    records = calls = 0
    while step := loader.step():
        records, calls = records + step.records, calls + step.calls
    took = time.perf_counter() - began
    engine.dispose()
    return Speed(records, calls, took)


def _disk(name: str, url: str, folder: Path) -> list[dict[str, Any]]:
    """Return bytes a call with all records in the database, and with all of them packed."""
    engine = open_database(url)
    calls = _count(engine)
    before = _bytes(engine) / calls
    archive(engine, folder, before=EVER, now=0)
    packed = archived(engine).bytes
    if engine.dialect.name == "postgresql":
        with engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            connection.execute(text("VACUUM FULL journal_record"))
    after = (_bytes(engine) + packed) / calls
    engine.dispose()
    return [
        _row(
            f"disk of a call in {name}, its records packed",
            after,
            "bytes",
            peer=f"records in {name}",
            peer_value=before,
            ratio=after / before,
            limit="<= 0.5",
        ),
        _row("a packed record", packed / archived_records(url), "bytes"),
    ]


def archived_records(url: str) -> int:
    """Return how many records are packed."""
    engine = open_database(url)
    count = archived(engine).records
    engine.dispose()
    return count


def _bytes(engine: Engine) -> int:
    """Return what the database uses; SQLite's free pages are used again."""
    with engine.connect() as connection:
        if engine.dialect.name == "postgresql":
            return int(connection.execute(text("SELECT pg_database_size(current_database())")).scalar_one())
        size, count, free = (
            connection.execute(text(f"PRAGMA {name}")).scalar_one()
            for name in ("page_size", "page_count", "freelist_count")
        )
        return int(size * (count - free))


def _count(engine: Engine) -> int:
    with engine.connect() as connection:
        return connection.execute(select(func.count()).select_from(call)).scalar_one()


def _round(calls: int) -> str:
    return f"{float(f'{calls:.2g}'):,.0f}"


def _row(name: str, value: float, unit: str, **more: Any) -> dict[str, Any]:
    return {"name": name, "value": value, "unit": unit, **more}


def _tell(line: str) -> None:
    sys.stderr.write(f"{line}\n")
