"""Staffing from our own calls: agents by half hour, telephone lines, and the model beside what happened."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping
from typing import NamedTuple

from ivr.desk.made_report import Ask, Head, Table, Value
from ivr.desk.ports_report import Books
from ivr.desk.staffing_load import HALF_HOUR, Line, LineLoad, Sums, load_of, there_in
from ivr.reports.bins import histogram, within
from ivr.reports.staffing import Interval, Target, Tested, agents_for, back_test, least_trunks, rostered, trunks_for

SHARE, SHRINKAGE, BLOCKED = 0.8, 0.3, 0.01
_CLOSE = 0.05
"""Share of calls by which fact and forecast may differ beside what chance makes of so many calls."""
_LINE = (Head("desk", "desk", "text"), Head("line", "line", "text"))
_NEEDED = (
    *_LINE,
    Head("half_hour", "half hour", "text"),
    Head("days", "days", "count"),
    Head("calls", "mean calls", "per call"),
    Head("most", "most calls", "count"),
    Head("handle", "handle time", "seconds"),
    Head("agents_c", "agents, Erlang C", "count"),
    Head("agents_a", "agents, Erlang A", "count"),
    Head("rostered", "on the roster", "count"),
)
_TRUNKS = (
    Head("desk", "desk", "text"),
    Head("half_hour", "busiest half hour", "text"),
    Head("calls", "calls", "count"),
    Head("erlangs", "erlangs", "per call"),
    Head("lines_b", "lines, Erlang B", "count"),
    Head("lines", "with the reserve", "count"),
)
_TESTED = (
    *_LINE,
    Head("half_hour", "half hour", "text"),
    Head("offered", "calls", "count"),
    Head("agents", "agents there", "per call"),
    Head("forecast_c", "Erlang C says", "share"),
    Head("forecast_a", "Erlang A says", "share"),
    Head("happened", "happened", "share"),
    Head("verdict", "which is", "text"),
)
MODELLED = frozenset(head.id for heads in (_NEEDED, _TRUNKS, _TESTED) for head in heads if head.unit != "text")
"""Columns that a formula gives."""


def staffing(books: Books, ask: Ask) -> tuple[Table, ...]:
    """Return the tables of the report: agents, telephone lines, forecast and fact."""
    load = load_of(books, ask)
    return agents_needed(load, ask), lines_needed(books, load, ask), forecast_and_fact(books, load, ask)


def agents_needed(load: LineLoad, ask: Ask) -> Table:
    """Return the agents that each half hour of the day asks for, by line."""
    target = Target(SHARE, ask.given.within)
    rows: list[tuple[Value, ...]] = []
    for line in sorted(load.lines):
        days: dict[str, list[Sums]] = defaultdict(list)
        for half, sums in load.lines[line].items():
            if sums.get("offered"):
                days[half[-5:]].append(sums)
        patience = load.patience(line)
        rows += [
            (*line, half, *_needed(days[half], handle, patience, target))
            for half in sorted(days)
            if (handle := load.handle(line, days[half]))
        ]
    note = (
        f"Handle time is talk, hold and wrap-up. Erlang C: nobody gives up; A: callers give up as they did here. The "
        f"roster is A's at {SHRINKAGE:.0%} shrinkage.{load.newest(ask)} Another load or target: `ivr staffing`."
    )
    return Table(f"Agents for {SHARE:.0%} within {ask.given.within} s", _NEEDED, tuple(rows), note=note)


def _needed(some: list[Sums], handle: float, patience: float, target: Target) -> tuple[Value, ...]:
    calls = [one["offered"] for one in some]
    mean = sum(calls) / len(calls)
    by_c, by_a = (agents_for(mean / HALF_HOUR, handle, target, patience=one) for one in (math.inf, patience))
    return len(some), mean, max(calls), handle, by_c, by_a, rostered(by_a, SHRINKAGE)


def lines_needed(books: Books, load: LineLoad, ask: Ask) -> Table:
    """Return the telephone lines that each desk's busiest half hour asks for."""
    base = load.ask
    where = {name: values for name, values in ask.where.items() if name == "desk"}
    where |= {"direction": frozenset({"in", "out"})}
    found = books.sums("call", base.since, base.until, zone=ask.zone, where=where, by=("desk",), time="half hour")
    by_desk: dict[str, dict[str, _Held]] = defaultdict(dict)
    together: dict[str, _Held] = {}
    for (desk, half), sums in found.items():
        held = by_desk[desk][half] = _Held(_traffic(sums) / HALF_HOUR, sums.get("calls", 0))
        before = together.get(half, _Held(0.0, 0))
        together[half] = _Held(before.erlangs + held.erlangs, before.calls + held.calls)
    every = [(desk or "no desk", *told) for desk, halves in sorted(by_desk.items()) if (told := _busiest(halves))]
    total = ("all", *_busiest(together)) if len(every) > 1 else None
    return Table("Telephone lines", _TRUNKS, tuple(every), total, note=_about_trunks(load, ask, shared=bool(total)))


class _Held(NamedTuple):
    """Telephone lines held in a half hour, on the mean, and the calls that held them."""

    erlangs: float
    calls: int


def _busiest(halves: Mapping[str, _Held]) -> tuple[Value, ...]:
    """Return the busiest half hour and its lines; nothing when no line was held."""
    (erlangs, calls), half = max((held, half) for half, held in halves.items())
    if not erlangs:
        return ()
    return half, calls, erlangs, least_trunks(erlangs, BLOCKED), trunks_for(erlangs, blocked=BLOCKED)


def _about_trunks(load: LineLoad, ask: Ask, *, shared: bool) -> str:
    every = (
        " A call holds a telephone line whichever line it waits for: these are all calls."
        if "line" in ask.where
        else ""
    )
    of_all = " Desks that share their telephone lines need those of the last row." if shared else ""
    return (
        f"{BLOCKED:.0%} of calls may find all lines busy; the reserve is half as many again. Menu, waiting and talk of "
        f"calls from and to outside; callers who gave up count with the mean time to a person.{every}{of_all}"
        f"{load.newest(ask)}"
    )


def _traffic(sums: Sums) -> float:
    """Return the seconds for which telephone lines were held, as far as the totals tell."""
    connected = sums.get("connected", 0)
    before = sums.get("to_human", 0) / connected if connected else 0.0
    return (before * sums.get("calls", 0) + sums.get("talked", 0)) / 1e6


def forecast_and_fact(books: Books, load: LineLoad, ask: Ask) -> Table:
    """Return the newest half hours with what the model says for the agents who were there, beside what happened."""
    target = Target(SHARE, ask.given.within)
    every = [(half, line) for line, sums in load.lines.items() for half in sums if sums[half].get("offered")]
    newest = sorted(every, reverse=True)[: ask.limit]
    there = there_in(books, load.ask, {half for half, _ in newest})
    found: dict[tuple[str, Line], Tested] = {}
    for line in {line for _, line in newest}:
        halves = [half for half, its in newest if its == line]
        intervals = [_interval(load, line, half, place, there) for place, half in enumerate(halves)]
        tested = back_test(intervals, target, patience=load.patience(line))
        found |= {(halves[one.interval.began], line): one for one in (tested.rows if tested else ())}
    rows = tuple((*line, half, *_told(one)) for (half, line), one in sorted(found.items(), reverse=True))
    title = f"Forecast and fact: answered within {ask.given.within} s of those offered"
    return Table(title, _TESTED, rows, note=_summed(list(found.values()), ask, load))


def _interval(load: LineLoad, line: Line, half: str, place: int, there: Mapping[tuple[Line, str], float]) -> Interval:
    sums = load.lines[line][half]
    in_time = within(histogram(sums, "answered_wait"), load.ask.given.within)
    offered, gone, handle = sums["offered"], sums.get("abandoned", 0), load.handle(line, [sums])
    return Interval(place, HALF_HOUR, offered, in_time, gone, handle, there.get((line, half), 0.0))


def _told(one: Tested) -> tuple[Value, ...]:
    share, calls = one.forecast_a, one.interval.offered
    chance = 2 * math.sqrt(share * (1 - share) / calls)
    differs = one.happened - share
    verdict = "as forecast" if abs(differs) <= chance + _CLOSE else "BETTER" if differs > 0 else "WORSE"
    return calls, one.interval.agents, one.forecast_c, one.forecast_a, one.happened, verdict


def _summed(tested: list[Tested], ask: Ask, load: LineLoad) -> str:
    calls = sum(one.interval.offered for one in tested)
    if not calls:
        return ""
    apart = [(one.forecast_a - one.happened) * one.interval.offered for one in tested]
    bias, error = sum(apart) / calls, sum(map(abs, apart)) / calls
    more = f" The newest {ask.limit} half hours; --limit shows more." if len(tested) >= ask.limit else ""
    return (
        f"Weighed by calls, Erlang A's forecast was {abs(bias):.1%} too {'good' if bias > 0 else 'bad'}, and off by "
        f"{error:.1%} either way. BETTER and WORSE: further off than chance and {_CLOSE:.0%} more. "
        f"An agent counts on the line that offered him most calls.{more}{load.newest(ask)}"
    )
