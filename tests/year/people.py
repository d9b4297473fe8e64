"""Who is there on a day: agents of three lines with shifts and a meal, free or in a call."""

from __future__ import annotations

import heapq
from collections.abc import Mapping
from datetime import date
from random import Random
from typing import NamedTuple

from tests.year.pattern import opens

SECOND = 1_000_000
_HOUR = 3600 * SECOND
_SHIFT, _MEAL = 8 * _HOUR + _HOUR // 2, 35 * 60 * SECOND


class Line(NamedTuple):
    """A line: its agents, and seconds of a talk (median) and of what comes after it."""

    name: str
    tier: int
    agents: tuple[str, ...]
    talk: float
    wrap_up: float


LINES = (
    Line("first", 1, tuple(str(number) for number in range(101, 127)), 75.0, 12.0),
    Line("second", 2, tuple(str(number) for number in range(201, 225)), 165.0, 25.0),
    Line("third", 3, tuple(str(number) for number in range(301, 311)), 260.0, 45.0),
)
CATEGORIES: Mapping[str, tuple[str, str, int]] = {
    "1": ("directions", "first", 40),
    "2": ("product", "second", 28),
    "3": ("order", "second", 18),
    "4": ("claim", "third", 9),
    "5": ("other", "first", 5),
}
"""By key: the category, its line, and how many in a hundred call for it."""


class Crew:
    """A line's agents of one day; whoever has been free longest gets the next call."""

    def __init__(self, line: Line, day: date, midnight: int, chance: Random) -> None:
        self.line = line
        self.acts: list[tuple[int, str, str]] = []
        """(moment, agent, fact): who came, paused and left."""
        self._free: list[tuple[int, int, int, str]] = []
        """(free from, meal from or 0, end of shift, agent)"""
        hours = opens(day)
        if hours is None:
            return
        first, last = (midnight + hour * _HOUR for hour in hours)
        off = day.weekday() + day.isocalendar().week
        for place, agent in enumerate(line.agents):
            # Everybody has two days a week off, on Saturday half of the others are there.
            if (place + off) % 7 < 2 or (day.weekday() == 5 and place % 2):
                continue
            late = (place % 3) * (last - first - _SHIFT) // 2 if last - first > _SHIFT else 0
            begins = first + late + int(chance.gauss(0, 120)) * SECOND
            ends = min(begins + _SHIFT, last)
            meal = begins + (3 * _HOUR + (place % 4) * _HOUR // 2 if ends - begins > 6 * _HOUR else 0)
            self._free.append((begins, meal if meal > begins else 0, ends, agent))
            self.acts.append((begins - SECOND, agent, "signed_in?agent={}"))
        heapq.heapify(self._free)

    def next(self, moment: int) -> tuple[int, str] | None:
        """Return who can take a call that waits since the moment, and from when on; None when nobody comes any more."""
        while self._free:
            free, meal, ends, agent = self._free[0]
            if max(free, moment) >= ends:
                heapq.heappop(self._free)
                self.acts.append((max(free, ends), agent, "signed_out?agent={}"))
            elif meal and max(free, moment) >= meal:
                left = max(free, meal)
                self.acts.append((left, agent, "paused?agent={}&reason=lunch"))
                self.acts.append((left + _MEAL, agent, "ready?agent={}"))
                heapq.heapreplace(self._free, (left + _MEAL, 0, ends, agent))
            else:
                return max(free, moment), agent
        return None

    def busy_until(self, moment: int) -> None:
        """Let the agent that `next` named be in a call until the moment."""
        _, meal, ends, agent = self._free[0]
        heapq.heapreplace(self._free, (moment, meal, ends, agent))

    def lend(self, agent: str, moment: int, until: int) -> str | None:
        """Return somebody else who is free at the moment, and stays until the other one; he is in a call until then."""
        for place, (free, meal, ends, other) in enumerate(self._free):
            if other != agent and free <= moment and until < (meal or ends):
                self._free[place] = (until, meal, ends, other)
                heapq.heapify(self._free)
                return other
        return None

    def another(self, agent: str, chance: Random) -> str:
        """Return somebody else who is there, whose telephone rings first."""
        return chance.choice([other for *_, other in self._free if other != agent] or [agent])

    def go_home(self) -> list[tuple[int, str, str]]:
        """Let everybody leave who is still there; return all acts of the day."""
        self.next(2**62)
        return self.acts
