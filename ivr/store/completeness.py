"""How far the ledger is complete, and all that is or may be missing in it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import cast

from sqlalchemy import ColumnElement, Connection, and_, func, literal, or_, select

from ivr.ledger.gap import Freshness, Gap, Kind
from ivr.ledger.numbering import MINUTE
from ivr.ledger.record import FILE_BITS, OFFSET_BITS
from ivr.store.tables import (
    asterisk_minute,
    gap,
    journal_minute,
    journal_position,
    journal_record,
    lost_channel,
    rejected_record,
)

SETTLED = 5_000_000
"""Microseconds after a minute's end in which its last records may still be on their way."""
_ALWAYS = 2**62


def freshness(connection: Connection) -> Freshness:
    """Return up to when every node's journal is loaded, and the gaps that go on."""
    moments = list(connection.execute(select(journal_position.c.complete_to)).scalars())
    return Freshness(min(moments) if moments else None, tuple(_noted(connection, gap.c.ended_at.is_(None))))


def gaps(connection: Connection, begin: int = 0, end: int = _ALWAYS) -> list[Gap]:
    """Return all gaps that touch the time from `begin` up to `end`, in their order."""
    touching = and_(gap.c.began_at < end, or_(gap.c.ended_at.is_(None), gap.c.ended_at >= begin))
    found = [
        *_noted(connection, touching),
        *_lost(connection, begin, end),
        *_counts(connection, begin, end),
        *(one for one in _rejected(connection) if begin <= one.began_at < end),
    ]
    return sorted(found, key=lambda one: (one.began_at, one.node, one.kind))


def _noted(connection: Connection, which: ColumnElement[bool]) -> Iterator[Gap]:
    for row in connection.execute(select(gap).where(which).order_by(gap.c.began_at)):
        yield Gap(row.began_at, row.ended_at, row.node, cast("Kind", row.kind), 0, row.details)


def _lost(connection: Connection, begin: int, end: int) -> Iterator[Gap]:
    table = lost_channel.c
    for row in connection.execute(select(lost_channel).where(table.after < end, table.before >= begin)):
        many = row.last - row.first + 1
        which = f"number {row.first}" if many == 1 else f"numbers {row.first} to {row.last}"
        yield Gap(row.after, row.before, row.node, "records", many, f"{which} of Asterisk process {row.place}")


def _counts(connection: Connection, begin: int, end: int) -> Iterator[Gap]:
    ours, theirs = journal_minute.c, asterisk_minute.c
    both = asterisk_minute.outerjoin(journal_minute, and_(ours.node == theirs.node, ours.at == theirs.at))
    both = both.outerjoin(journal_position, journal_position.c.node == theirs.node)
    loaded = theirs.at + literal(MINUTE + SETTLED) <= func.coalesce(journal_position.c.complete_to, 0)
    kept = func.coalesce(ours.calls, 0)
    query = (
        select(theirs.node, theirs.at, theirs.calls, kept.label("kept"))
        .select_from(both)
        .where(theirs.at < end, theirs.at + MINUTE > begin, theirs.why_not_whole == "", loaded, theirs.calls != kept)
    )
    for row in connection.execute(query):
        details = f"Asterisk counted {row.calls} calls, the journal has {row.kept}"
        yield Gap(row.at, row.at + MINUTE, row.node, "count", abs(row.calls - row.kept), details)


def _rejected(connection: Connection) -> Iterator[Gap]:
    """Yield what stands between two records as one gap: a stretch of rubbish may be rejected in many pieces."""
    nodes = {row.number: row.node for row in connection.execute(select(journal_position))}
    length = func.length(rejected_record.c.raw).label("length")
    query = select(rejected_record.c.id, rejected_record.c.reason, length).order_by(rejected_record.c.id)
    pieces = ((row, _moment_before(connection, row.id)) for row in connection.execute(query).all())
    for (at, file, lost), group in groupby(pieces, lambda one: (one[1], one[0].id >> OFFSET_BITS, not one[0].length)):
        rows = [row for row, _ in group]
        node, place = nodes.get(file >> FILE_BITS, ""), file & (1 << FILE_BITS) - 1
        where = f"journal file {place}, byte {rows[0].id & (1 << OFFSET_BITS) - 1}"
        if lost:
            yield Gap(at, at, node, "accepted", 0, f"{where}: {rows[0].reason}")
        else:
            size = sum(row.length for row in rows)
            yield Gap(at, at, node, "rejected", len(rows), f"{where}, {size} bytes: {rows[0].reason}")


def _moment_before(connection: Connection, identity: int) -> int:
    """Return the time of the last record before that place of the journal, else of the first behind it."""
    table = journal_record.c
    before = select(table.at).where(table.id < identity).order_by(table.id.desc()).limit(1)
    behind = select(table.at).where(table.id > identity).order_by(table.id).limit(1)
    found = connection.execute(before).scalar()
    return found if found is not None else connection.execute(behind).scalar() or 0
