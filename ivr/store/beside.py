"""What is kept beside the calls of a batch: missed calls, callers who call again, recordings' coverage."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import Connection

from ivr.ledger.call import Call
from ivr.reports.contacts import contact_of
from ivr.reports.tally import Tally
from ivr.store.coverage import keep_coverage
from ivr.store.given import Given
from ivr.store.missed import keep_missed
from ivr.store.repeats import keep_repeats


def keep_beside(connection: Connection, before: Collection[Call], given: Given) -> list[Tally]:
    """Bring it up to calls that were changed (`before`, as they were) or are new; return what that contributes."""
    was = [contact for one in before if (contact := contact_of(one))]
    return [
        *keep_missed(connection, was, given.contacts),
        *keep_repeats(connection, was, given.contacts),
        *keep_coverage(connection, before, given.recorded),
    ]
