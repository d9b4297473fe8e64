"""Call cards beside the calls: kept in the loader's own transaction, and counted with them.

A card may be written before its call is over or long after it. So what a batch contributes to the totals is, for each
call that it touches or that it writes a card of, what the card was worth before, taken out, and what it is worth now.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Sequence

from sqlalchemy import Connection, exists, select

from ivr.ledger.card import Card, CardFact, cards_of, read_entries
from ivr.reports.cards import card_tallies
from ivr.reports.statement import Carded
from ivr.reports.tally import Tally, taken_out
from ivr.store.bulk import add_rows, one_of
from ivr.store.stored import closed_calls, whole_calls
from ivr.store.tables import call
from ivr.store.tables_cards import card_fact
from ivr.telephony.facts import Fact


class CardsOfBatch:
    """The cards of one batch: make it before the batch's calls are written, and ask `tallies` after."""

    def __init__(self, connection: Connection, fresh: Sequence[CardFact], calls: Collection[str]) -> None:
        """Look at what is there; `fresh` are the batch's cards, `calls` those that it writes or takes out."""
        self._connection = connection
        self._fresh = fresh
        self._calls = set(calls)
        written = {one.fact.values["call"] for one in self._fresh}
        self._touched = self._calls | written if self._fresh or _any(connection) else set[str]()
        self._before = cards_of_calls(connection, self._touched)
        self._found = [
            one
            for before in closed_calls(connection, self._before.keys())
            for one in taken_out(card_tallies(self._before[before.id], before))
        ]

    def tallies(self) -> list[Tally]:
        """Write the batch's cards; return what all this changes in the totals."""
        if not self._touched:
            return []
        rows = [_row(one) for one in self._fresh]
        add_rows(self._connection, card_fact, rows)
        now = cards_of_calls(self._connection, self._touched)
        after = [one for told in closed_calls(self._connection, now.keys()) for one in card_tallies(now[told.id], told)]
        return self._found + after


def cards_of_calls(connection: Connection, ids: Collection[str]) -> dict[str, Card]:
    """Return the cards of those of the calls that have one, as they stand."""
    if not ids:
        return {}
    query = select(card_fact.c.details).where(one_of(connection, card_fact.c.call_id, ids))
    return _cards(connection.execute(query.order_by(card_fact.c.record_id, card_fact.c.place)).scalars())


def project_cards(connection: Connection, project: str, since: int, until: int) -> list[Carded]:
    """Return the project's cards of calls that began in the time, with their calls, in the order of their beginning."""
    mine = exists().where(card_fact.c.call_id == call.c.id, card_fact.c.project == project)
    rows = connection.execute(
        select(call)
        .where(call.c.began_at >= since, call.c.began_at < until, mine, call.c.ended_at.is_not(None))
        .order_by(call.c.began_at, call.c.id)
    ).all()
    cards = cards_of_calls(connection, [row.id for row in rows])
    return [Carded(told, cards[told.id]) for told in whole_calls(connection, rows)]


def cards_between(connection: Connection, since: int, until: int) -> dict[str, Card]:
    """Return the cards, by call, of calls that began in the time."""
    query = select(card_fact.c.details).join(call, call.c.id == card_fact.c.call_id)
    query = query.where(call.c.began_at >= since, call.c.began_at < until)
    return _cards(connection.execute(query.order_by(card_fact.c.record_id, card_fact.c.place)).scalars())


def _any(connection: Connection) -> bool:
    return connection.execute(select(card_fact.c.record_id).limit(1)).first() is not None


def _cards(details: Iterable[str]) -> dict[str, Card]:
    return cards_of(read_entries(Fact("card", json.loads(one)) for one in details))


def _row(one: CardFact) -> tuple[object, ...]:
    values = one.fact.values
    project = values.get("project", "")
    return one.record, one.place, values["call"], project, json.dumps(dict(values), ensure_ascii=False)
