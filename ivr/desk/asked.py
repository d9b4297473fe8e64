"""The ledger as one report asks it: for nothing twice."""

from __future__ import annotations

from typing import TypeAlias

from ivr.desk.made_report import Ask
from ivr.desk.newest import Page, newest
from ivr.desk.other_window import contact_sums
from ivr.desk.ports_report import Books, Sums
from ivr.reports.contacts import WINDOW
from ivr.reports.tally import QUARTER, Subject

Ripe: TypeAlias = tuple[Subject, int]
"""A subject, and how old its cells must be: see `Metric.ripens`."""


class Asked:
    """Sums and pages of one report."""

    def __init__(self, books: Books, ask: Ask) -> None:
        self.books = books
        self._ask = ask
        self._sums: dict[tuple[object, ...], Sums] = {}
        self._pages: dict[tuple[object, ...], Page] = {}

    def sums(self, ripe: Ripe, since: int, by: tuple[str, ...], time: str) -> Sums:
        """Return the sums since a moment up to the end that is asked for, in the report's filters."""
        question = (ripe, since, by, time)
        if question not in self._sums:
            self._sums[question] = self._ask_for(ripe, since, by, time)
        return self._sums[question]

    def _ask_for(self, ripe: Ripe, since: int, by: tuple[str, ...], time: str) -> Sums:
        subject, ripens = ripe
        ask, until = self._ask, self._ask.until
        if ripens:
            old = (self.books.freshness().complete_to or 0) - (ask.window if subject == "contact" else ripens)
            until = min(until, old - old % QUARTER)
        if until <= since:
            return {}
        if subject == "contact" and ask.window != WINDOW:
            return contact_sums(self.books, ask._replace(time=time), by, until)
        return self.books.sums(subject, since, until, zone=ask.zone, where=ask.where, by=by, time=time)

    def page(self, subject: Subject, by: tuple[str, ...], time: str) -> Page:
        """Return the page of every table of these keys and times."""
        if (by, time) not in self._pages:
            self._pages[by, time] = newest(self.books, subject, by, self._ask._replace(time=time))
        return self._pages[by, time]
