"""The tables and their history."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import inspect, text

from ivr.errors import DeskError
from ivr.store.books import SqlBooks
from ivr.store.engine import open_database
from ivr.store.migrate import DatabaseAwayError, check_tables, migrate
from ivr.store.queries import Calls
from ivr.store.tables import metadata


@pytest.fixture
def empty_url(ledgers, tmp_path):
    return ledgers.empty(tmp_path)


def test_the_migrations_make_exactly_the_tables_of_the_models(empty_url):
    migrate(empty_url)
    engine = open_database(empty_url)
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True, "compare_server_default": True})
        assert compare_metadata(context, metadata) == []
        indexes = {index["name"] for table in metadata.tables for index in inspect(connection).get_indexes(table)}
    assert {index.name for table in metadata.tables.values() for index in table.indexes} <= indexes
    engine.dispose()


def test_migrating_again_changes_nothing(empty_url):
    migrate(empty_url)
    migrate(empty_url)


def test_several_processes_may_migrate_at_once(empty_url):
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(migrate, [empty_url] * 4))


def test_a_database_of_a_later_version_is_refused(database_url):
    migrate(database_url)
    engine = open_database(database_url)
    with engine.execution_options(writes=True).begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    engine.dispose()
    with pytest.raises(DeskError, match="later version"):
        migrate(database_url)


def _list_calls(url: str) -> None:
    with closing(Calls(url)) as calls:
        calls.latest()


def _list_debts(url: str) -> None:
    with closing(SqlBooks(url)) as books:
        books.debts({}, 10)


READERS = {"calls": _list_calls, "reports": _list_debts, "ledger commands": check_tables}


@pytest.mark.parametrize("reader", READERS)
@pytest.mark.parametrize(
    ("version", "wrong", "cure"),
    [("0011", "an earlier version", "`ivr up`: it brings"), (None, "no ledger in", "--home"),
     ("9999", "a later version", "Update the desk")],
)  # fmt: skip
def test_a_database_of_another_version_is_told_as_such_with_its_cure(database_url, reader, version, wrong, cure):
    """Not as one that is away: to wait, or to look at its disk, would be no use."""
    migrate(database_url)
    engine = open_database(database_url)
    with engine.execution_options(writes=True).begin() as connection:
        for table in ("missed", "call"):
            connection.execute(text(f"DROP TABLE {table}"))
        change = "DROP TABLE alembic_version" if version is None else "UPDATE alembic_version SET version_num = :to"
        connection.execute(text(change), {"to": version} if version else {})
    engine.dispose()
    with pytest.raises(DeskError, match=wrong) as told:
        READERS[reader](database_url)
    assert not isinstance(told.value, DatabaseAwayError)
    assert cure in told.value.cure


def test_a_url_that_is_none_of_ours_is_refused_with_a_cure():
    for url in ("nonsense", "mysql://x/y", "oracle://x"):
        with pytest.raises(DeskError, match=r"sqlite:///"):
            migrate(url)


def test_a_database_that_is_away_is_told_without_its_password():
    with pytest.raises(DatabaseAwayError) as told:
        migrate("postgresql://anna:secret@127.0.0.1:1/none")
    assert "secret" not in str(told.value)


def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DeskError, match="cannot be made"):
        migrate(f"sqlite:///{tmp_path}/file/ledger.sqlite")
