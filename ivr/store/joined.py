"""Calls that turned out to be one: what the database has of the younger comes under the older's name."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from sqlalchemy import Connection, bindparam, delete, select, update

from ivr.ledger.call import Call
from ivr.store.bulk import add_rows, one_of
from ivr.store.stored import whole_calls
from ivr.store.tables import call, call_linkedid, fact, recording

_MOVE_FACTS = (
    update(fact)
    .where(fact.c.record_id.between(bindparam("first"), bindparam("last")), fact.c.call_id == bindparam("key"))
    .values(call_id=bindparam("whole"))
)
_MOVE_RECORDING = update(recording).where(recording.c.name == bindparam("key")).values(call_id=bindparam("whole"))
_FORGET = delete(call_linkedid).where(call_linkedid.c.linkedid == bindparam("key"))


class Joinings:
    """The calls of a batch that have several linkedids, put together to be kept at once."""

    def __init__(self) -> None:
        self._linkedids: list[tuple[str, str]] = []
        self._moved: list[dict[str, object]] = []
        self._recorded: list[dict[str, str]] = []
        self._parts: list[str] = []

    def take(self, whole: Call, joined: Collection[str]) -> None:
        """Take a call; `joined`: calls of which the database has rows, and which are this one."""
        if whole.linkedids:
            span = {"first": whole.first_record, "last": whole.last_record, "whole": whole.id}
            self._linkedids += [(linkedid, whole.id) for linkedid in whole.linkedids]
            self._parts += [whole.id, *joined] if joined else []
            self._moved += [span | {"key": name} for name in joined]
            self._recorded += [{"key": recorded, "whole": whole.id} for recorded in whole.recordings]

    def until_now(self, connection: Connection) -> list[Call]:
        """Return the calls that become one in this batch as they are kept until it."""
        if not self._parts:
            return []
        rows = connection.execute(select(call).where(one_of(connection, call.c.id, self._parts))).all()
        return whole_calls(connection, rows)

    def keep(self, connection: Connection) -> None:
        """Write it; after the recordings that the calls expect."""
        if self._moved:
            connection.execute(_MOVE_FACTS, self._moved)
        if self._linkedids:
            connection.execute(_FORGET, [{"key": linkedid} for linkedid, _ in self._linkedids])
            add_rows(connection, call_linkedid, self._linkedids)
        if self._recorded:
            connection.execute(_MOVE_RECORDING, self._recorded)


def whole_calls_of(connection: Connection, linkedids: Collection[str]) -> set[str]:
    """Return the names that calls of these linkedids may have: their own, or the one that they joined."""
    joined = select(call_linkedid.c.call_id).where(one_of(connection, call_linkedid.c.linkedid, linkedids))
    return {*linkedids, *connection.execute(joined).scalars()}


def names_of_linkedids(connection: Connection, calls: Iterable[str]) -> dict[str, str]:
    """Return the call of each linkedid that these calls have."""
    names = {name: name for name in calls}
    joined = select(call_linkedid).where(one_of(connection, call_linkedid.c.call_id, list(names)))
    return names | {row.linkedid: row.call_id for row in connection.execute(joined)}
