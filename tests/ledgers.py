"""Ledgers for tests, on SQLite and on PostgreSQL: what many of them begin with is made once and copied for each."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy.engine import make_url

from ivr.store.migrate import migrate
from tests.postgres import Cluster, running_cluster, server_programs


class Ledgers:
    """The databases of one kind; `cluster` is None for SQLite, whose files lie in `folder`."""

    def __init__(self, folder: Path, cluster: Cluster | None) -> None:
        self._folder = folder
        self._cluster = cluster
        self._made: dict[str, str] = {}

    def empty(self, folder: Path | None = None) -> str:
        """Return the URL of a database without a table."""
        if self._cluster is not None:
            return self._cluster.fresh_database()
        return f"sqlite:///{folder / 'ledger.sqlite' if folder else self._folder / f'{uuid4().hex}.sqlite'}"

    def copy(self, folder: Path | None = None, name: str = "tables", make: Callable[[str], None] = migrate) -> str:
        """Return the URL of a copy of the ledger `name`; `make` is called with a URL to make it, the first time.

        SQLite's file is `ledger.sqlite` in `folder`. `make` must leave nobody connected.
        """
        if name not in self._made:
            made = self.empty()
            make(made)
            self._made[name] = made
        like = make_url(self._made[name]).database
        assert like
        if self._cluster is not None:
            return self._cluster.fresh_database(like)
        assert not Path(f"{like}-wal").exists(), "somebody is connected still"
        copied = self.empty(folder)
        shutil.copyfile(like, str(make_url(copied).database))
        return copied


@pytest.fixture(scope="session")
def postgres_cluster() -> Iterator[Cluster]:
    """Run a PostgreSQL for the session; no test takes the machine's power away, so it need not wait for the disk."""
    if server_programs() is None:
        pytest.skip("PostgreSQL's server programs (initdb, pg_ctl) are not installed")
    with running_cluster(fsync="off") as cluster:
        yield cluster


@pytest.fixture(scope="session")
def postgres_url(postgres_cluster: Cluster) -> str:
    """Return the URL of a database of the session's PostgreSQL."""
    return postgres_cluster.fresh_database()


@pytest.fixture(scope="session", params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def ledgers(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Ledgers:
    """Give the databases of a kind: the test runs once on SQLite and once on PostgreSQL."""
    folder = tmp_path_factory.mktemp("ledgers")
    return Ledgers(folder, None if request.param == "sqlite" else request.getfixturevalue("postgres_cluster"))


@pytest.fixture
def database_url(ledgers: Ledgers, tmp_path: Path) -> str:
    """Return the URL of a ledger of its own, with this version's tables and nothing in them."""
    return ledgers.copy(tmp_path)
