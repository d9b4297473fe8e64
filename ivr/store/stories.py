"""Calls of the ledger with their records, as the journal told them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from typing import TypeAlias

from sqlalchemy import Connection, Row, and_, select

from ivr.ledger.call import Call
from ivr.ledger.fold import fold_story
from ivr.ledger.record import FILE_BITS, OFFSET_BITS, Record
from ivr.ledger.story import Story
from ivr.store.bulk import one_of
from ivr.store.joined import names_of_linkedids, whole_calls_of
from ivr.store.records import NO_RECORD, records_of_calls
from ivr.store.tables import call

_PLACES = select(call.c.id, call.c.crashed, call.c.evidence, call.c.first_record, call.c.last_record)
_Place: TypeAlias = tuple[str, bool, int, int, int]


def kept_stories(
    connection: Connection, linkedids: Collection[str], before: int = NO_RECORD, journal: Connection | None = None
) -> list[Story]:
    """Return the calls of these linkedids that have a row, each with its records whose id is below `before`.

    `journal`: the database that holds the records, when it is another one.
    """
    names = whole_calls_of(connection, linkedids)
    found: list[Story] = []
    for kept in connection.execute(_PLACES.where(one_of(connection, call.c.id, names))).all():
        last = min(kept.last_record, before - 1)
        found += _stories(connection, [kept], kept.first_record, last, journal)
    return found


def open_stories(connection: Connection, number: int) -> list[Story]:
    """Return the open calls of the node with this number, by one walk over the records since the oldest began."""
    first, behind = (one << FILE_BITS << OFFSET_BITS for one in (number, number + 1))
    mine = and_(call.c.ended_at.is_(None), call.c.first_record >= first, call.c.first_record < behind)
    places = connection.execute(_PLACES.where(mine)).all()
    if not places:
        return []
    return _stories(connection, places, min(place.first_record for place in places), behind - 1)


def _stories(
    connection: Connection,
    places: Sequence[Row[*_Place]],
    first: int,
    last: int,
    journal: Connection | None = None,
) -> list[Story]:
    name_of = names_of_linkedids(connection, [place.id for place in places])
    records: dict[str, list[Record]] = {place.id: [] for place in places}
    for record in records_of_calls(journal or connection, name_of, first, last):
        records[name_of[record.linkedid]].append(record)
    cuts = {place.id: place.evidence if place.crashed else None for place in places}
    return [Story(told, cut=cuts[name], kept=True) for name, told in records.items() if told]


def read_calls(connection: Connection, ids: Collection[str], journal: Connection | None = None) -> Iterator[Call]:
    """Return those of the calls that have a row, folded from their records; calls of older systems have none.

    `journal`: the database that holds the records, when it is another one.
    """
    for story in kept_stories(connection, ids, journal=journal):
        yield fold_story(story)
