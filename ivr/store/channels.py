"""Every channel of the journal counted, by Asterisk's own numbers, in the loader's transaction."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, Table, and_, bindparam, delete, select
from sqlalchemy.dialects import postgresql, sqlite

from ivr.ledger.numbering import REACH, Begun, Hole, Numbering, Run, Seen
from ivr.store.bulk import add_rows
from ivr.store.tables import asterisk_run, journal_minute, lost_channel


def count_channels(connection: Connection, begun: Begun) -> None:
    """Add the channels that begin in a batch to the counts."""
    minutes = [
        {"node": node, "at": at, "channels": channels, "calls": calls}
        for (node, at), (channels, calls) in begun.minutes.items()
    ]
    add_counts(connection, journal_minute, minutes)
    for node, births in begun.by_node.items():
        _number(connection, node, births)


def add_counts(connection: Connection, table: Table, rows: Sequence[dict[str, object]]) -> None:
    """Add counts to the rows of a table of minutes."""
    if not rows:
        return
    insert = (postgresql if connection.dialect.name == "postgresql" else sqlite).insert(table)
    more = {name: table.c[name] + insert.excluded[name] for name in ("channels", "calls")}
    connection.execute(insert.on_conflict_do_update(index_elements=["node", "at"], set_=more), rows)


def _number(connection: Connection, node: str, births: Sequence[Seen]) -> None:
    run, holes = _known(connection, node)
    numbering = Numbering(run, holes)
    numbering.take(node, births)
    changed = [*numbering.closed, *([numbering.run] if numbering.run else [])]
    if run is not None:
        mine = and_(asterisk_run.c.node == node, asterisk_run.c.place == run.place)
        connection.execute(delete(asterisk_run).where(mine))
    add_rows(connection, asterisk_run, changed)
    before, after = set(holes), {*numbering.holes, *numbering.settled}
    if gone := before - after:
        key = [column == bindparam(f"old_{column.name}") for column in lost_channel.primary_key.columns]
        keys = [{"old_node": hole.node, "old_place": hole.place, "old_first": hole.first} for hole in gone]
        connection.execute(delete(lost_channel).where(*key), keys)
    add_rows(connection, lost_channel, sorted(after - before))


def _known(connection: Connection, node: str) -> tuple[Run | None, list[Hole]]:
    newest = select(asterisk_run).where(asterisk_run.c.node == node).order_by(asterisk_run.c.place.desc()).limit(1)
    row = connection.execute(newest).one_or_none()
    if row is None:
        return None, []
    run, table = Run(*row), lost_channel.c
    near = and_(table.node == node, table.place == run.place, table.last > run.highest - REACH)
    return run, [Hole(*found) for found in connection.execute(select(lost_channel).where(near).order_by(table.first))]
