"""What all calls of one number tell together, worked out the long way: what the kept totals are held against."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from itertools import pairwise

from ivr.reports.contacts import LEAST_TALK, WINDOW, Contact, Missed, first_contacts, missed_rows, row_totals


def debt(contacts: Iterable[Contact], *, least: int = LEAST_TALK) -> Missed | None:
    """Return what one number is still owed; None when nothing."""
    rows = missed_rows(contacts, least=least)
    return rows[-1] if rows and rows[-1].returned_at is None else None


def repeats(contacts: Iterable[Contact], *, window: int = WINDOW) -> list[str]:
    """Return the calls from outside of one number that came within the window after another one of it."""
    incoming = sorted((one for one in contacts if one.direction == "in"), key=lambda one: (one.at, one.call))
    return [later.call for one, later in pairwise(incoming) if later.at - one.at < window]


def number_totals(
    contacts: Sequence[Contact], now: int, *, least: int = LEAST_TALK, window: int = WINDOW
) -> Counter[str]:
    """Return what one number contributes to the metrics of source `number`; totals of numbers can be added up."""
    totals: Counter[str] = Counter()
    for row in missed_rows(contacts, least=least):
        totals.update(row_totals(row))
    judged = first_contacts(contacts, now, window=window)
    totals["judged"] = len(judged)
    totals["repeated"] = sum(bool(one.again) for one in judged)
    totals["numbered"] = sum(one.direction == "in" for one in contacts)
    totals["again"] = len(repeats(contacts, window=window))
    return totals
