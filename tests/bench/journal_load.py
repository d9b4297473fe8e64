"""How fast the loader is: journal records a second into the ledger, beside the bare insert of the same rows.

The same rows are all that the loader writes: records, calls, legs, facts, totals. The peer gets them ready made, in
tables with a primary key and no other index.
"""

from __future__ import annotations

import gc
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

import psycopg
from sqlalchemy import MetaData, select

from ivr.app.ahead import Ahead
from ivr.asterisk.journal import Journal
from ivr.desk.load import Loader
from ivr.store.engine import open_database
from ivr.store.ledger import SqlLedger
from ivr.store.migrate import migrate
from ivr.store.tables import metadata
from tests.made_journal import made_journal
from tests.postgres import Cluster, running_cluster, server_programs

CALLS = 40_000
"""A backlog of some length, for what is measured is what lasts: the process beside the loader comes up in a second."""
TURNS = 5
LIMIT = 0.25

Rows = dict[str, list[tuple[Any, ...]]]
"""By table."""


def run() -> list[dict[str, Any]]:
    """Measure, ours and the bare insert in turns; return one row for each database: the turn of the median ratio.

    Keys: name, value, unit, peer, peer_value, ratio, limit.
    """
    data = made_journal(CALLS)
    count = data.count(b"\n")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal.csv"
        path.write_bytes(data)
        first = f"sqlite:///{folder}/first.sqlite"
        _ours(path, first)
        rows = _rows(first)
        turns = [
            (_ours(path, f"sqlite:///{folder}/ledger{turn}.sqlite"), _bare_sqlite(f"{folder}/bare{turn}", rows))
            for turn in range(TURNS)
        ]
        found = [_row("SQLite", "bare executemany", count, turns)]
        if server_programs() is not None:
            with running_cluster() as cluster:
                turns = [(_ours(path, cluster.fresh_database()), _bare_copy(cluster, rows)) for _ in range(TURNS)]
            found.append(_row("PostgreSQL", "bare COPY", count, turns))
    return found


def _ours(path: Path, url: str) -> float:
    migrate(url)
    engine = open_database(url)
    loader = Loader(Journal(path, "desk1"), SqlLedger(engine), "desk1", ahead=Ahead(path, "desk1", url))
    gc.collect()
    began = time.perf_counter()
    while loader.step():
        pass
    took = time.perf_counter() - began
    loader.close()
    engine.dispose()
    return took


def _rows(url: str) -> Rows:
    engine = open_database(url)
    with engine.connect() as connection:
        rows = {
            table.name: [tuple(row) for row in connection.execute(select(table))] for table in metadata.sorted_tables
        }
    engine.dispose()
    return {name: some for name, some in rows.items() if some}


def _bare_tables(url: str) -> None:
    bare = MetaData()
    for table in metadata.sorted_tables:
        copy = table.to_metadata(bare)
        copy.indexes.clear()
        for column in copy.columns:
            column.unique = column.index = None
        copy.constraints.intersection_update({copy.primary_key})
    engine = open_database(url)
    bare.create_all(engine)
    engine.dispose()


def _bare_sqlite(path: str, rows: Rows) -> float:
    url = f"sqlite:///{path}"
    _bare_tables(url)
    engine = open_database(url)
    connection: Any = engine.raw_connection()
    began = time.perf_counter()
    cursor = connection.cursor()
    cursor.execute("BEGIN")
    for name, some in rows.items():
        marks = ", ".join("?" * len(some[0]))
        cursor.executemany(f'INSERT INTO "{name}" VALUES ({marks})', some)  # noqa: S608 - our own names
    cursor.execute("COMMIT")
    took = time.perf_counter() - began
    connection.close()
    engine.dispose()
    return took


def _bare_copy(cluster: Cluster, rows: Rows) -> float:
    url = cluster.fresh_database()
    _bare_tables(url)
    with psycopg.connect(url.replace("+psycopg", "")) as connection:
        began = time.perf_counter()
        for name, some in rows.items():
            with connection.cursor() as cursor, cursor.copy(f'COPY "{name}" FROM STDIN'.encode()) as copy:
                for row in some:
                    copy.write_row(row)
        connection.commit()
        return time.perf_counter() - began


def _row(name: str, peer: str, count: int, turns: list[tuple[float, float]]) -> dict[str, Any]:
    ours, bare = sorted(turns, key=lambda turn: turn[1] / turn[0])[len(turns) // 2]
    return {
        "name": f"journal into {name}, calls and legs derived",
        "value": round(count / ours),
        "unit": "records/s",
        "peer": peer,
        "peer_value": round(count / bare),
        "ratio": round(bare / ours, 3),
        "limit": LIMIT,
    }


if __name__ == "__main__":
    for row in run():
        print("  ".join(f"{key}={value}" for key, value in row.items()))  # noqa: T201
