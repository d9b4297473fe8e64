"""Agents' days: how long they were here, how that stands against the plan, and what is out of their own pattern."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from ivr.desk.asked import Asked, Ripe
from ivr.desk.made_report import Ask, Head, Table, Value
from ivr.desk.reading import Group, Groups, grouped, groups_of, reader
from ivr.reports.buckets import midnight
from ivr.reports.catalogue import metric
from ivr.reports.layout import Column
from ivr.reports.metric import measures_read
from ivr.reports.pattern import WATCHED, looked_back_at, out_of_pattern
from ivr.reports.plan import HOURS

_SUBJECTS: tuple[Ripe, ...] = (("agent", 0), ("time", 0))
_BY = ("agent",)
_Numbers = dict[date, dict[str, float | None]]
"""An agent's numbers by day and metric."""


class _Whole(NamedTuple):
    """The whole days of the time asked for that are over and loaded: from `first`, before `behind`."""

    first: date
    behind: date

    def days(self) -> Iterator[date]:
        at = self.first
        while at < self.behind:
            yield at
            at += timedelta(days=1)


def days(asked: Asked, ask: Ask) -> tuple[Table | None, str]:
    """Return a row for each agent and day, the newest days when they are many; and what to note."""
    if (ask.time or "day") != "day":
        return None, ""
    if note := _untold("Days", ask):
        return None, note
    page = asked.page("agent", _BY, "day")
    whole = _whole(asked, ask)
    metrics = _metrics(ask)
    shown = _by_agent(groups_of(asked, _SUBJECTS, page.since, _BY, "day"), [*metrics, *WATCHED], ask)
    newest = list(whole._replace(first=max(whole.first, _day(page.since, ask.zone))).days())
    unusual = _unusual(asked, ask, shown, newest)
    rows = []
    for agent in sorted({*shown, *_planned(ask)}):
        his = shown.get(agent, {})
        for day in sorted({*his, *newest} if ask.plan else his):
            plan = ask.plan.on(agent, day) if ask.plan and day in newest else {}
            cells = _cells(his.get(day, {}), plan, metrics, ask)
            if any(cells):
                rows.append((agent, str(day), *cells, unusual.get((agent, day), "")))
    heads = (Head("agent", "agent", "text"), Head("time", "day", "text"), *_heads(metrics, ask))
    total: list[Value] = []
    if len(rows) > 1:
        every = groups_of(asked, _SUBJECTS, ask.since, (), "").get((), {})
        total = _total(_read(metrics, ask)(every), _facts(asked, ask, whole, metrics) if ask.plan else {}, whole, ask)
    table = Table(
        "Days",
        (*heads, Head("unusual", "unusual", "text")),
        tuple(rows),
        ("all", "", *total, "") if total else None,
        note=page.note,
    )
    foreign = ask.zone != asked.books.zone()
    return table, f"What is unusual is told in the zone of the desk alone, {asked.books.zone()}." if foreign else ""


def plan_and_fact(asked: Asked, ask: Ask) -> tuple[Table | None, str]:
    """Return a row for each agent of the plan: what he was to do on the whole days of the time, and what he did."""
    if ask.plan is None or ask.time or not _planned(ask):
        return None, ""
    if note := _untold("Plan and fact", ask):
        return None, note
    whole, metrics = _whole(asked, ask), _metrics(ask)
    facts = _facts(asked, ask, whole, metrics)
    working = ask.plan.working(whole.days())
    planned = sorted(_planned(ask))
    rows = [(agent, *_cells(facts.get(agent, {}), ask.plan.over(agent, working), metrics, ask)) for agent in planned]
    every = {name: sum(facts.get(agent, {}).get(name) or 0.0 for agent in planned) for name in metrics}
    total = ("all", *_total(every, facts, whole, ask)) if len(rows) > 1 else None
    last = whole.behind - timedelta(days=1)
    heads = (Head("agent", "agent", "text"), *_heads(metrics, ask))
    return Table(f"Plan and fact, {whole.first} to {last}", heads, tuple(rows), total), ""


def _untold(title: str, ask: Ask) -> str:
    other = [name for name in ask.where if name != "agent"]
    return f"“{title}” is left out: it cannot be told by {' and '.join(other)}." if other else ""


def _metrics(ask: Ask) -> list[str]:
    return ask.plan.metrics(_planned(ask)) if ask.plan else [HOURS]


def _planned(ask: Ask) -> list[str]:
    """Return the agents of the plan that are asked for."""
    agents = ask.plan.agents if ask.plan else ()
    return [agent for agent in agents if agent in ask.where.get("agent", agents)]


def _whole(asked: Asked, ask: Ask) -> _Whole:
    until = min(ask.until, asked.books.freshness().complete_to or 0)
    first, behind = _day(ask.since, ask.zone), _day(until, ask.zone)
    if midnight(first, ask.zone) < ask.since:
        first += timedelta(days=1)
    return _Whole(first, max(first, behind))


def _day(moment: int, zone: str) -> date:
    return datetime.fromtimestamp(moment // 1_000_000, UTC).astimezone(ZoneInfo(zone)).date()


def _read(metrics: Iterable[str], ask: Ask) -> Callable[[Group], dict[str, float | None]]:
    """Return what reads these metrics from a group."""
    names = list(dict.fromkeys(metrics))
    read = reader([Column(name, "") for name in names], (), ask)
    return lambda group: dict(zip(names, read(group), strict=True))


def _by_agent(groups: Groups, metrics: Iterable[str], ask: Ask) -> dict[str, _Numbers]:
    read = _read(metrics, ask)
    found: dict[str, _Numbers] = {}
    for (agent, day), group in groups.items():
        numbers = read(group)
        if agent and any(numbers.values()):
            found.setdefault(agent, {})[date.fromisoformat(day)] = numbers
    return found


def _unusual(
    asked: Asked, ask: Ask, shown: Mapping[str, _Numbers], newest: Sequence[date]
) -> dict[tuple[str, date], str]:
    """Return what is out of pattern, by agent and day; only days that are over can be."""
    books = asked.books
    if ask.zone != books.zone() or not newest:
        return {}
    before = sorted(looked_back_at(newest) - set(newest))
    spans = [(midnight(day, ask.zone), midnight(day + timedelta(days=1), ask.zone)) for day in before]
    measures = frozenset[str]().union(*(measures_read(metric(name)) for name in WATCHED))
    groups = grouped(
        lambda ripe, by: books.day_sums(ripe[0], spans, where=ask.where, by=by, measures=measures), _SUBJECTS, _BY
    )
    then = _by_agent(groups, WATCHED, ask)
    return {
        (agent, day): "; ".join(flag.short for flag in flags)
        for agent, his in shown.items()
        for day in newest
        if day in his and (flags := out_of_pattern({**his, **then.get(agent, {})}, day))
    }


def _facts(asked: Asked, ask: Ask, whole: _Whole, metrics: Sequence[str]) -> dict[str, dict[str, float | None]]:
    """Return the agents' numbers over the whole days."""
    since, until = midnight(whole.first, ask.zone), midnight(whole.behind, ask.zone)
    if until <= since:
        return {}

    def sums(ripe: Ripe, by: tuple[str, ...]) -> Mapping[tuple[str, ...], Mapping[str, int]]:
        return asked.books.sums(ripe[0], since, until, zone=ask.zone, where=ask.where, by=by, time="")

    read = _read(metrics, ask)
    return {agent: read(group) for (agent,), group in grouped(sums, _SUBJECTS, _BY).items() if agent}


def _total(
    every: Mapping[str, float | None], facts: Mapping[str, Mapping[str, float | None]], whole: _Whole, ask: Ask
) -> list[Value]:
    """Return the sums of the cells: `every` of all numbers, `facts` by agent of the days that the plan speaks of."""
    planned: dict[str, float] = {}
    differences: dict[str, float] = {}
    working = ask.plan.working(whole.days()) if ask.plan else ()
    for agent in _planned(ask):
        for name, value in (ask.plan.over(agent, working) if ask.plan else {}).items():
            fact = facts.get(agent, {}).get(name) or 0.0
            planned[name] = planned.get(name, 0.0) + value
            differences[name] = differences.get(name, 0.0) + fact - value
    cells: list[Value] = []
    for name, number in every.items():
        cells.append(number or 0.0)
        if ask.plan:
            cells += [planned.get(name), differences.get(name)]
    return cells


def _cells(
    facts: Mapping[str, float | None], plan: Mapping[str, float], metrics: Sequence[str], ask: Ask
) -> list[Value]:
    cells: list[Value] = []
    for name in metrics:
        fact = facts.get(name) or 0.0
        planned = plan.get(name)
        cells.append(fact)
        if ask.plan:
            cells += [planned, None if planned is None else fact - planned]
    return cells


def _heads(metrics: Sequence[str], ask: Ask) -> list[Head]:
    heads = []
    for name in metrics:
        one = metric(name)
        heads.append(Head(name, "signed in" if name == HOURS else name.replace("_", " "), one.unit, one.version))
        if ask.plan:
            heads += [Head(f"{name}_planned", "planned", one.unit), Head(f"{name}_difference", "±", one.unit)]
    return heads


OPENINGS: Mapping[str, Callable[[Asked, Ask], tuple[Table | None, str]]] = {"days": days, "plan": plan_and_fact}
"""The first tables of reports, by the name that their layout has for them."""
