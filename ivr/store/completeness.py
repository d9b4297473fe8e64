"""How far the ledger is complete, and all that is or may be missing in it."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import groupby
from typing import NamedTuple, cast

from sqlalchemy import ColumnElement, Connection, and_, func, literal, or_, select

from ivr.ledger.gap import Freshness, Gap, Kind
from ivr.ledger.numbering import MINUTE
from ivr.ledger.record import FILE_BITS, OFFSET_BITS
from ivr.store.records import moment_at
from ivr.store.tables import (
    asterisk_minute,
    call,
    gap,
    journal_minute,
    journal_position,
    lost_channel,
    rejected_record,
)

SETTLED = 5_000_000
"""Microseconds after a minute's end in which its last records may still be on their way."""
_ALWAYS = 2**62


class Counts(NamedTuple):
    """Calls of some time by two witnesses; `lost` should be 0."""

    shown: int
    """Calls that Asterisk itself has shown; short ones between two looks it may not."""
    kept: int
    """Calls that the journal has."""
    lost: int
    """Channels of which Asterisk knows and the journal does not: by its numbers, or because it showed them."""
    wrong: tuple[Gap, ...]


def freshness(connection: Connection) -> Freshness:
    """Return up to when every node's journal is loaded, the gaps that go on, and how many calls do."""
    moments = list(connection.execute(select(journal_position.c.complete_to)).scalars())
    going = select(func.count()).select_from(call).where(call.c.ended_at.is_(None))
    return Freshness(
        min(moments) if moments else None,
        tuple(_noted(connection, gap.c.ended_at.is_(None))),
        connection.execute(going).scalar_one(),
    )


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


def counts(connection: Connection, node: str, since: int) -> Counts:
    """Return how Asterisk's and the journal's calls of a node compare since a moment."""
    shown, kept = (
        connection.execute(
            select(func.coalesce(func.sum(table.c.calls), 0)).where(table.c.node == node, table.c.at >= since)
        ).scalar_one()
        for table in (asterisk_minute, journal_minute)
    )
    lost = (gap for gap in _lost(connection, since, _ALWAYS) if gap.node == node)
    wrong = (*lost, *_counts(connection, since, _ALWAYS, node))
    return Counts(int(shown), int(kept), sum(gap.missing for gap in wrong), wrong)


def _noted(connection: Connection, which: ColumnElement[bool]) -> Iterator[Gap]:
    for row in connection.execute(select(gap).where(which).order_by(gap.c.began_at)):
        yield Gap(row.began_at, row.ended_at, row.node, cast("Kind", row.kind), 0, row.details)


def _lost(connection: Connection, begin: int, end: int) -> Iterator[Gap]:
    table = lost_channel.c
    for row in connection.execute(select(lost_channel).where(table.after < end, table.before >= begin)):
        many = row.last - row.first + 1
        which = f"number {row.first}" if many == 1 else f"numbers {row.first} to {row.last}"
        yield Gap(row.after, row.before, row.node, "records", many, f"{which} of Asterisk process {row.place}")


def _counts(connection: Connection, begin: int, end: int, node: str = "") -> Iterator[Gap]:
    ours, theirs = journal_minute.c, asterisk_minute.c
    both = asterisk_minute.outerjoin(journal_minute, and_(ours.node == theirs.node, ours.at == theirs.at))
    both = both.outerjoin(journal_position, journal_position.c.node == theirs.node)
    loaded = theirs.at + literal(MINUTE + SETTLED) <= func.coalesce(journal_position.c.complete_to, 0)
    channels, calls = (func.coalesce(column, 0) for column in (ours.channels, ours.calls))
    query = (
        select(theirs.node, theirs.at, theirs.channels, theirs.calls, channels.label("kept"), calls.label("kept_calls"))
        .select_from(both)
        .where(theirs.at < end, theirs.at > begin - MINUTE, loaded)
        .where(or_(theirs.channels > channels, theirs.calls > calls))
    )
    if node:
        query = query.where(theirs.node == node)
    for row in connection.execute(query):
        details = (
            f"Asterisk has shown {row.channels} channels and {row.calls} calls of this minute, "
            f"the journal has {row.kept} and {row.kept_calls}"
        )
        missing = max(row.channels - row.kept, row.calls - row.kept_calls)
        yield Gap(row.at, row.at + MINUTE, row.node, "count", missing, details)


def _rejected(connection: Connection) -> Iterator[Gap]:
    """Yield what stands between two records as one gap: a stretch of rubbish may be rejected in many pieces."""
    nodes = {row.number: row.node for row in connection.execute(select(journal_position))}
    length = func.length(rejected_record.c.raw).label("length")
    query = select(rejected_record.c.id, rejected_record.c.reason, length).order_by(rejected_record.c.id)
    pieces = ((row, moment_at(connection, row.id)) for row in connection.execute(query).all())
    for (at, file, lost), group in groupby(pieces, lambda one: (one[1], one[0].id >> OFFSET_BITS, not one[0].length)):
        rows = [row for row, _ in group]
        node, place = nodes.get(file >> FILE_BITS, ""), file & (1 << FILE_BITS) - 1
        where = f"journal file {place}, byte {rows[0].id & (1 << OFFSET_BITS) - 1}"
        if lost:
            yield Gap(at, at, node, "accepted", 0, f"{where}: {rows[0].reason}")
        else:
            size = sum(row.length for row in rows)
            yield Gap(at, at, node, "rejected", len(rows), f"{where}, {size} bytes: {rows[0].reason}")
