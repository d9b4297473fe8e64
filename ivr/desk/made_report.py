"""A report that is made: tables of plain values, the same for every format."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple, TypeAlias

from ivr.ledger.gap import Freshness
from ivr.reports.contacts import WINDOW
from ivr.reports.metric import Unit
from ivr.reports.parts import Given
from ivr.reports.plan import Plan

Value: TypeAlias = str | int | float | None
"""Text; a count; seconds; a share from 0 to 1; a moment as its local time's text. None = there is nothing to tell."""

ROWS = 100
"""About so many rows of a table by time are a page for people."""


class Ask(NamedTuple):
    """What is asked: the time (UTC microseconds, whole quarters of an hour), the filters, and how to count."""

    since: int
    until: int
    zone: str = "UTC"
    where: Mapping[str, frozenset[str]] = {}
    time: str = ""
    """Also a row for each hour, day …; see `ivr.desk.report.TIMES`."""
    given: Given = Given()
    limit: int = 50
    """Rows of a list that is not asked for as a whole."""
    rows: int | None = ROWS
    """About so many rows of a table that has a row a time: the newest times, each whole; None = all."""
    plan: Plan | None = None
    """What agents were to do; None = nobody has written a plan."""
    window: int = WINDOW
    """How long a matter may come back, in microseconds."""
    budgets: Mapping[str, int] = {}
    """Each desk's own budget for the time to a person, in seconds; of another desk it is `given.within`."""
    said: bool = True
    """Whether it may show what callers said. In a letter it may not: that stays on this machine."""

    def budget_of(self, desk: str) -> int:
        """Return the desk's budget in seconds."""
        return self.budgets.get(desk, self.given.within)


class Head(NamedTuple):
    """A column: a key (`id` is its name), or a metric (`id`, `version` are the catalogue's)."""

    id: str
    title: str
    unit: Unit | Literal["text"]
    version: int = 0
    at_least: float | None = None
    """The target of a share."""


@dataclass(frozen=True, slots=True)
class Table:
    """Rows under heads; `total` is the row of all of them."""

    title: str
    heads: tuple[Head, ...]
    rows: tuple[tuple[Value, ...], ...]
    total: tuple[Value, ...] | None = None
    chart: tuple[str, ...] = ()
    note: str = ""
    listing: bool = False
    """Rows of calls or numbers, not of sums."""


@dataclass(frozen=True, slots=True)
class MadeReport:
    """A report with its time, its filters, and how far it can be trusted."""

    name: str
    title: str
    ask: Ask
    tables: tuple[Table, ...]
    freshness: Freshness
    notes: tuple[str, ...] = field(default=())
