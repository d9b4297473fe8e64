"""Bring a database to the tables of this version."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import SQLAlchemyError

import ivr.store.tables_cards
import ivr.store.tables_missed
import ivr.store.tables_repeats
import ivr.store.tables_totals  # noqa: F401 - its tables belong to the metadata
from ivr.errors import DeskError
from ivr.store.engine import open_database

_FOLDER = Path(__file__).with_name("migrations")
_LOCK = 0x1D35


class DatabaseAwayError(DeskError):
    """The database cannot be used now; later it may."""


def migrate(url: str) -> None:
    """Make or update the tables; does nothing when they are there. Two processes may do it at once.

    `DatabaseAwayError` when it cannot be reached or written, `DeskError` when a later version made it.
    """
    engine = open_database(url)
    try:
        with engine.connect().execution_options(writes=True) as connection, connection.begin():
            if connection.dialect.name == "postgresql":
                connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
            if _version(connection) != ScriptDirectory.from_config(_config()).get_current_head():
                config = _config()
                config.attributes["connection"] = connection
                command.upgrade(config, "head")
    except CommandError as error:
        raise DeskError(
            f"The database {_shown(url)} was made by a later version of the desk.",
            "Update the desk, or give another one.",
        ) from error
    except SQLAlchemyError as error:
        raise unreachable(url, error) from error
    finally:
        engine.dispose()


@contextmanager
def told_errors(url: str) -> Iterator[None]:
    """Turn the database's own errors into a `DeskError`."""
    try:
        yield
    except SQLAlchemyError as error:
        raise unreachable(url, error) from error


def unreachable(url: str, error: Exception) -> DatabaseAwayError:
    """Return the error of a database that cannot be used, without its password."""
    why = str(getattr(error, "orig", error)).strip().splitlines()[0:1]
    return DatabaseAwayError(
        f"The database {_shown(url)} cannot be used: {why[0] if why else error}.",
        "Check that it runs, that IVR_DATABASE names it, and that its disk has room.",
    )


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    return config


def _shown(url: str) -> str:
    return open_database(url).url.render_as_string(hide_password=True)
