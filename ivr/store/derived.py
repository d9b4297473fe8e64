"""Everything that a batch gives, written at once: every derived table is filled here."""

from __future__ import annotations

from sqlalchemy import Connection, bindparam, delete

from ivr.ledger.call import Call
from ivr.reports.contributions import tallies
from ivr.reports.tally import taken_out
from ivr.store.agents import AgentTimes
from ivr.store.beside import keep_beside
from ivr.store.bulk import add_missing, add_rows
from ivr.store.cards import CardsOfBatch
from ivr.store.channels import count_channels
from ivr.store.given import Given
from ivr.store.stored import closed_calls
from ivr.store.tables import call, fact, leg, recording
from ivr.store.totals import Totals, add_tallies

_CALL_GONE = delete(call).where(call.c.id == bindparam("key"))
_LEGS_GONE = delete(leg).where(leg.c.call_id == bindparam("key"))


def keep(connection: Connection, given: Given, totals: Totals, times: AgentTimes | None = None) -> None:
    """Write what was given, in place of what the database had of the same calls.

    Calls of older systems come without `times`: of their agents nobody knows when they were here.
    """
    if given.expected:
        # Before recordings are touched: who tells what became of one does it in this order.
        totals.open(connection)
    count_channels(connection, given.begun)
    cards = CardsOfBatch(connection, given.cards, [*given.stale, *given.written])
    before = _take_out(connection, given, times) if given.stale else []
    add_rows(connection, call, given.calls)
    add_rows(connection, leg, given.legs)
    add_rows(connection, fact, given.facts)
    if given.expected:
        add_missing(connection, recording, given.expected)
    given.joinings.keep(connection)
    sums = given.sums
    if times:
        for name, about in given.busy.items():
            times.totals.note(name, about)
        gone, fresh = times.keep(connection, given.acts, given.holdings)
        add_tallies(sums, times.totals.tallies(connection, gone, fresh))
    add_tallies(sums, keep_beside(connection, before, given))
    add_tallies(sums, cards.tallies())
    if given.part:
        totals.add(connection, sums, part=given.part, newest=given.newest)


def _take_out(connection: Connection, given: Given, times: AgentTimes | None) -> list[Call]:
    """Take out the calls whose rows are no longer true; return those of them that were over."""
    if times:
        times.look(connection, given.stale)
        for one in given.joinings.until_now(connection):
            times.totals.was(one)
    before = closed_calls(connection, given.stale)
    for one in before:
        add_tallies(given.sums, taken_out(tallies(one)))
    keys = [{"key": name} for name in given.stale]
    connection.execute(_CALL_GONE, keys)
    connection.execute(_LEGS_GONE, keys)
    return before
