"""The database goes away under the loader: nothing is lost, nothing comes twice (F16)."""

from __future__ import annotations

import asyncio

import pytest
from sqlalchemy import func, select

from ivr.asterisk.journal import Journal
from ivr.desk.load import Loader, Progress, load
from ivr.store.engine import open_database
from ivr.store.ledger import SqlLedger
from ivr.store.migrate import migrate
from ivr.store.rebuild import verify
from ivr.store.tables import call, journal_record
from tests.made_journal import made_journal
from tests.postgres import running_cluster, server_programs

pytestmark = pytest.mark.postgres


@pytest.mark.timeout(120)
async def test_f16_postgresql_is_stopped_and_started_while_the_journal_grows(tmp_path):
    """F16: crashed in the middle of loading, away for a while, back: the database equals the journal."""
    if server_programs() is None:
        pytest.skip("PostgreSQL's server programs (initdb, pg_ctl) are not installed")
    data = made_journal(600)
    path = tmp_path / "journal.csv"
    path.write_bytes(b"")
    with running_cluster() as cluster:
        url = cluster.fresh_database()
        migrate(url)
        engine = open_database(url)
        journal = Journal(path, "desk1")
        stop, progress = asyncio.Event(), Progress()
        running = asyncio.create_task(load(Loader(journal, SqlLedger(engine), "desk1"), stop, progress))
        share = len(data) // 6 + 1
        for turn in range(6):
            with path.open("ab") as file:
                file.write(data[turn * share : (turn + 1) * share])
            await asyncio.sleep(0.2)
            if turn in (1, 3):
                await asyncio.to_thread(cluster.stop, "immediate")
                with path.open("ab") as file:
                    file.write(b"")
                await asyncio.sleep(0.5)
                await asyncio.to_thread(cluster.start)
        async with asyncio.timeout(60):
            while _count(engine, journal_record) < data.count(b"\n"):
                await asyncio.sleep(0.1)
        stop.set()
        await running
        assert progress.away == ""
        assert _count(engine, call) == 600
        assert verify(engine).differences == []
        journal.close()
        engine.dispose()


def _count(engine, table) -> int:
    with engine.connect() as connection:
        return connection.execute(select(func.count()).select_from(table)).scalar_one()
