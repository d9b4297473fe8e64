"""Open a number of a report to its calls: which count, which do not, and why."""

from __future__ import annotations

from ivr.desk.made_report import Ask, Head, MadeReport, Table, Value
from ivr.desk.ports_report import Books
from ivr.desk.report_lists import clock
from ivr.errors import DeskError
from ivr.reports.catalogue import metric
from ivr.reports.cell import Cell
from ivr.reports.cell import filters_of as keys_of
from ivr.reports.explain import Verdict, explain
from ivr.reports.layout import Report
from ivr.reports.metric import Metric
from ivr.reports.tally import KEYS

MOST = 100_000
"""Calls that are looked at one by one."""
_CALLS = {"call", "line", "agent", "node"}
_HEADS = (Head("began", "began", "text"), Head("call", "call", "text"), Head("caller", "caller", "text"))
_PLACES = {"counted": "Counted in", "below": "Only below the line of the fraction", "out": "Not counted"}


def explain_report(books: Books, report: Report, wanted: str, ask: Ask) -> MadeReport:
    """Return the calls of the metric's number over the time and filters asked for, in, below and out.

    The sums of their parts are the number: told in the note of each table.
    """
    one = _metric(report, wanted, ask)
    directions = _directions(report, one)
    keys = dict(ask.where) | ({"direction": frozenset(directions)} if directions else {})
    cell = Cell(ask.since, ask.until, keys)
    _few_enough(books, ask)
    rows: dict[str, list[tuple[Value, ...]]] = {place: [] for place in _PLACES}
    counts = dict.fromkeys(_PLACES, 0)
    tops = bottoms = 0.0
    for call in books.calls(ask.since, ask.until, {}):
        verdict = explain(one, call, cell, ask.given)
        if verdict.where == "out" and call.began_at < ask.since:
            continue  # it only reaches into the time
        counts[verdict.where] += 1
        tops, bottoms = tops + verdict.top, bottoms + verdict.bottom
        if len(rows[verdict.where]) < ask.limit:
            row = (clock(call.began_at, ask.zone), call.id, call.caller or "withheld")
            rows[verdict.where].append((*row, *_parts(one, verdict), verdict.why))
    tables = tuple(
        Table(
            f"{title}: {counts[place]} call{'' if counts[place] == 1 else 's'}",
            _heads(one),
            tuple(rows[place]),
            note=_more(counts[place], len(rows[place])),
            listing=True,
        )
        for place, title in _PLACES.items()
        if counts[place]
    )
    title = f"{one.id}: {one.formula}"
    return MadeReport(report.name, title, ask, tables, books.freshness(), (_sum(one, tops, bottoms), *_about(one)))


def _metric(report: Report, wanted: str, ask: Ask) -> Metric:
    one = metric(wanted)
    if wanted not in {column.metric for section in report.sections for column in section.columns}:
        columns = dict.fromkeys(column.metric for section in report.sections for column in section.columns)
        raise DeskError(f"The report {report.name} has no {wanted}.", f"It has {', '.join(columns)}.")
    if not set(one.sources) <= _CALLS:
        raise DeskError(
            f"{wanted} is not a sum over calls: it is made of agents' time or of numbers.",
            "Its report lists what is behind it.",
        )
    possible = keys_of(one)
    for name in ask.where:
        if name not in possible:
            raise DeskError(f"{wanted} cannot be told by {name}.", f"It can be by {', '.join(possible)}.")
    if ask.time:
        raise DeskError("One number is explained at a time.", "Leave out --by, and narrow --since and --until.")
    return one


def _directions(report: Report, one: Metric) -> tuple[str, ...]:
    if one.directions or not any("direction" in keys for subject, keys in KEYS.items() if subject in one.sources):
        return ()
    for section in report.sections:
        for column in section.columns:
            if column.metric == one.id:
                return column.directions or section.directions
    return ()


def _few_enough(books: Books, ask: Ask) -> None:
    found = books.sums("call", ask.since, ask.until, zone=ask.zone, where={}, by=(), time="")
    calls = sum(sums.get("calls", 0) for sums in found.values())
    if calls > MOST:
        raise DeskError(
            f"There are {calls:,} calls in that time; at most {MOST:,} can be looked at one by one.",
            "Narrow it by --day, or by --since and --until.",
        )


def _heads(one: Metric) -> tuple[Head, ...]:
    part = Head("part", "part", "seconds" if one.unit == "seconds" and not one.reader else "count")
    below = () if one.bottom is None else (Head("below", "of", "count"),)
    return (*_HEADS, part, *below, Head("why", "why", "text"))


def _parts(one: Metric, verdict: Verdict) -> tuple[float, ...]:
    return (verdict.top,) if one.bottom is None else (verdict.top, verdict.bottom)


def _sum(one: Metric, top: float, bottom: float) -> str:
    if one.reader:
        return f"The parts of all calls add up to {top:,.0f}, of which this number is read."
    if one.bottom is None:
        return f"The parts of all calls add up to {top:,.6g}: that is the number."
    told = f"{top / bottom:,.6g}" if bottom else "nothing, for there is nothing to divide by"
    return f"The parts of all calls add up to {top:,.6g} / {bottom:,.6g} = {told}."


def _about(one: Metric) -> tuple[str, ...]:
    out = f" Left out: {one.leaves_out}." if one.leaves_out else ""
    return (f"Counted: {one.counts}.{out}",)


def _more(there: int, told: int) -> str:
    return f"{there - told} more; --limit {there} shows all." if there > told else ""
