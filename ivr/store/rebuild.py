"""Make the derived tables again from the journal's records, or prove that they are what that would give."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import Connection, Engine, delete, func, insert, select
from sqlalchemy.exc import SQLAlchemyError

from ivr.desk.ports_ledger import LedgerAwayError
from ivr.ledger.fold import FOLD_VERSION
from ivr.ledger.unfolding import Unfolding
from ivr.store.agents import AgentTimes
from ivr.store.audit import made_differences
from ivr.store.comparison import Comparison, compare
from ivr.store.coverage import copy_recordings
from ivr.store.derived import keep
from ivr.store.engine import open_database
from ivr.store.given import Given
from ivr.store.history import derive_imported
from ivr.store.records import all_records
from ivr.store.stories import kept_stories, read_calls
from ivr.store.tables import (
    agent_act,
    agent_span,
    archived_file,
    asterisk_run,
    call,
    call_linkedid,
    fact,
    imported_row,
    journal_minute,
    journal_position,
    journal_record,
    ledger_version,
    leg,
    lost_channel,
    metadata,
)
from ivr.store.tables_cards import card_fact
from ivr.store.tables_missed import missed
from ivr.store.tables_repeats import caller_series
from ivr.store.totals import Totals, begin_anew

DERIVED = (
    call,
    leg,
    fact,
    missed,
    caller_series,
    call_linkedid,
    agent_act,
    agent_span,
    journal_minute,
    asterisk_run,
    lost_channel,
    card_fact,
)
"""All that the journal's records give. Whatever fills one of them is called by `ivr.store.derived.keep`."""
_SOURCES = (journal_record, archived_file, imported_row)
"""What they are made of."""
_AT_ONCE = 20_000
Progress = Callable[[int, int], None]
"""Told how many records are derived, and the time of the last one in microseconds."""


def rebuild(engine: Engine, progress: Progress | None = None) -> int:
    """Empty the derived tables and fill them again; return how many calls there are. Recordings' verdicts stay."""
    with engine.execution_options(writes=True).begin() as connection:
        return _rebuild(connection, progress)


def renew(engine: Engine) -> int | None:
    """Derive anew what another version of the fold derived; return how many calls, None when there was nothing to do.

    Raises `LedgerAwayError` when the database cannot be used now.
    """
    try:
        with engine.execution_options(writes=True).begin() as connection:
            if connection.execute(select(ledger_version.c.fold)).scalars().all() == [FOLD_VERSION]:
                return None
            if all(connection.execute(select(table).limit(1)).first() is None for table in _SOURCES):
                _note_version(connection)
                return None
            return _rebuild(connection, None)
    except SQLAlchemyError as error:
        raise LedgerAwayError(str(getattr(error, "orig", error)).strip()) from error


def verify(engine: Engine, progress: Progress | None = None, folder: Path | None = None) -> Comparison:
    """Derive everything again beside the ledger, and compare every row of every derived table; changes nothing.

    The second ledger is a SQLite file in `folder` (default: the machine's folder for temporary files) that needs as
    much room as the derived tables. Loading may go on meanwhile: one moment of the ledger is looked at.
    """
    found = Comparison()
    with TemporaryDirectory(prefix="ivr-verify-", dir=folder) as place:
        scratch = open_database(f"sqlite:///{place}/derived.sqlite")
        metadata.create_all(scratch)
        still = {"isolation_level": "REPEATABLE READ"} if engine.dialect.name == "postgresql" else {}
        with engine.connect().execution_options(**still) as kept, kept.begin():
            with scratch.execution_options(writes=True).begin() as fresh:
                found.records = _derive(kept, fresh, progress)
            with scratch.connect() as fresh:
                found.calls = fresh.execute(select(func.count()).select_from(call)).scalar_one()
                compare(kept, fresh, DERIVED, found)
        scratch.dispose()
    with engine.execution_options(writes=True).begin() as connection:
        made = made_differences(connection)
    found.rows += len(made)
    found.differences += made
    return found


def _rebuild(connection: Connection, progress: Progress | None) -> int:
    # A loader waits at its position until this is done.
    connection.execute(select(journal_position.c.node).with_for_update()).all()
    for table in DERIVED:
        connection.execute(delete(table))
    begin_anew(connection)
    _derive(connection, connection, progress)
    _note_version(connection)
    return connection.execute(select(func.count()).select_from(call)).scalar_one()


def _note_version(connection: Connection) -> None:
    connection.execute(delete(ledger_version))
    connection.execute(insert(ledger_version).values(fold=FOLD_VERSION))


def _derive(journal: Connection, target: Connection, progress: Progress | None) -> int:
    """Take all records in the order of their nodes' journals, then the rows of older systems; return how many."""
    if target is not journal:
        copy_recordings(journal, target)
    unfolding = Unfolding()
    totals = Totals()
    times = AgentTimes(read_calls)
    total = 0
    for records in all_records(journal, _AT_ONCE):
        given = Given(records)
        earlier = partial(kept_stories, target, before=records[0].id, journal=journal)
        for _ in given.taking(unfolding.take(records, earlier)):
            pass
        keep(target, given, totals, times)
        total += len(records)
        if progress:
            progress(total, records[-1].at)
    return total + derive_imported(target, totals, source=journal)
