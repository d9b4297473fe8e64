"""Until when callers were promised to be called back."""

from __future__ import annotations

import json
from collections.abc import Collection

from sqlalchemy import Connection, select

from ivr.ledger.callbacks import promise_moment
from ivr.store.bulk import one_of
from ivr.store.tables import call, fact


def promised_in(connection: Connection, calls: Collection[str]) -> dict[str, int]:
    """Return the moment by call, UTC microseconds, of those calls that ended in such a promise."""
    ended = select(call.c.id, call.c.first_record, call.c.last_record).where(
        one_of(connection, call.c.id, calls), call.c.outcome == "to be called back"
    )
    found = {}
    for one in connection.execute(ended).all():
        told = select(fact.c.details).where(
            fact.c.record_id.between(one.first_record, one.last_record),
            fact.c.call_id == one.id,
            fact.c.name == "callback",
        )
        for details in connection.execute(told.order_by(fact.c.record_id)).scalars():
            if (until := promise_moment(str(json.loads(details).get("until", "")))) is not None:
                found[one.id] = until
    return found
