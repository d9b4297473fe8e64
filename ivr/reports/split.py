"""Spans of time split at the edges of their quarters: no second is ever booked to where its span began."""

from __future__ import annotations

from collections.abc import Iterator

from ivr.reports.tally import QUARTER


def split(began: int, ended: int) -> Iterator[tuple[int, int]]:
    """Yield (beginning of the quarter, microseconds of the span in it); nothing of a span without length."""
    while began < ended:
        bucket = began - began % QUARTER
        edge = min(ended, bucket + QUARTER)
        yield bucket, edge - began
        began = edge


def overlap(began: int, ended: int, others: list[tuple[int, int]]) -> int:
    """Return how many microseconds of the span lie in the others, which must not overlap each other."""
    return sum(max(0, min(ended, end) - max(began, begin)) for begin, end in others)
