"""What some records and their calls give, before any database is asked: so another process can make it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from ivr.ledger.agents import ACTS, acts_in, stays_of
from ivr.ledger.call import Call
from ivr.ledger.card import card_facts_in
from ivr.ledger.numbering import begun_in
from ivr.ledger.record import Record, Rejected
from ivr.ledger.unfolding import Unfolded
from ivr.reports.contacts import Contact, contact_of
from ivr.reports.contributions import tallies
from ivr.reports.recorded import recorded_talks
from ivr.store.agents import Holding
from ivr.store.bulk import Rows, ready
from ivr.store.joined import Joinings
from ivr.store.tables import call
from ivr.store.time_totals import About, about_of
from ivr.store.totals import Sums, add_tallies
from ivr.telephony.facts import Fact

_CALL_WIDTH = len(call.c)
_UNVERIFIED: tuple[object, ...] = ("", 0.0, 0.0, "", 0, "", None, None)
"""What the columns of a recording hold behind name, call and state, until it is verified."""
_CALLS_A_STEP = 16
"""Calls to fold while the database takes some of the records: about as long as it is busy with them."""
_TEXTS = 8192
_texts: dict[int, tuple[Fact, str]] = {}


class Given:
    """Everything that a batch brings into the derived tables, apart from what the database must be asked for.

    `ivr.store.derived` writes it. It can be pickled.
    """

    def __init__(
        self, records: Sequence[Record], rejected: Sequence[Rejected] = (), *, part: int = 0, newest: int = 0
    ) -> None:
        """Begin with these records, in the journal's order. Facts before them are kept already, and never change.

        `part` and `newest` stand for the records where there are none of the journal.
        """
        self._count = len(records)
        self.part = records[0].id if records else part
        self.newest = records[-1].at if records else newest
        self.rejected = rejected
        self.records: Rows = records
        self.calls: Rows = []
        self.legs: Rows = []
        self.facts: Rows = []
        self.expected: list[tuple[Any, ...]] = []
        self.begun = begun_in(records)
        of_acts = [record for record in records if record[9] == ACTS]
        self.acts = acts_in(of_acts)
        self.cards = card_facts_in(of_acts)
        self.written: list[str] = []
        """The calls' ids."""
        self.stale: list[str] = []
        """Ids of calls of which the database has rows that are no longer true."""
        self.sums: Sums = {}
        self.holdings: list[Holding] = []
        self.busy: dict[str, About] = {}
        """Calls that hold agents."""
        self.contacts: list[Contact] = []
        self.recorded: list[Call] = []
        """Calls that are over and have talks to be recorded, with these legs alone."""
        self.joinings = Joinings()

    @property
    def counts(self) -> tuple[int, int, int]:
        """How many records, rejected pieces and calls."""
        return self._count, len(self.rejected), len(self.written)

    def taking(self, calls: Iterable[Unfolded]) -> Iterator[None]:
        """Take all calls, a few at each step."""
        rows: tuple[list[Any], list[Any], list[Any]] = [], [], []
        self.calls, self.legs, self.facts = rows
        for place, (one, kept, joined) in enumerate(calls):
            self.holdings += [Holding(name, is_open=False, stays={}) for name in joined]
            self.stale += joined
            self.joinings.take(one, joined)
            self._write(one, *rows)
            self._take(one)
            if kept:
                self.stale.append(one.id)
            if place % _CALLS_A_STEP == 0:
                yield

    def drop(self, name: str) -> None:
        """Take out a call that is none any more."""
        self.stale.append(name)

    def make_ready(self, dialect: str) -> None:
        """Bring the rows into the form that the database takes fastest."""
        for name in ("records", "calls", "legs", "facts"):
            setattr(self, name, ready(dialect, getattr(self, name)))

    def _write(self, one: Call, calls: list[Any], legs: list[Any], facts: list[Any]) -> None:
        name, since = one.id, self.part
        calls.append(one[:_CALL_WIDTH])
        legs += [(name, place, *part) for place, part in enumerate(one.legs)]
        facts += [
            (record, place, name, at, said.name, _details(said))
            for record, place, at, said in one.facts
            if record >= since
        ]
        if one.recordings:
            self.expected += [(recorded, name, "expected", *_UNVERIFIED) for recorded in one.recordings]

    def _take(self, one: Call) -> None:
        name = one.id
        self.written.append(name)
        add_tallies(self.sums, tallies(one))
        stays = stays_of(one)
        self.holdings.append(Holding(name, one.ended_at is None, stays))
        if stays:
            self.busy[name] = about_of(one)
        contact = contact_of(one)
        if contact:
            self.contacts.append(contact)
        if one.ended_at is not None and (talks := tuple(recorded_talks(one))):
            self.recorded.append(one._replace(legs=talks, facts=()))


def _details(said: Fact) -> str:
    """Return a fact's values as JSON. The fold gives the same object for the same text, so it is known by identity."""
    kept = _texts.get(id(said))
    if kept is None:
        if len(_texts) >= _TEXTS:
            _texts.clear()
        kept = _texts[id(said)] = said, json.dumps(dict(said.values), ensure_ascii=False)
    return kept[1]
