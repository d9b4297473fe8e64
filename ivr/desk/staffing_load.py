"""What came to the lines, half hour by half hour, and who was there: what staffing is worked out from."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Mapping
from datetime import datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from ivr.desk.made_report import Ask
from ivr.desk.ports_report import Books
from ivr.reports.staffing import patience_of
from ivr.reports.tally import QUARTER

NEWEST = 28 * 86_400_000_000
"""Of a longer time the newest four weeks are what the next ones will be like."""
HALF_HOUR = 1800.0
_OWN = 5
"""Talks from which half hours have a handle time of their own; of fewer the line's is taken."""
_THERE = ("state.ready", "state.offered", "state.talking", "state.hold", "state.wrap-up")
_WAITS = ("answered_wait", "abandoned_wait", "gone_on_wait", "cut_wait")
Line = tuple[str, str]
"""(desk, line)"""
Sums = Mapping[str, int]


class LineLoad(NamedTuple):
    """What came to the lines: sums of measures by the half hour's beginning on the zone's clock."""

    ask: Ask
    lines: Mapping[Line, Mapping[str, Sums]]
    wrap_up: Mapping[str, float]
    """Mean seconds after a talk, by line."""

    def handle(self, line: Line, some: Collection[Sums]) -> float:
        """Return the mean handle time of some half hours in seconds, or of all when they have too few talks."""
        talks = _sum(some, "talks")
        if talks < _OWN:
            some = self.lines[line].values()
            talks = _sum(some, "talks")
        return _sum(some, "talk", "hold") / 1e6 / talks + self.wrap_up.get(line[1], 0.0) if talks else 0.0

    def patience(self, line: Line) -> float:
        """Return how long callers of the line wait before they give up, in seconds."""
        every = self.lines[line].values()
        return patience_of(_sum(every, *_WAITS) / 1e6, _sum(every, "abandoned"))

    def newest(self, whole: Ask) -> str:
        """Say that not all of the time asked for was looked at."""
        return " Of the newest four weeks." if self.ask.since > whole.since else ""


def base_of(books: Books, ask: Ask) -> Ask:
    """Return the part of the time that is looked at."""
    until = min(ask.until, books.freshness().complete_to or ask.until)
    until = max(ask.since, -(-until // QUARTER) * QUARTER)
    return ask._replace(since=max(ask.since, until - NEWEST), until=until)


def load_of(books: Books, ask: Ask) -> LineLoad:
    """Return what came to the lines."""
    base = base_of(books, ask)
    span, zone = (base.since, base.until), base.zone
    found = books.sums("line", *span, zone=zone, where=base.where, by=("desk", "line"), time="half hour")
    lines: dict[Line, dict[str, Sums]] = defaultdict(dict)
    for (desk, line, half), sums in found.items():
        lines[desk, line][half] = sums
    after = books.sums("time", *span, zone=zone, where={}, by=("line",), time="")
    talks: Counter[str] = Counter()
    for (_, line), halves in lines.items():
        talks[line] += _sum(halves.values(), "talks")
    wrapped = {line: sums.get("state.wrap-up", 0) / 1e6 for (line,), sums in after.items()}
    wrap_up = {line: wrapped.get(line, 0.0) / many for line, many in talks.items() if many}
    return LineLoad(base, lines, wrap_up)


def there_in(books: Books, base: Ask, halves: Collection[str]) -> Mapping[tuple[Line, str], float]:
    """Return the mean number of agents who were there for callers, by line and half hour.

    An agent counts on the line that offered him most calls.
    """
    if not halves:
        return {}
    keys = ("agent", "direction", "desk", "line")
    found = books.sums("agent", base.since, base.until, zone=base.zone, where={}, by=keys, time="")
    offers: dict[str, Counter[Line]] = defaultdict(Counter)
    for (agent, direction, desk, line), sums in found.items():
        if direction == "in" and line:
            offers[agent][desk, line] += sums.get("offers", 0)
    of_line = {agent: max(lines.items(), key=lambda one: (one[1], one[0]))[0] for agent, lines in offers.items()}
    first = datetime.fromisoformat(min(halves)).replace(tzinfo=ZoneInfo(base.zone))
    since = round(first.timestamp()) * 1_000_000
    times = books.sums("time", since, base.until, zone=base.zone, where={}, by=("agent",), time="half hour")
    there: dict[tuple[Line, str], float] = defaultdict(float)
    for (agent, half), sums in times.items():
        if half in halves and agent in of_line:
            there[of_line[agent], half] += _sum([sums], *_THERE) / 1e6 / HALF_HOUR
    return there


def _sum(some: Collection[Sums], *measures: str) -> int:
    return sum(one.get(measure, 0) for one in some for measure in measures)
