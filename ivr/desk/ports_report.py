"""What a report needs from the ledger."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import NamedTuple, Protocol

from ivr.ledger.call import Call
from ivr.ledger.card import Card
from ivr.ledger.gap import Freshness
from ivr.reports.agent_time import Span
from ivr.reports.contacts import Contact, Missed
from ivr.reports.recorded import Recorded
from ivr.reports.repeats import Series
from ivr.reports.tally import Subject

Sums = Mapping[tuple[str, ...], Mapping[str, int]]
"""Sums by measure, by the values of the keys that were asked for; the time behind them, when it was asked for."""


class Debt(NamedTuple):
    """A number that is still owed a talk."""

    number: str
    desk: str
    line: str
    first_at: int
    last_at: int
    missed: int
    tries: int
    """How often we called in vain since."""
    owner: str
    """The agent who spoke with him last, or empty."""
    call: str
    """His last missed call."""
    said: str = ""
    """What he said last into the voicemail, as far as it was understood. Personal."""
    promised: int | None = None
    """Until when he was promised to be called back, where his last call ended so."""


class Lacking(NamedTuple):
    """A talk that should have been recorded and is not, or not whole. Times in UTC microseconds."""

    call: str
    at: int
    desk: str
    line: str
    agent: str
    caller: str
    length: int
    missing: int
    state: str
    reason: str


class Books(Protocol):
    """The ledger as reports read it. Every method may raise `DeskError` when the database cannot be used."""

    def zone(self) -> str:
        """Return the zone whose days the totals keep."""

    def freshness(self) -> Freshness:
        """Return how far the ledger can be trusted."""

    def sums(
        self,
        subject: Subject,
        since: int,
        until: int,
        *,
        zone: str,
        where: Mapping[str, Collection[str]],
        by: tuple[str, ...],
        time: str,
    ) -> Sums:
        """Return the totals of a subject. `KeyError` when it has not the keys."""

    def day_sums(
        self,
        subject: Subject,
        days: Sequence[tuple[int, int]],
        *,
        where: Mapping[str, Collection[str]],
        by: tuple[str, ...],
        measures: frozenset[str],
    ) -> Sums:
        """Return these measures of days of the ledger's zone, given in their order; by `by` and the day's date."""

    def values(self, key: str) -> set[str]:
        """Return what the key has ever been."""

    def calls(self, since: int, until: int, where: Mapping[str, Collection[str]]) -> Iterator[Call]:
        """Yield the closed calls that touch the time, oldest first; of `where` only what a call itself has."""

    def spans(self, since: int, until: int, agents: Collection[str] = ()) -> Iterator[tuple[Span, str]]:
        """Yield agents' spans that touch the time and are over, by agent, each with its call's id; no agents = all."""

    def written(self, since: int, until: int) -> Mapping[str, Card]:
        """Return the cards, by call, of calls that began in the time."""

    def missed(self, since: int, until: int, limit: int) -> list[tuple[Missed, str]]:
        """Return the first rows of missed calls that began in the time, oldest first, each with its desk."""

    def slowest(
        self, since: int, until: int, where: Mapping[str, Collection[str]], *, budget: int, limit: int
    ) -> list[Call]:
        """Return the newest calls whose time to human was longer than the budget (microseconds)."""

    def series(self, since: int, until: int, where: Mapping[str, Collection[str]], limit: int) -> list[Series]:
        """Return the series of a number's calls whose last call was in the time, those of most calls first."""

    def lacking(self, since: int, until: int, where: Mapping[str, Collection[str]], limit: int) -> list[Lacking]:
        """Return the talks that should have been recorded and are not, or not whole, the newest first."""

    def recorded(self, since: int, until: int) -> Iterator[tuple[Call, Recorded]]:
        """Yield the closed calls that touch the time with their recordings, oldest first."""

    def contacts(self, since: int, until: int) -> Iterator[Contact]:
        """Yield the calls of numbers from outside that began in the time, oldest first."""

    def debts(self, where: Mapping[str, Collection[str]], limit: int) -> list[Debt]:
        """Return the numbers that are still owed a talk, whose last call was latest first."""
