"""Calls within the budget of their own desk, counted before desks are added up."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import TypeVar

from ivr.desk.made_report import Ask
from ivr.reports.bins import Sorted, histogram, within
from ivr.reports.parts import IN_BUDGET

_Place = TypeVar("_Place", bound=Hashable)


def in_budgets(
    groups: Mapping[tuple[str, ...], Mapping[_Place, Mapping[str, int]]], ask: Ask
) -> dict[tuple[str, ...], dict[_Place, Mapping[str, int]]]:
    """Return the groups, whose first key is the desk, with the number of their calls that were within its budget."""
    return {
        keys: {place: _counted(sums, ask.budget_of(keys[0])) for place, sums in group.items()}
        for keys, group in groups.items()
    }


def _counted(sums: Mapping[str, int], budget: int) -> Mapping[str, int]:
    return Sorted({**sums, IN_BUDGET: within(histogram(sums, "to_human"), budget)})
