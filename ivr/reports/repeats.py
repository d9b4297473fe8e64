"""Callers who call again: what each call of a number contributes, and series of calls that follow each other.

Whether a call was followed by another one is known only later. So what a batch changes in the totals is the tallies of
the neighbouring calls of the number as they are now, less those as they were: see `ivr.store.repeats`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

from ivr.reports.contacts import WINDOW, Contact, first_contacts
from ivr.reports.tally import Tally, quarter_of, tally

_EVER = 1 << 62


class Series(NamedTuple):
    """Calls of one number, each within the window after the one before. Times in UTC microseconds."""

    number: str
    first_at: int
    last_at: int
    calls: int
    last_call: str
    desk: str
    """Of the last call, as are category, line and agent."""
    category: str
    line: str
    agent: str


class Worth(NamedTuple):
    """A call from outside with what it contributes to the totals of source `contact`."""

    contact: Contact
    tallies: list[Tally]
    before: str
    """The call of the number that came within the window before it, or empty."""
    again: str
    """The first that came back with the same matter within the window after it, or empty; of a call with a talk."""


def worth(contacts: Iterable[Contact], *, window: int = WINDOW) -> Iterator[Worth]:
    """Yield the calls from outside of one number, oldest first.

    `judged` and `repeated` are those of every answered call, however young: who reads them leaves out what is younger
    than the window.
    """
    incoming = sorted((one for one in contacts if one.direction == "in"), key=lambda one: (one.at, one.call))
    judged = dict(first_contacts(incoming, _EVER, window=window))
    earlier: Contact | None = None
    for one in incoming:
        before = earlier.call if earlier and one.at - earlier.at < window else ""
        earlier = one
        told = ["numbered"]
        if before:
            told.append("again")
        if one.call in judged:
            told += ["judged", "repeated"] if judged[one.call] else ["judged"]
        yield Worth(one, [_tally(one, measure) for measure in told], before, judged.get(one.call, ""))


def repeat_tallies(contacts: Iterable[Contact], *, window: int = WINDOW) -> list[Tally]:
    """Return what the calls from outside of one number contribute to the totals of source `contact`."""
    return [one for found in worth(contacts, window=window) for one in found.tallies]


def enough(before: Iterable[Contact], categories: Collection[str]) -> bool:
    """Say whether no call older than these can be changed by calls of those categories that come after them.

    A call without a category counts as one of any; so one of each category that is asked for has settled all before.
    """
    seen = {one.category for one in before}
    return "" in seen or ("" not in categories and seen.issuperset(categories))


def series_of(contacts: Iterable[Contact], *, window: int = WINDOW) -> list[Series]:
    """Return the series of two calls or more of one number, oldest first."""
    parts = [single(one) for one in contacts if one.direction == "in"]
    return [one for one in joined(parts, window=window) if one.calls > 1]


def single(one: Contact) -> Series:
    """Return a call as a series of its own."""
    return Series(one.number, one.at, one.at, 1, one.call, one.desk, one.category, one.line, one.agent)


def joined(parts: Iterable[Series], *, window: int = WINDOW) -> list[Series]:
    """Join the series of one number that are within the window of each other; none of their calls may be in two."""
    return list(_joined(sorted(parts, key=lambda one: (one.first_at, one.last_at, one.last_call)), window))


def _joined(parts: list[Series], window: int) -> Iterator[Series]:
    whole: Series | None = None
    for part in parts:
        if whole is None:
            whole = part
        elif part.first_at - whole.last_at < window:
            last = max(whole, part, key=lambda one: (one.last_at, one.last_call))
            whole = last._replace(first_at=whole.first_at, calls=whole.calls + part.calls)
        else:
            yield whole
            whole = part
    if whole is not None:
        yield whole


def _tally(one: Contact, measure: str) -> Tally:
    return tally(("contact", quarter_of(one.at), (one.desk, one.category, one.line, one.agent), measure, 1))
