"""A ledger of every earlier version of the tables comes up to this one: nothing that cannot be derived is lost.

Each is made with the tables of that time, and filled with what today's have in the columns that were there.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from alembic import command
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, MetaData, Table, func, insert, inspect, select, text, update

from ivr.asterisk.journal import Journal
from ivr.desk.load import Loader
from ivr.ledger.fold import FOLD_VERSION
from ivr.store import migrate as migration
from ivr.store.engine import open_database
from ivr.store.ledger import SqlLedger
from ivr.store.migrate import check_tables, migrate
from ivr.store.rebuild import DERIVED, rebuild, renew, verify
from ivr.store.tables import call, ledger_version, metadata, recording
from ivr.store.tables_texts import message_text
from tests.made_journal import made_journal
from tests.unit.store.test_history import LOG, Ledger, written
from tests.unit.store.test_loading import NODE

pytestmark = pytest.mark.slow

REVISIONS = sorted(one.revision for one in ScriptDirectory.from_config(migration._config()).walk_revisions())
MADE = {table.name for table in DERIVED} | {"ledger_version", "total", "total_cell", "total_measure", "total_state"}
"""What the loader makes again from the rest."""
OTHERS: dict[str, dict[str, Any]] = {
    "rejected_record": {"id": 7, "raw": b'"torn', "reason": "torn"},
    "mailing": {
        "schedule": "daily", "first": date(2026, 11, 20), "recipient": "o@example.com", "behind": date(2026, 11, 21),
        "state": "sent", "attempts": 1, "next_try": 0, "told_at": 1, "reason": "",
    },
    "mailing_since": {"schedule": "daily", "recipient": "o@example.com", "since": 1},
    "message_text": {
        "name": "a-message", "state": "written", "tries": 1, "tried_at": 1, "language": "ru", "engine": "vosk 0.3.45",
        "model": "small-ru", "text": "перезвоните", "confidence": 0.9, "written_at": 2, "reason": "",
    },
    "gap": {"node": NODE, "kind": "disk", "began_at": 1, "ended_at": 2, "details": "full"},
    "asterisk_minute": {"node": NODE, "at": 60_000_000, "channels": 3, "calls": 2},
}  # fmt: skip
"""A row of what is neither journal, recording nor import."""


@pytest.fixture(scope="module")
def today(tmp_path_factory):
    """Return a ledger of this version: a journal's calls, a verified recording, an import, a letter and a gap."""
    folder = tmp_path_factory.mktemp("today")
    ledger = Ledger(f"sqlite:///{folder}/ledger.sqlite")
    (folder / "journal.csv").write_bytes(made_journal(12))
    loader = Loader(Journal(folder / "journal.csv", NODE), SqlLedger(ledger.engine), NODE)
    while loader.step():
        pass
    ledger.take(written(folder, "queue_log", LOG))
    with ledger.engine.execution_options(writes=True).begin() as connection:
        connection.execute(update(recording).values(state="ok", sha256="a" * 64, seconds=7.5, bytes=9, path="x.wav"))
        for name, row in OTHERS.items():
            connection.execute(insert(metadata.tables[name]).values(**row))
    rebuild(ledger.engine)
    assert verify(ledger.engine).rows == 0
    yield ledger.engine
    ledger.engine.dispose()


def upgraded(url: str, revision: str) -> None:
    """Make the tables of an earlier version."""
    engine = open_database(url)
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        config = migration._config()
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
    engine.dispose()


def fill(url: str, today: Engine) -> None:
    """Fill the tables that are there, in the columns that are there; what is derived tells calls as one did then."""
    engine = open_database(url)
    there = MetaData()
    with engine.connect() as connection:
        there.reflect(connection)
    with engine.execution_options(writes=True).begin() as target, today.connect() as source:
        for table in there.tables.values():
            if table.name in metadata.tables:
                rows = source.execute(select(metadata.tables[table.name])).mappings().all()
                if rows:
                    target.execute(insert(table), [_cut(row, table) for row in rows])
        target.execute(text("UPDATE call SET outcome = 'as of old'"))
        if "ledger_version" in there.tables:
            target.execute(update(ledger_version).values(fold=FOLD_VERSION - 1))
    engine.dispose()


def _cut(row: Any, table: Table) -> dict[str, Any]:
    return {name: row[name] for name in table.c.keys() if name in row}  # noqa: SIM118 - a collection of columns


def dump(engine: Engine, tables: Iterable[str]) -> dict[str, list[dict[str, Any]]]:
    with engine.connect() as connection:
        names = set(inspect(connection).get_table_names())
        found = {}
        for name in sorted(set(tables) & names):
            table = metadata.tables[name]
            order = [*table.primary_key.columns]
            found[name] = [dict(row) for row in connection.execute(select(table).order_by(*order)).mappings()]
        return found


def kept_columns(url: str) -> dict[str, set[str]]:
    """Return the columns of each table of ours that no record gives."""
    engine = open_database(url)
    with engine.connect() as connection:
        looked = inspect(connection)
        names = [name for name in looked.get_table_names() if name in metadata.tables and name not in MADE]
        found = {name: {column["name"] for column in looked.get_columns(name)} for name in names}
    engine.dispose()
    return found


def only(rows: dict[str, list[dict[str, Any]]], columns: dict[str, set[str]]) -> dict[str, list[dict[str, Any]]]:
    return {
        name: [{key: value for key, value in row.items() if key in columns[name]} for row in found]
        for name, found in rows.items()
        if name in columns
    }


@pytest.mark.parametrize("revision", REVISIONS[:-1])
def test_a_ledger_of_each_earlier_version_comes_up_to_this_one_with_all_that_was_in_it(
    ledgers, tmp_path: Path, today: Engine, revision: str
) -> None:
    url = ledgers.empty(tmp_path)
    upgraded(url, revision)
    fill(url, today)
    columns = kept_columns(url)

    migrate(url)
    check_tables(url)
    engine = open_database(url)
    try:
        assert only(dump(engine, columns), columns) == only(dump(today, columns), columns)
        assert all(len(rows) > 0 for name, rows in dump(engine, columns).items() if name not in _EMPTY)
        assert renew(engine), "its calls are told anew"
        with engine.connect() as connection:
            assert "as of old" not in connection.execute(select(call.c.outcome)).scalars().all()
        found = verify(engine)
        assert (found.rows, found.differences) == (0, [])
        assert found.calls == _calls(today, imported=revision >= "0004")
        assert renew(engine) is None
    finally:
        engine.dispose()


_EMPTY = frozenset({"archived_file", "imported_aside"})
"""Of these the ledger here has none: an archive is a folder beside it."""


def _calls(engine: Engine, *, imported: bool) -> int:
    with engine.connect() as connection:
        counted = select(func.count()).select_from(call)
        return connection.execute(counted if imported else counted.where(call.c.node == NODE)).scalar_one()


@pytest.mark.parametrize("revision", ["0001", "0011", REVISIONS[-2]])
def test_the_loader_goes_on_in_an_upgraded_ledger_where_the_earlier_version_stopped(
    ledgers, tmp_path: Path, today: Engine, revision: str
) -> None:
    url = ledgers.empty(tmp_path)
    upgraded(url, revision)
    path = tmp_path / "journal.csv"
    path.write_bytes(made_journal(12))
    fill(url, today)
    migrate(url)
    engine = open_database(url)
    try:
        with engine.execution_options(writes=True).begin() as connection:
            connection.execute(text("UPDATE journal_position SET inode = :its"), {"its": path.stat().st_ino})
        with path.open("ab") as file:
            file.write(made_journal(5, seed=2, begin=1_796_000_000))
        before = _calls(today, imported=False)
        loader = Loader(Journal(path, NODE), SqlLedger(engine), NODE, partial(renew, engine))
        while loader.step():
            pass
        assert _calls(engine, imported=False) == before + 5
        assert verify(engine).rows == 0
    finally:
        engine.dispose()


def test_a_ledger_whose_upgrade_breaks_off_is_as_it_was(ledgers, tmp_path: Path, today: Engine) -> None:
    """Tables and version are one transaction: the next start begins at the same place."""
    url = ledgers.empty(tmp_path)
    upgraded(url, "0003")
    fill(url, today)
    engine = open_database(url)
    with engine.execution_options(writes=True).begin() as connection:
        connection.execute(text("CREATE TABLE caller_series (number TEXT)"))  # 0013 stumbles over it
    before = kept_columns(url)
    with pytest.raises(migration.DatabaseAwayError):
        migrate(url)
    assert kept_columns(url) == before
    with engine.execution_options(writes=True).begin() as connection:
        assert connection.execute(text("SELECT version_num FROM alembic_version")).scalar() == "0003"
        connection.execute(text("DROP TABLE caller_series"))
    migrate(url)
    renew(engine)
    assert verify(engine).rows == 0
    engine.dispose()


def test_messages_that_could_be_heard_before_there_were_texts_wait_to_be_written_out(ledgers, tmp_path: Path) -> None:
    url = ledgers.empty(tmp_path)
    upgraded(url, "0016")
    engine = open_database(url)
    states = {"a-message": "ok", "b-message": "recovered", "c-message": "failed", "d-message": "expired", "e": "ok"}
    with engine.execution_options(writes=True).begin() as connection:
        for name, state in states.items():
            path = "" if state in ("failed", "expired") else f"2026/11/21/{name}.wav"
            row = {"name": name, "call_id": name[0], "state": state, "path": path}
            connection.execute(insert(recording).values(**row))
    migrate(url)
    with engine.connect() as connection:
        found = connection.execute(
            select(message_text.c.name, message_text.c.state).order_by(message_text.c.name)
        ).all()
    engine.dispose()
    assert found == [("a-message", "awaiting"), ("b-message", "awaiting")]
