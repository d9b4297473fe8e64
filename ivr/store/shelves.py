"""Shelves: the ways in which totals are added up, each by some of its subject's keys.

The whole shelf of a subject keeps all its keys, so it answers every question; the others keep few keys and therefore
few cells, so they answer the common questions over years by reading little.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from ivr.reports.tally import KEYS, Subject


class Shelf(NamedTuple):
    """A way of adding up; `number` stands in the database and never changes its meaning."""

    number: int
    subject: Subject
    keys: tuple[str, ...]

    def project(self, keys: tuple[str, ...]) -> tuple[str, ...]:
        """Return those of all the subject's keys that this shelf keeps."""
        return tuple(value for name, value in zip(KEYS[self.subject], keys, strict=True) if name in self.keys)


WHOLE: dict[Subject, Shelf] = {
    "call": Shelf(10, "call", KEYS["call"]),
    "line": Shelf(20, "line", KEYS["line"]),
    "agent": Shelf(30, "agent", KEYS["agent"]),
    "node": Shelf(40, "node", KEYS["node"]),
    "time": Shelf(50, "time", KEYS["time"]),
    "number": Shelf(60, "number", KEYS["number"]),
    "contact": Shelf(70, "contact", KEYS["contact"]),
    "recording": Shelf(80, "recording", KEYS["recording"]),
    "split": Shelf(90, "split", KEYS["split"]),
}
FEWER: tuple[Shelf, ...] = (
    Shelf(11, "call", ("direction", "desk", "version", "category")),
    Shelf(12, "call", ("direction", "desk", "source", "how")),
    Shelf(21, "line", ("desk", "line")),
    Shelf(71, "contact", ("desk", "category")),
    Shelf(81, "recording", ("desk", "line")),
)
"""Made from the whole ones when a quarter of an hour is over; the order of keys is that of the subject."""
SHELVES: tuple[Shelf, ...] = (*WHOLE.values(), *FEWER)


def shelf_for(subject: Subject, needed: Collection[str]) -> Shelf:
    """Return the smallest shelf of the subject that keeps all these keys. `KeyError` when the subject has none."""
    fitting = [shelf for shelf in SHELVES if shelf.subject == subject and set(needed) <= set(shelf.keys)]
    if not fitting:
        raise KeyError(f"{subject} has no {', '.join(sorted(needed))}")
    return min(fitting, key=lambda shelf: len(shelf.keys))
