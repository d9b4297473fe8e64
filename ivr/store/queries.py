"""What people ask of the ledger: calls, with their legs, facts and recordings."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, select

from ivr.errors import DeskError
from ivr.ledger.card import Card
from ivr.ledger.gap import Freshness
from ivr.store.cards import cards_of_calls
from ivr.store.completeness import freshness
from ivr.store.engine import open_existing
from ivr.store.migrate import told_errors
from ivr.store.seek import values_of
from ivr.store.tables import call, fact, leg, recording
from ivr.store.tables_texts import message_text
from ivr.telephony.number import same_number, spellings

LAST = "last"
RECENT = 5000
"""Calls that are found by the end of their id: no index knows ends."""


@dataclass(frozen=True, slots=True)
class CallStory:
    """One call with everything that belongs to it; the columns of the tables as plain values, times in microseconds.

    A recording's `text` is what was said into the voicemail, or None.
    """

    call: dict[str, Any]
    legs: tuple[dict[str, Any], ...]
    facts: tuple[dict[str, Any], ...]
    recordings: tuple[dict[str, Any], ...]
    card: Card | None = None


class Calls:
    """Reads calls. Every method raises `DeskError` when the database cannot be used."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._engine = open_existing(url)

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    def latest(self, *, desk: str = "", since: int = 0, limit: int = 20) -> list[dict[str, Any]]:
        """Return the latest calls, the newest first. `since`: microseconds; `desk` "" = all, with those of no desk."""
        query = select(call).where(call.c.began_at >= since).order_by(call.c.began_at.desc(), call.c.id.desc())
        if desk:
            query = query.where(call.c.desk == desk)
        with self._reading() as connection:
            return [_plain(row) for row in connection.execute(query.limit(limit))]

    def story(self, wanted: str) -> CallStory:
        """Return one call by its id, the beginning of its id, or `last`, the newest call of a desk.

        The end of an id is enough for one of the `RECENT` newest calls.
        """
        with self._reading() as connection:
            row = self._find(connection, wanted)
            its_own = message_text.c.name.in_(select(recording.c.name).where(recording.c.call_id == row.id))
            texts = {told["name"]: told for told in _all(connection, message_text, its_own, message_text.c.name)}
            return CallStory(
                _plain(row),
                _all(connection, leg, leg.c.call_id == row.id, leg.c.place),
                tuple(
                    told | {"details": json.loads(told["details"])}
                    for told in _all(connection, fact, _of_call(row), fact.c.record_id, fact.c.place)
                ),
                tuple(
                    told | {"text": texts.get(told["name"])}
                    for told in _all(connection, recording, recording.c.call_id == row.id, recording.c.name)
                ),
                cards_of_calls(connection, [row.id]).get(row.id),
            )

    def of_number(self, number: str, *, limit: int = 20) -> list[dict[str, Any]]:
        """Return the latest calls of a caller's number in any of its spellings, the newest first."""
        rows: list[dict[str, Any]] = []
        with self._reading() as connection:
            # One by one: a caller may have very many calls, and each spelling's newest are read off the index.
            for way in spellings(same_number(number)):
                query = select(call).where(call.c.caller == way).order_by(call.c.began_at.desc(), call.c.id.desc())
                rows += [_plain(row) for row in connection.execute(query.limit(limit))]
        return sorted(rows, key=lambda row: (row["began_at"], row["id"]), reverse=True)[:limit]

    def desks(self) -> list[str]:
        """Return the desks that have had a call."""
        with self._reading() as connection:
            return list(values_of(connection, call.c.desk))

    def freshness(self) -> Freshness:
        """Return up to when the ledger is complete, and the gaps that go on."""
        with self._reading() as connection:
            return freshness(connection)

    def _find(self, connection: Connection, wanted: str) -> Row[Any]:
        newest = select(call).order_by(call.c.began_at.desc(), call.c.id.desc())
        if wanted == LAST:
            row = connection.execute(newest.where(call.c.desk != "").limit(1)).one_or_none()
            if row is None:
                raise DeskError("There is no call yet.", "Place one: `ivr call 100`.")
            return row
        exact = connection.execute(select(call).where(call.c.id == wanted)).one_or_none()
        if exact is not None:
            return exact
        found = _alike(connection, wanted) if wanted else []
        if len(found) == 1:
            return found[0]
        if found:
            some = ", ".join(row.id for row in found[:3])
            raise DeskError(f"Several calls are called {wanted!r}: {some}.", "Write more of the id.")
        raise DeskError(f"There is no call {wanted!r}.", "See the ids with `ivr calls`, or use `ivr calls show last`.")

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with told_errors(self._url), self._engine.connect() as connection:
            yield connection


def _of_call(row: Row[Any]) -> ColumnElement[bool]:
    return and_(fact.c.call_id == row.id, fact.c.record_id.between(row.first_record, row.last_record))


def _alike(connection: Connection, wanted: str) -> list[Row[Any]]:
    """Return calls whose id begins or ends so: a few, the newest first."""
    # In the order of bytes, in which every id that begins so lies between these two, the index of ids tells them.
    name = call.c.id.collate("C") if connection.dialect.name == "postgresql" else call.c.id
    begins = select(call).where(name >= wanted, name < f"{wanted}\U0010ffff").order_by(name.desc()).limit(4)
    recent = select(call.c.id).order_by(call.c.began_at.desc()).limit(RECENT).subquery()
    ends = (
        select(call).where(call.c.id.in_(select(recent).where(recent.c.id.endswith(wanted, autoescape=True)))).limit(4)
    )
    found = {row.id: row for query in (begins, ends) for row in connection.execute(query)}
    return sorted(found.values(), key=lambda row: (row.began_at, row.id), reverse=True)


def _all(
    connection: Connection, table: Any, which: ColumnElement[bool], *order: ColumnElement[Any]
) -> tuple[dict[str, Any], ...]:
    return tuple(_plain(row) for row in connection.execute(select(table).where(which).order_by(*order)))


def _plain(row: Row[Any]) -> dict[str, Any]:
    return dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it
