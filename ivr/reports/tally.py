"""Tallies: what one call or one span of an agent's time contributes to the totals.

A total is a sum of tallies, so it can be kept as the ledger grows: a call that is reopened is taken out again by the
negative of what it gave. Counts are whole numbers, times whole microseconds. A measure `name.12` is one bin of the
histogram `name` (see `ivr.reports.bins`); a measure `name.word` counts one case of `name`, such as `offer.missed`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Literal, NamedTuple, TypeAlias

QUARTER = 900_000_000
"""Microseconds of the smallest bucket, a quarter of an hour. Every zone of today is a whole number of them from UTC."""

Subject = Literal["call", "line", "agent", "node", "time", "number", "contact", "recording", "split"]
Totals: TypeAlias = Mapping[str, int]
"""Sums by measure, of whichever cells were added up; a measure that is not there is 0."""

KEYS: Mapping[Subject, tuple[str, ...]] = {
    "call": ("direction", "desk", "number", "version", "category", "source", "how"),
    "line": ("desk", "line", "category", "source"),
    "agent": ("agent", "direction", "desk", "line"),
    "node": ("desk", "version", "node"),
    "time": ("agent", "line"),
    "number": ("desk", "line", "agent"),
    "contact": ("desk", "category", "line", "agent"),
    "recording": ("desk", "line", "agent"),
    "split": ("desk", "split", "way"),
}
"""What each subject's totals can be filtered and grouped by; the order is that of `Tally.keys`.

call   a caller's whole contact, booked to where it began
line   a visit of a call to a line, booked to where it entered the line; its talk time is split at the edges
agent  an offer to an agent, or a talk of his, booked to where it began; his talk time is split at the edges
node   a hit of a node of the flow
number a caller's missed calls in a row, booked to the first of them; `line` is the last one's, `agent` who returned
contact a call from a number; `line` is the last that it entered, `agent` who answered
recording a talk that is to be recorded, split at the edges; how much of it has audio, and what became of recordings
split  a call that a split of the flow sent one way, booked to where it began
time   an agent's time in each state, split at the edges; `line` is that of the call it belongs to, or empty
"""


class Tally(NamedTuple):
    """One contribution: add `value` to the measure of that subject, bucket and keys."""

    subject: Subject
    bucket: int
    """The beginning of its quarter of an hour, UTC microseconds."""
    keys: tuple[str, ...]
    measure: str
    value: int


tally: Callable[[tuple[Subject, int, tuple[str, ...], str, int]], Tally] = partial(tuple.__new__, Tally)
"""Make a `Tally` without its Python constructor: every call makes some thirty."""


def quarter_of(at: int) -> int:
    """Return the beginning of the quarter of an hour in which the moment lies."""
    return at - at % QUARTER


def total(tallies: Iterable[Tally], subject: Subject) -> Counter[str]:
    """Return the sums of one subject over all its cells; what came to nothing is left out."""
    sums: Counter[str] = Counter()
    for one in tallies:
        if one.subject == subject:
            sums[one.measure] += one.value
    return Counter({measure: value for measure, value in sums.items() if value})


def taken_out(tallies: Iterable[Tally]) -> list[Tally]:
    """Return the tallies that take these out of the totals again."""
    return [one._replace(value=-one.value) for one in tallies]
