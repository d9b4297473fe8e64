"""Bring a database to the tables of this version."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, inspect, text
from sqlalchemy.exc import OperationalError, ProgrammingError, SQLAlchemyError

import ivr.store.tables_cards
import ivr.store.tables_missed
import ivr.store.tables_repeats
import ivr.store.tables_texts
import ivr.store.tables_totals  # noqa: F401 - its tables belong to the metadata
from ivr.errors import DeskError
from ivr.store.engine import open_database

if TYPE_CHECKING:
    from alembic.config import Config

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
            version = _version(connection)
            if version is not None and version not in _revisions():
                raise _of_later(url)
            if version != _revisions()[-1]:
                _upgrade(connection)
    except SQLAlchemyError as error:
        raise unreachable(url, error) from error
    finally:
        engine.dispose()


@contextmanager
def told_errors(url: str) -> Iterator[None]:
    """Turn the database's own errors into a `DeskError`: it is away, or its tables are not those of this version."""
    try:
        yield
    except (OperationalError, ProgrammingError) as error:
        raise _outdated(url) or unreachable(url, error) from error
    except SQLAlchemyError as error:
        raise unreachable(url, error) from error


def check_tables(url: str) -> None:
    """Raise `DeskError` when the database's tables are not those of this version, or cannot be looked at."""
    with told_errors(url):
        if fault := _outdated(url, strict=True):
            raise fault


def unreachable(url: str, error: Exception) -> DatabaseAwayError:
    """Return the error of a database that cannot be used, without its password."""
    why = str(getattr(error, "orig", error)).strip().splitlines()[0:1]
    return DatabaseAwayError(
        f"The database {_shown(url)} cannot be used: {why[0] if why else error}.",
        "Check that it runs, that IVR_DATABASE names it, and that its disk has room.",
    )


def _outdated(url: str, *, strict: bool = False) -> DeskError | None:
    """Return what is wrong with the tables' version; None when nothing is, or (unless `strict`) when nobody knows."""
    engine = open_database(url)
    try:
        with engine.connect() as connection:
            version = _version(connection)
    except SQLAlchemyError:
        if strict:
            raise
        return None
    finally:
        engine.dispose()
    revisions = _revisions()
    if version == revisions[-1]:
        return None
    if version is None:
        return DeskError(
            f"There is no ledger in the database {_shown(url)} yet.",
            "Start the desk with `ivr up`, or give its folder by --home.",
        )
    if version not in revisions:
        return _of_later(url)
    return DeskError(
        f"The database {_shown(url)} was made by an earlier version of the desk.",
        "Start the desk once with `ivr up`: it brings the ledger up to this version, and loses nothing.",
    )


def _of_later(url: str) -> DeskError:
    return DeskError(
        f"The database {_shown(url)} was made by a later version of the desk.",
        "Update the desk, or give another one.",
    )


def _version(connection: Connection) -> str | None:
    if not inspect(connection).has_table("alembic_version"):
        return None
    return connection.execute(text("SELECT version_num FROM alembic_version")).scalar()


def _revisions() -> list[str]:
    """Return all versions of the tables in their order, by the names of their files: `0001_first_tables.py`."""
    return sorted(path.name.partition("_")[0] for path in (_FOLDER / "versions").glob("[0-9]*.py"))


def _upgrade(connection: Connection) -> None:
    # A fifth of a second that each command would pay, and only a new ledger or one of another version needs.
    from alembic import command  # noqa: PLC0415

    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _config() -> Config:
    from alembic.config import Config  # noqa: PLC0415 - as above

    config = Config()
    config.set_main_option("script_location", str(_FOLDER).replace("%", "%%"))
    return config


def _shown(url: str) -> str:
    return open_database(url).url.render_as_string(hide_password=True)
