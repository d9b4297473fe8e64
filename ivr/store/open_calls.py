"""The calls of a node that are open in the ledger."""

from __future__ import annotations

from collections import defaultdict

from sqlalchemy import Connection, select

from ivr.desk.reconcile import OpenCall
from ivr.store.bulk import one_of
from ivr.store.stories import kept_stories
from ivr.store.tables import call, call_linkedid, journal_position


def open_calls(connection: Connection, node: str) -> tuple[int, list[OpenCall]]:
    """Return up to when the node's journal is loaded, in UTC microseconds (0 = not begun), and its open calls."""
    position = journal_position.c
    complete_to = connection.execute(select(position.complete_to).where(position.node == node)).scalar()
    mine = select(call.c.id, call.c.began_at).where(call.c.ended_at.is_(None), call.c.node == node)
    rows = connection.execute(mine).all()
    linkedids: dict[str, set[str]] = defaultdict(set)
    joined = select(call_linkedid).where(one_of(connection, call_linkedid.c.call_id, [row.id for row in rows]))
    for row in connection.execute(joined):
        linkedids[row.call_id].add(row.linkedid)
    return complete_to or 0, [OpenCall(row.id, row.began_at, frozenset({row.id, *linkedids[row.id]})) for row in rows]


def channels_of(connection: Connection, name: str) -> set[str]:
    """Return the uniqueids of all channels that the call ever had."""
    return {record.uniqueid for story in kept_stories(connection, [name]) for record in story.own}
