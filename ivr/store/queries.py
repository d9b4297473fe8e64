"""What people ask of the ledger: calls, with their legs, facts and recordings."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, and_, select

from ivr.errors import DeskError
from ivr.store.engine import open_existing
from ivr.store.migrate import told_errors
from ivr.store.tables import call, fact, journal_position, leg, recording

LAST = "last"


@dataclass(frozen=True, slots=True)
class CallStory:
    """One call with everything that belongs to it; the columns of the tables as plain values, times in microseconds."""

    call: dict[str, Any]
    legs: tuple[dict[str, Any], ...]
    facts: tuple[dict[str, Any], ...]
    recordings: tuple[dict[str, Any], ...]


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
        """Return one call by its id, the beginning or end of its id, or `last`, the newest call of a desk."""
        with self._reading() as connection:
            row = self._find(connection, wanted)
            return CallStory(
                _plain(row),
                _all(connection, leg, leg.c.call_id == row.id, leg.c.place),
                tuple(
                    told | {"details": json.loads(told["details"])}
                    for told in _all(connection, fact, _of_call(row), fact.c.record_id, fact.c.place)
                ),
                _all(connection, recording, recording.c.call_id == row.id, recording.c.name),
            )

    def desks(self) -> list[str]:
        """Return the desks that have had a call."""
        with self._reading() as connection:
            names = connection.execute(select(call.c.desk).distinct().where(call.c.desk != "")).scalars()
            return sorted(names)

    def complete_to(self) -> int | None:
        """Return the moment up to which every node's journal is loaded; None when nothing ever was."""
        with self._reading() as connection:
            moments = list(connection.execute(select(journal_position.c.complete_to)).scalars())
        return min(moments) if moments else None

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
        found = connection.execute(newest.where(_like(wanted)).limit(4)).all() if wanted else []
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


def _like(wanted: str) -> ColumnElement[bool]:
    return call.c.id.startswith(wanted, autoescape=True) | call.c.id.endswith(wanted, autoescape=True)


def _all(
    connection: Connection, table: Any, which: ColumnElement[bool], *order: ColumnElement[Any]
) -> tuple[dict[str, Any], ...]:
    return tuple(_plain(row) for row in connection.execute(select(table).where(which).order_by(*order)))


def _plain(row: Row[Any]) -> dict[str, Any]:
    return dict(row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it
