"""Calls read back from their rows, as the fold made them."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, Engine, Row, select

from ivr.ledger.call import Call, CallFact, Leg
from ivr.ledger.origin import IMPORTED
from ivr.store.bulk import one_of
from ivr.store.tables import call, fact, leg
from ivr.telephony.facts import Fact

_TOGETHER = 500
"""Calls whose legs and facts are asked for at once."""


def closed_calls(connection: Connection, ids: Collection[str]) -> list[Call]:
    """Return those of the calls that are kept and over."""
    query = select(call).where(one_of(connection, call.c.id, ids), call.c.ended_at.is_not(None))
    return whole_calls(connection, connection.execute(query).all())


def whole_calls(connection: Connection, rows: Sequence[Row[Any]]) -> list[Call]:
    """Return the calls of these rows of the table `call`, with legs and facts, in the rows' order."""
    found: list[Call] = []
    for start in range(0, len(rows), _TOGETHER):
        some = rows[start : start + _TOGETHER]
        legs, facts = _legs(connection, some), _facts(connection, some)
        found += [Call._make((*row, tuple(legs[row.id]), tuple(facts[row.id]), (), ())) for row in some]
    return found


def _legs(connection: Connection, rows: Sequence[Row[Any]]) -> dict[str, list[Leg]]:
    legs: dict[str, list[Leg]] = defaultdict(list)
    query = select(leg).where(one_of(connection, leg.c.call_id, [row.id for row in rows]))
    for name, _, *rest in connection.execute(query.order_by(leg.c.call_id, leg.c.place)):
        legs[name].append(Leg(*rest))
    return legs


def _facts(connection: Connection, rows: Sequence[Row[Any]]) -> dict[str, list[CallFact]]:
    """Read all facts between the first and the last record of these calls; those of others are left out."""
    wanted = {row.id for row in rows}
    facts: dict[str, list[CallFact]] = defaultdict(list)
    for first, last in _stretches((row.first_record, row.last_record) for row in rows):
        query = select(fact).where(fact.c.record_id.between(first, last))
        for record, place, name, at, said, details in connection.execute(
            query.order_by(fact.c.record_id, fact.c.place)
        ):
            if name in wanted:
                facts[name].append(CallFact(record, place, at, Fact(said, json.loads(details))))
    return facts


def _stretches(spans: Iterable[tuple[int, int]]) -> Iterator[tuple[int, int]]:
    """Yield the stretches of records that the spans cover: calls of the same time share one, so it is read once."""
    begun: tuple[int, int] | None = None
    for first, last in sorted(spans):
        if begun and first <= begun[1]:
            begun = begun[0], max(begun[1], last)
        else:
            if begun:
                yield begun
            begun = first, last
    if begun:
        yield begun


def own_calls(engine: Engine, first: int, last: int) -> list[Call]:
    """Return the calls of our own journal that began between two moments; those of imported files are left out."""
    own = call.c.node.not_like(f"{IMPORTED}%")
    query = select(call).where(call.c.began_at.between(first, last), own).order_by(call.c.began_at, call.c.id)
    with engine.connect() as connection:
        return whole_calls(connection, connection.execute(query).all())
