"""Make the derived tables again from the journal's records, or prove that they are what that would give."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from typing import Any

from sqlalchemy import Connection, Engine, delete, select

from ivr.ledger.unfolding import OpenCall, Unfolding
from ivr.store.agents import AgentTimes
from ivr.store.audit import digests_of_totals, made_differences
from ivr.store.history import derive_imported
from ivr.store.ledger import Derived, kept_stories, read_calls
from ivr.store.records import all_records
from ivr.store.tables import agent_act, agent_span, call, fact, leg, recording
from ivr.store.totals import Totals, begin_anew

DERIVED = (call, leg, fact, agent_act, agent_span)
_OF_CALLS = {call: call.c.id, leg: leg.c.call_id, fact: fact.c.call_id}
"""The column that tells whose row it is; rows of all other tables are an agent's."""
_AGENT = "agent "
_AT_ONCE = 20_000


@dataclass(slots=True)
class Comparison:
    """What a check of the ledger found."""

    records: int = 0
    calls: int = 0
    differences: list[str] = field(default_factory=list)
    """Ids of calls, and `agent …`, whose rows are not what the journal gives."""


def rebuild(engine: Engine) -> int:
    """Empty the derived tables, and fill them again; return how many calls there are. Recordings' verdicts stay."""
    with engine.execution_options(writes=True).begin() as connection:
        _empty(connection)
        _derive(connection)
        return len(connection.execute(select(call.c.id)).all())


def verify(engine: Engine) -> Comparison:
    """Rebuild within a transaction that is never committed, and compare every row with what was there."""
    found = Comparison()
    with engine.execution_options(writes=True).connect() as connection, connection.begin() as transaction:
        made = made_differences(connection)
        before = _digests(connection) | digests_of_totals(connection)
        expected = set(connection.execute(select(recording.c.name)).scalars())
        _empty(connection)
        found.records = _derive(connection)
        after = _digests(connection) | digests_of_totals(connection)
        missing = set(connection.execute(select(recording.c.name)).scalars()) - expected
        transaction.rollback()
    found.calls = sum(not name.startswith(("totals", _AGENT)) for name in after)
    wrong = {name for name in before.keys() | after.keys() if before.get(name) != after.get(name)}
    found.differences = sorted(wrong) + made + sorted(f"recording {name}" for name in missing)
    return found


def _empty(connection: Connection) -> None:
    for table in DERIVED:
        connection.execute(delete(table))
    begin_anew(connection)


def _derive(connection: Connection) -> int:
    """Take all records in the order of their nodes' journals, then the rows of older systems; return how many."""
    unfolding = Unfolding({})
    totals = Totals()
    times = AgentTimes(read_calls)
    total = 0
    for records in all_records(connection, _AT_ONCE):
        first = records[0].id
        derived = Derived(records)
        for _ in derived.taking(unfolding.take(records, partial(_earlier, connection, first))):
            pass
        derived.keep(connection, totals, times)
        total += len(records)
    return total + derive_imported(connection, totals)


def _earlier(connection: Connection, first: int, ids: Collection[str]) -> dict[str, OpenCall]:
    stories = kept_stories(connection, ids, before=first)
    return {name: OpenCall(story.records, crashed=story.crashed, kept=True) for name, story in stories.items()}


def _digests(connection: Connection) -> dict[str, bytes]:
    """Return a digest of all rows of each call, and of each agent, in their order."""
    digests: dict[str, Any] = {}
    for table in DERIVED:
        query = select(table).order_by(*table.primary_key.columns).execution_options(yield_per=10_000)
        of_call = _OF_CALLS.get(table)
        at = list(table.c).index(table.c.agent if of_call is None else of_call)
        for row in connection.execute(query):
            name = row[at] if of_call is not None else f"{_AGENT}{row[at]}"
            digests.setdefault(name, sha256()).update(repr(tuple(row)).encode())
    return {name: digest.digest() for name, digest in digests.items()}
