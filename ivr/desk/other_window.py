"""Repeat callers by another window than the one that the totals keep: counted from the calls themselves."""

from __future__ import annotations

from collections import defaultdict

from ivr.desk.made_report import Ask
from ivr.desk.ports_report import Books
from ivr.errors import DeskError
from ivr.reports.contacts import Contact
from ivr.reports.repeats import Series, repeat_tallies, series_of
from ivr.reports.tally import KEYS

MOST = 100_000
"""Calls that are counted one by one."""
_KEYS = KEYS["contact"]


def contact_sums(books: Books, ask: Ask, by: tuple[str, ...], until: int) -> dict[tuple[str, ...], dict[str, int]]:
    """Return what the totals of source `contact` would be by the window asked for. Raises `DeskError`."""
    if ask.time:
        raise DeskError("Times cannot be told by another window than 7 days.", "Leave out --by, or leave out --window.")
    found: dict[tuple[str, ...], dict[str, int]] = defaultdict(lambda: defaultdict(int))
    for contacts in contacts_by_number(books, ask).values():
        for one in repeat_tallies(contacts, window=ask.window):
            had = dict(zip(_KEYS, one.keys, strict=True))
            if ask.since <= one.bucket < until and all(had[name] in values for name, values in ask.where.items()):
                found[tuple(had[name] for name in by)][one.measure] += one.value
    return found


def other_series(books: Books, ask: Ask) -> list[Series]:
    """Return the series of calls by the window asked for whose last call was in the time, those of most calls first."""
    every = [
        one for contacts in contacts_by_number(books, ask).values() for one in series_of(contacts, window=ask.window)
    ]
    mine = [one for one in every if ask.since <= one.last_at < ask.until and _asked(one, ask)]
    return sorted(mine, key=lambda one: (-one.calls, -one.last_at, one.number))[: ask.limit]


def _asked(one: Series, ask: Ask) -> bool:
    return all(getattr(one, name) in values for name, values in ask.where.items())


def contacts_by_number(books: Books, ask: Ask) -> dict[str, list[Contact]]:
    """Return the calls from outside in the time and a window on either side of it, by number. Raises `DeskError`."""
    found: dict[str, list[Contact]] = defaultdict(list)
    for count, one in enumerate(books.contacts(ask.since - ask.window, ask.until + ask.window)):
        if count >= MOST:
            raise DeskError(
                f"There are more than {MOST:,} calls in that time and a window on either side of it.",
                "Narrow it by --since and --until; without --window and --explain any time can be told.",
            )
        found[one.number].append(one)
    return found
