"""What agents are to do: hours by weekday, and targets of a day on which they are to be here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import TypeAlias

from ivr.reports.catalogue import CATALOGUE

HOURS = "hours"
"""The metric that planned hours are held against."""
TARGETS = tuple(
    one.id
    for one in CATALOGUE.values()
    if one.id != HOURS
    and set(one.sources) <= {"agent", "time"}
    and one.unit in ("count", "seconds")
    and one.bottom is None
    and one.reader is None
)
"""Metrics of an agent that add up over days: what a day's target can be of."""


Working: TypeAlias = tuple[int, ...]
"""Days by weekday, Monday first."""


@dataclass(frozen=True, slots=True)
class AgentPlan:
    """One agent's week, Monday first, in seconds; and his targets of each such day, by metric."""

    week: tuple[float, ...]
    targets: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Plan:
    """The plan of all agents."""

    agents: Mapping[str, AgentPlan]
    holidays: frozenset[tuple[int | None, int, int]] = frozenset()
    """(year, or None for every year; month; day) on which nobody is to be here."""

    def on(self, agent: str, day: date) -> Mapping[str, float]:
        """Return what the agent is to do that day, by metric: zeros on a free day, nothing of who is in no plan."""
        return self.over(agent, self.working([day]))

    def working(self, days: Iterable[date]) -> Working:
        """Return how many of the days are no holidays, by weekday."""
        found = [0] * 7
        for day in days:
            if self.holidays.isdisjoint(((None, day.month, day.day), (day.year, day.month, day.day))):
                found[day.weekday()] += 1
        return tuple(found)

    def over(self, agent: str, working: Working) -> dict[str, float]:
        """Return what the agent is to do on so many days of each weekday."""
        his = self.agents.get(agent)
        if his is None:
            return {}
        here = sum(count for count, hours in zip(working, his.week, strict=True) if hours)
        seconds = sum(count * hours for count, hours in zip(working, his.week, strict=True))
        return {HOURS: seconds, **{metric: value * here for metric, value in his.targets.items()}}

    def metrics(self, agents: Iterable[str]) -> list[str]:
        """Return the metrics that any of these agents has a target of, hours first."""
        given = {metric for agent in agents if agent in self.agents for metric in self.agents[agent].targets}
        return [HOURS, *(metric for metric in TARGETS if metric in given)]
