"""Histograms of waits and durations: fixed bins that can be added up, with a known error.

Bin k holds what is longer than edge k-1 and not longer than edge k; bin 0 holds exactly nothing. Up to two minutes
every whole second is an edge, so that a count "within T seconds" is exact for every whole T up to 120. Above, each
edge is 2 % further (in whole seconds), up to a year: a missed caller may be called back after months. A percentile is
therefore at most one second wrong up to two minutes, and at most 2 % + 1 s above.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import TypeAlias

Histograms: TypeAlias = dict[str, list[tuple[int, int]]]
"""(bin, count) in the order of the bins, by the histogram's name."""
SECOND = 1_000_000
EXACT = 120
"""Seconds up to which every whole second is an edge."""
GROWTH = 1.02
LONGEST = 366 * 86400


def _edges() -> Iterator[int]:
    yield from range(EXACT + 1)
    edge = EXACT
    while edge < LONGEST:
        edge = max(edge + 1, int(edge * GROWTH))
        yield edge


EDGES = tuple(edge * SECOND for edge in _edges())
"""The upper edge of each bin in microseconds; the last bin holds everything longer than the edge before it."""
_EXACT = EXACT * SECOND
_LAST = len(EDGES) - 1


def bin_of(length: int) -> int:
    """Return the bin of a length in microseconds; a negative one counts as nothing."""
    if length <= _EXACT:
        return -(-length // SECOND) if length > 0 else 0
    return min(bisect_left(EDGES, length), _LAST)


class Sorted(dict[str, int]):
    """Sums by measure that are looked through for histograms once, however many metrics are read from them.

    Not to be changed after the first histogram was asked for.
    """

    __slots__ = ("_found",)

    def histograms(self) -> Histograms:
        """Return all histograms by name."""
        try:
            return self._found
        except AttributeError:
            self._found: Histograms = _histograms(self)
            return self._found


def histogram(totals: Mapping[str, int], *names: str) -> list[tuple[int, int]]:
    """Return (bin, count) of histograms of the totals, taken together, in the order of the bins."""
    every = totals.histograms() if isinstance(totals, Sorted) else _histograms(totals)
    if len(names) == 1:
        return every.get(names[0], [])
    found: dict[int, int] = {}
    for name in names:
        for place, value in every.get(name, ()):
            found[place] = found.get(place, 0) + value
    return sorted(found.items())


def _histograms(totals: Mapping[str, int]) -> Histograms:
    found: Histograms = {}
    for measure, value in totals.items():
        if value and (bin_ := _bin_in(measure)):
            found.setdefault(bin_[0], []).append((bin_[1], value))
    for bins in found.values():
        bins.sort()
    return found


@lru_cache(maxsize=1 << 16)
def _bin_in(measure: str) -> tuple[str, int] | None:
    """Return the histogram's name and the bin of a measure `name.12`; None of another one."""
    name, _, place = measure.rpartition(".")
    return (name, int(place)) if name and place.isascii() and place.isdecimal() else None


def within(bins: list[tuple[int, int]], seconds: int) -> int:
    """Return how many were not longer than that many seconds: exact for whole seconds up to `EXACT`."""
    limit = seconds * SECOND
    return sum(count for place, count in bins if EDGES[place] <= limit)


def quantile(bins: list[tuple[int, int]], share: float) -> float | None:
    """Return the length in seconds that the share of them does not exceed; None of an empty histogram.

    Taken evenly within its bin, so never further from the truth than the bin is wide.
    """
    whole = sum(count for _, count in bins)
    if not whole:
        return None
    wanted, seen = share * whole, 0
    for place, count in bins:
        if seen + count >= wanted:
            low = EDGES[place - 1] if place else 0
            return (low + (EDGES[place] - low) * max(0.0, wanted - seen) / count) / SECOND
        seen += count
    return EDGES[bins[-1][0]] / SECOND


def longest(bins: list[tuple[int, int]]) -> float | None:
    """Return the upper edge of the highest bin in seconds: the longest is at most that, and above the edge before."""
    return EDGES[bins[-1][0]] / SECOND if bins else None


def shortest(bins: list[tuple[int, int]]) -> float | None:
    """Return the lower edge of the lowest bin in seconds: the shortest is not below it."""
    return (EDGES[bins[0][0] - 1] / SECOND if bins[0][0] else 0.0) if bins else None
