"""Reading metrics from the sums of a report: groups of sums, and what reads the columns from each."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Mapping
from typing import TypeAlias, cast

from ivr.desk.asked import Asked, Ripe
from ivr.desk.made_report import Ask
from ivr.desk.ports_report import Sums
from ivr.reports.bins import Sorted
from ivr.reports.catalogue import metric
from ivr.reports.layout import Column
from ivr.reports.metric import Metric
from ivr.reports.tally import KEYS, Subject

Group: TypeAlias = Mapping[tuple[Ripe, str], Mapping[str, int]]
"""Sums by subject and direction."""
Groups: TypeAlias = Mapping[tuple[str, ...], Group]


def grouped(ask_for: Callable[[Ripe, tuple[str, ...]], Sums], subjects: Iterable[Ripe], by: tuple[str, ...]) -> Groups:
    """Return the sums of the subjects together, by the keys and the time behind them; directions are kept apart."""
    groups: dict[tuple[str, ...], dict[tuple[Ripe, str], Mapping[str, int]]] = defaultdict(dict)
    width = len(by)
    for ripe in subjects:
        directed = "direction" in KEYS[ripe[0]]
        for keys, sums in ask_for(ripe, (*by, "direction") if directed else by).items():
            direction = keys[width] if directed else ""
            groups[keys[:width] + keys[width + directed :]][ripe, direction] = sums
    return groups


def groups_of(asked: Asked, subjects: Iterable[Ripe], since: int, by: tuple[str, ...], time: str) -> Groups:
    """Return the report's groups since a moment."""
    return grouped(lambda ripe, keys: asked.sums(ripe, since, keys, time), subjects, by)


def added(groups: Iterable[Group]) -> Group:
    """Return the groups as one."""
    whole: dict[tuple[Ripe, str], dict[str, int]] = defaultdict(dict)
    for group in groups:
        for place, sums in group.items():
            add(whole[place], sums)
    return dict(whole)


def reader(columns: Iterable[Column], directions: tuple[str, ...], ask: Ask) -> Callable[[Group], list[float | None]]:
    """Return what reads the columns from a group; the same totals are put together once for all their metrics."""
    wanted: dict[tuple[frozenset[Ripe], tuple[str, ...]], list[tuple[int, Metric]]] = defaultdict(list)
    for place, column in enumerate(columns):
        one = metric(column.metric)
        allowed = one.directions or column.directions or directions
        ripe = frozenset((cast("Subject", source), one.ripens) for source in one.sources)
        wanted[ripe, allowed].append((place, one))
    width = sum(map(len, wanted.values()))

    def read(group: Group) -> list[float | None]:
        values: list[float | None] = [None] * width
        for (sources, allowed), every in wanted.items():
            totals = _totals(group, sources, allowed)
            for place, one in every:
                values[place] = one.value(totals, ask.given)
        return values

    return read


def _totals(group: Group, sources: Container[Ripe], allowed: tuple[str, ...]) -> Mapping[str, int]:
    parts = [
        sums
        for (ripe, direction), sums in group.items()
        if ripe in sources and (not direction or not allowed or direction in allowed)
    ]
    if len(parts) == 1:
        return parts[0]
    totals = Sorted()
    for sums in parts:
        add(totals, sums)
    return totals


def add(totals: dict[str, int], sums: Mapping[str, int]) -> None:
    """Add sums to totals, in place."""
    for measure, value in sums.items():
        totals[measure] = totals.get(measure, 0) + value
