"""Open a number of a report to what is behind it: what counts, what does not, and why."""

from __future__ import annotations

from collections.abc import Mapping

from ivr.desk.behind import Behind, behind
from ivr.desk.made_report import Ask, Head, MadeReport, Table, Value
from ivr.desk.ports_report import Books
from ivr.desk.staffing_report import MODELLED
from ivr.errors import DeskError
from ivr.reports.catalogue import CATALOGUE, metric
from ivr.reports.cell import Cell
from ivr.reports.cell import filters_of as keys_of
from ivr.reports.explain import Verdict
from ivr.reports.layout import Report
from ivr.reports.metric import Metric, Source
from ivr.reports.standard import REPORTS
from ivr.reports.tally import KEYS

_NOUNS: Mapping[Source, str] = {
    "call": "whole calls",
    "line": "visits to lines",
    "agent": "offers and talks of agents",
    "node": "hits of nodes",
    "split": "calls that a split sent on",
    "time": "agents' time",
    "number": "callers whom nobody answered",
    "contact": "calls by their number",
    "recording": "talks that are recorded",
    "card": "cards",
}
_PLACES = {"counted": "Counted in", "below": "Only below the line of the fraction", "out": "Not counted"}


def explain_report(books: Books, report: Report, wanted: str, ask: Ask) -> MadeReport:
    """Return the calls, spans or callers of the metric's number over the time and filters asked for: in, below and out.

    The sums of their parts are the number: told in the note of each table.
    """
    one = _metric(report, wanted, ask)
    directions = _directions(report, one)
    keys = dict(ask.where) | ({"direction": frozenset(directions)} if directions else {})
    cell = Cell(ask.since, ask.until, keys)
    tables: list[Table] = []
    tops = bottoms = 0.0
    for kind in behind(one):
        opened = _Opened(one, kind, ask.limit)
        for row, verdict in kind.found(books, one, cell, ask):
            opened.take(row, verdict)
        tables += opened.tables()
        tops, bottoms = tops + opened.top, bottoms + opened.bottom
    title = f"{one.id}: {one.formula}"
    nouns = " and ".join(f"{kind.noun}s" for kind in behind(one))
    notes = (_sum(one, nouns, tops, bottoms), *_about(one))
    return MadeReport(report.name, title, ask, tuple(tables), books.freshness(), notes)


class _Opened:
    """The tables of one kind, as its rows come."""

    def __init__(self, one: Metric, kind: Behind, limit: int) -> None:
        self._one, self._kind, self._limit = one, kind, limit
        self._rows: dict[str, list[tuple[Value, ...]]] = {place: [] for place in _PLACES}
        self._counts = dict.fromkeys(_PLACES, 0)
        self.top = self.bottom = 0.0

    def take(self, row: tuple[Value, ...], verdict: Verdict) -> None:
        self.top, self.bottom = self.top + verdict.top, self.bottom + verdict.bottom
        self._counts[verdict.where] += 1
        if len(self._rows[verdict.where]) < self._limit:
            self._rows[verdict.where].append((*row, *_parts(self._one, verdict), verdict.why))

    def tables(self) -> list[Table]:
        noun = self._kind.noun
        return [
            Table(
                f"{title}: {self._counts[place]} {noun}{'' if self._counts[place] == 1 else 's'}",
                _heads(self._one, self._kind),
                tuple(self._rows[place]),
                note=_more(self._counts[place], len(self._rows[place])),
                listing=True,
            )
            for place, title in _PLACES.items()
            if self._counts[place]
        ]


def _metric(report: Report, wanted: str, ask: Ask) -> Metric:
    if wanted in MODELLED and wanted not in CATALOGUE and "staffing" in report.lists:
        raise DeskError(
            f"{wanted} is worked out by a formula from the other columns of its row: no call is counted for it.",
            "Open what it is worked out from: --explain offered, answered, line_talk or abandon_rate.",
        )
    one = metric(wanted)
    if not behind(one):
        raise DeskError(
            f"{wanted} is counted in the cards of a project, and stands in its own report alone.",
            "`ivr report PROJECT` lists each call with its card; `ivr projects` tells their names.",
        )
    if not _fits(report, one):
        other = next((name for name, its in REPORTS.items() if _fits(its, one)), "")
        cure = f"Open it by `ivr report {other} --explain {wanted}`." if other else "`ivr metrics` lists them all."
        raise DeskError(f"The report {report.name} has no {wanted}.", cure)
    possible = [name for name in keys_of(one) if name != "direction"]
    for name in ask.where:
        if name not in possible:
            nouns = " and ".join(_NOUNS[source] for source in one.sources if name not in _keys(source))
            raise DeskError(
                f"{wanted} cannot be told by {name}: it is of {nouns}, and they have none.",
                f"It can be by {', '.join(possible)}.",
            )
    if ask.time:
        raise DeskError("One number is explained at a time.", "Leave out --by, and narrow --since and --until.")
    return one


def _keys(source: Source) -> tuple[str, ...]:
    return next((keys for subject, keys in KEYS.items() if subject == source), ())


def _fits(report: Report, one: Metric) -> bool:
    """Say whether the report has the metric, or others that are read from the same totals."""
    told = {column.metric for section in report.sections for column in section.columns}
    return one.id in told or any(metric(name).sources == one.sources for name in told)


def _directions(report: Report, one: Metric) -> tuple[str, ...]:
    if one.directions or not any("direction" in keys for subject, keys in KEYS.items() if subject in one.sources):
        return ()
    every = [(section, column) for section in report.sections for column in section.columns]
    for section, column in every:
        if column.metric == one.id:
            return column.directions or section.directions
    return next((section.directions for section, column in every if metric(column.metric).sources == one.sources), ())


def _heads(one: Metric, kind: Behind) -> tuple[Head, ...]:
    of_time = one.unit == "share" and "time" in one.sources
    part = Head("part", "part", "seconds" if of_time or (one.unit == "seconds" and not one.reader) else "count")
    below = () if one.bottom is None else (Head("below", "of", "seconds" if of_time else "count"),)
    return (*kind.heads, part, *below, Head("why", "why", "text"))


def _parts(one: Metric, verdict: Verdict) -> tuple[float, ...]:
    return (verdict.top,) if one.bottom is None else (verdict.top, verdict.bottom)


def _sum(one: Metric, nouns: str, top: float, bottom: float) -> str:
    if one.reader:
        return f"The parts of all {nouns} add up to {top:,.0f}, of which this number is read."
    if one.bottom is None:
        return f"The parts of all {nouns} add up to {top:,.6g}: that is the number."
    told = f"{top / bottom:,.6g}" if bottom else "nothing, for there is nothing to divide by"
    return f"The parts of all {nouns} add up to {top:,.6g} / {bottom:,.6g} = {told}."


def _about(one: Metric) -> tuple[str, ...]:
    out = f" Left out: {one.leaves_out}." if one.leaves_out else ""
    return (f"Counted: {one.counts}.{out}",)


def _more(there: int, told: int) -> str:
    return f"{there - told} more; --limit {there} shows all." if there > told else ""
