"""One way to open the database, SQLite or PostgreSQL."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import ArgumentError, NoSuchModuleError

from ivr.errors import DeskError

_SQLITE_WAIT = 10.0
"""Seconds that a writer waits for another one's transaction."""
_PATIENCE = {
    "connect_timeout": 5,
    "keepalives_idle": 10,
    "keepalives_interval": 5,
    "keepalives_count": 3,
    "tcp_user_timeout": 25_000,
}
"""libpq's: a server that vanished without a word is given up after 25 s; the kernel alone would wait for hours.

A long statement is not hurt: the server's kernel answers for it.
"""


def open_database(url: str, *, wait: float = _SQLITE_WAIT) -> Engine:
    """Return an engine; nothing is connected yet. `DeskError` for a URL that is none of ours."""
    parsed = _checked(url)
    if parsed.get_backend_name() == "sqlite":
        if parsed.database:
            _make_folder(Path(parsed.database).parent)
        engine = create_engine(parsed, connect_args={"timeout": wait})
        event.listen(engine, "connect", _prepare_sqlite)
        event.listen(engine, "begin", _begin_sqlite)
        return engine
    ours = {name: value for name, value in _PATIENCE.items() if name not in parsed.query}
    return create_engine(parsed, pool_pre_ping=True, connect_args=ours)


def open_existing(url: str) -> Engine:
    """Return an engine on a ledger that is there; `DeskError` when no desk has made it."""
    parsed = _checked(url)
    if parsed.get_backend_name() == "sqlite" and not (parsed.database and Path(parsed.database).is_file()):
        raise DeskError(
            f"There is no ledger at {parsed.database or 'an unnamed place'}.",
            "Start the desk with `ivr up`, or give its folder by --home.",
        )
    return open_database(url)


def _checked(url: str) -> URL:
    cure = "Give sqlite:///path/to/file or postgresql://user@host/name."
    try:
        parsed = make_url(url)
        if parsed.drivername in ("postgresql", "postgres"):
            parsed = parsed.set(drivername="postgresql+psycopg")
        parsed.get_dialect()
    except (ArgumentError, NoSuchModuleError, ImportError) as error:
        raise DeskError(f"The database URL {url!r} cannot be understood.", cure) from error
    if parsed.drivername not in ("sqlite", "sqlite+pysqlite", "postgresql+psycopg"):
        raise DeskError(f"The database {parsed.drivername} is not one that the desk can use.", cure)
    return parsed


def _make_folder(folder: Path) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DeskError(
            f"The database's folder {folder} cannot be made: {error.strerror}.", "Give a folder of yours by --home."
        ) from error


def _prepare_sqlite(connection: Any, _record: Any) -> None:
    # Without this Python's driver would begin transactions by its own rules.
    connection.isolation_level = None
    # Journal rows are about 400 bytes: large pages hold them with less splitting. It counts for a new file only.
    # Of a large ledger each batch touches pages everywhere: 128 MB of them are gathered before they are written to it.
    # A power cut may lose the last commits, but the position with them: the loader reads those records again.
    for pragma in (
        "page_size=16384",
        "journal_mode=WAL",
        "synchronous=NORMAL",
        "cache_size=-65536",
        "temp_store=MEMORY",
        "wal_autocheckpoint=8000",
    ):
        connection.execute(f"PRAGMA {pragma}").close()


def _begin_sqlite(connection: Any) -> None:
    # A writer takes the lock at once: a reader's transaction could not become a writer's without failing.
    writes = connection.get_execution_options().get("writes", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
