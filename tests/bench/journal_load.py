"""How fast the loader is: journal records a second into the ledger, beside the bare insert of the same rows."""

from __future__ import annotations

import gc
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[2]))

import sqlite3

import psycopg

from ivr.asterisk.journal import Journal
from ivr.desk.load import Loader
from ivr.ledger.parse import parse
from ivr.ledger.record import FILE_BITS, Record, record_id
from ivr.store.engine import open_database
from ivr.store.ledger import SqlLedger
from ivr.store.migrate import migrate
from tests.made_journal import made_journal
from tests.postgres import Cluster, running_cluster, server_programs

CALLS = 6000
TURNS = 7
LIMIT = 0.25
_COLUMNS = len(Record._fields)
_TABLE = ", ".join(["id {key} PRIMARY KEY", "event text", "time bigint", *(f"f{n} text" for n in range(_COLUMNS - 3))])


def run() -> list[dict[str, Any]]:
    """Measure, ours and the bare insert in turns; return one row for each database: the turn of the median ratio.

    Keys: name, value, unit, peer, peer_value, ratio, limit.
    """
    data = made_journal(CALLS)
    records, _, _ = parse(data, record_id(1 << FILE_BITS | 1, 0))
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "journal.csv"
        path.write_bytes(data)
        turns = [
            (_ours(path, f"sqlite:///{folder}/ledger{turn}.sqlite"), _bare_sqlite(f"{folder}/bare{turn}", records))
            for turn in range(TURNS)
        ]
        rows = [_row("SQLite", "bare executemany", len(records), turns)]
        if server_programs() is not None:
            with running_cluster() as cluster:
                turns = [(_ours(path, cluster.fresh_database()), _bare_copy(cluster, records)) for _ in range(TURNS)]
            rows.append(_row("PostgreSQL", "bare COPY", len(records), turns))
    return rows


def _ours(path: Path, url: str) -> float:
    migrate(url)
    engine = open_database(url)
    loader = Loader(Journal(path, "desk1"), SqlLedger(engine), "desk1")
    gc.collect()
    began = time.perf_counter()
    while loader.step():
        pass
    took = time.perf_counter() - began
    engine.dispose()
    return took


def _bare_sqlite(path: str, records: list[Record]) -> float:
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=NORMAL")
    connection.execute(f"CREATE TABLE bare ({_TABLE.format(key='INTEGER')})")
    rows = [tuple(record) for record in records]
    began = time.perf_counter()
    with connection:
        connection.executemany(f"INSERT INTO bare VALUES ({', '.join('?' * _COLUMNS)})", rows)  # noqa: S608
    took = time.perf_counter() - began
    connection.close()
    return took


def _bare_copy(cluster: Cluster, records: list[Record]) -> float:
    with psycopg.connect(cluster.fresh_database().replace("+psycopg", "")) as connection:
        connection.execute(f"CREATE TABLE bare ({_TABLE.format(key='bigint')})".encode())
        connection.commit()
        rows = [tuple(record) for record in records]
        began = time.perf_counter()
        with connection.cursor() as cursor, cursor.copy("COPY bare FROM STDIN") as copy:
            for row in rows:
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
