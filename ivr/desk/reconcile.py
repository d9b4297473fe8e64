"""Calls that the ledger has open and Asterisk has no more: their end was lost on the way into the journal."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from typing import NamedTuple

from ivr.desk.count_living import Living

YOUNGEST = 60_000_000
"""Microseconds of age before a call is looked at so."""
APART = 30_000_000
"""Microseconds between the first look that shows none of its channels, and the verdict; every look between agrees."""
AGAIN = 600_000_000
"""Microseconds until a verdict that has not reached the ledger is given again: it may have been lost as the end was."""
MOST = 20
"""Verdicts of one look; the others follow with the next ones."""


class OpenCall(NamedTuple):
    """A call that the ledger has open."""

    id: str
    began_at: int
    linkedids: frozenset[str]


class Lost(NamedTuple):
    """A call that is over; `seen`: the last look (UTC microseconds) that showed a channel of it, 0 = none did."""

    call: str
    seen: int


class Reconciling:
    """Compares looks at Asterisk with the ledger's open calls. Every time is UTC microseconds."""

    def __init__(self) -> None:
        self._gone: dict[str, int] = {}
        self._told: dict[str, int] = {}
        self._seen: dict[str, int] = {}

    def forget(self) -> None:
        """Begin anew: a look was missed, so that nobody knows what lived meanwhile."""
        self._gone = {}

    def look(
        self,
        at: int,
        living: Iterable[Living],
        open_calls: Iterable[OpenCall],
        complete_to: int,
        channels_of: Callable[[str], Collection[str]],
    ) -> list[Lost]:
        """Return the calls that are over, from what Asterisk and the ledger show at the moment `at`.

        `complete_to`: everything that happened before it is in the ledger: an end that is still on its way is no lost
        one. `channels_of` returns the uniqueids of all channels that a call ever had; it is asked about the last few.
        """
        living = list(living)
        uniqueids, linkedids = {one.uniqueid for one in living}, {one.linkedid for one in living}
        gone: dict[str, int] = {}
        seen: dict[str, int] = {}
        found: list[Lost] = []
        for call in open_calls:
            if call.linkedids & linkedids:
                seen[call.id] = at
                continue
            if call.id in self._seen:
                seen[call.id] = self._seen[call.id]
            since = gone[call.id] = self._gone.get(call.id, at)
            if at - since < APART or at - call.began_at < YOUNGEST or complete_to < since:
                continue
            if at - self._told.get(call.id, 0) < AGAIN or len(found) == MOST:
                continue
            if uniqueids.isdisjoint(channels_of(call.id)):
                found.append(Lost(call.id, seen.get(call.id, 0)))
            else:  # it lives in another call, of which no record has told yet
                del gone[call.id]
        self._gone, self._seen = gone, seen
        self._told = {name: told for name, told in self._told.items() if name in gone}
        self._told |= {lost.call: at for lost in found}
        return found

    def undone(self, call: str) -> None:
        """Take a verdict back that was not written."""
        self._told.pop(call, None)
