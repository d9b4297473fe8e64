"""Make a report: ask the ledger for the sums, and read the metrics from them."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import cast

from ivr.desk.made_report import Ask, Head, MadeReport, Table, Value
from ivr.desk.ports_report import Books, Sums
from ivr.desk.report_lists import LISTS
from ivr.errors import DeskError
from ivr.reports.catalogue import metric
from ivr.reports.layout import Column, Report, Section
from ivr.reports.metric import Metric
from ivr.reports.tally import KEYS, Subject

TIMES = ("half hour", "hour", "hour of the day", "day", "weekday", "week", "month")
"""What a report can also be split by."""
UNKNOWN: Mapping[str, str] = {
    "category": "none chosen",
    "source": "not known",
    "how": "not known",
    "agent": "nobody",
    "line": "no line",
    "desk": "no desk",
    "version": "not told",
}
"""How an empty key reads."""
_Group = dict[tuple[Subject, str], Mapping[str, int]]
"""Totals by subject and direction."""
_Asked = dict[tuple[object, ...], Sums]
"""What was asked of the ledger for this report already."""


def make_report(books: Books, report: Report, ask: Ask) -> MadeReport:
    """Return the report. Raises `DeskError` for a filter that fits nothing in it."""
    possible = filters_of(report)
    for name in ask.where:
        if name not in possible:
            raise DeskError(
                f"The report {report.name} cannot be filtered by {name}.",
                f"It can be by {', '.join(possible)}.",
            )
    tables, notes = [], []
    asked: _Asked = {}
    for section in report.sections:
        table = _table(books, section, ask, asked)
        if table:
            tables.append(table)
        else:
            notes.append(f"“{section.title}” is left out: it cannot be told by {_and(ask.where)}.")
    tables += [LISTS[name](books, ask) for name in report.lists]
    return MadeReport(report.name, report.title, ask, tuple(tables), books.freshness(), tuple(notes))


def filters_of(report: Report) -> tuple[str, ...]:
    """Return the keys by which any table of the report can be filtered."""
    subjects = {subject for section in report.sections for column in section.columns for subject in _kept(column)}
    names = [name for subject in KEYS if subject in subjects for name in KEYS[subject] if name != "direction"]
    return tuple(dict.fromkeys(names))


def _kept(column: Column) -> tuple[Subject, ...]:
    """Return the sources of the column's metric, when all of them are kept as totals; else nothing."""
    sources = metric(column.metric).sources
    return tuple(cast("Subject", one) for one in sources) if all(one in KEYS for one in sources) else ()


def _table(books: Books, section: Section, ask: Ask, asked: _Asked) -> Table | None:
    """Return the section as a table; None when no column of it can be filtered so."""
    needed = {*section.by, *ask.where}
    columns = [
        column
        for column in section.columns
        if _kept(column) and all(needed <= set(KEYS[subject]) for subject in _kept(column))
    ]
    if not columns:
        return None
    time = ask.time or section.time
    subjects = {subject for column in columns for subject in _kept(column)}
    groups = _groups(books, section, ask._replace(time=time), subjects, asked)
    heads = [Head(name, name, "text") for name in section.by] + ([Head("time", time, "text")] if time else [])
    heads += [_head(column) for column in columns]
    rows = []
    whole: dict[tuple[Subject, str], Counter[str]] = defaultdict(Counter)
    for keys in sorted(groups):
        values = _values(groups[keys], section, columns, ask)
        if any(values):
            rows.append((*_labels(section, keys), *values))
            for place, sums in groups[keys].items():
                whole[place].update(sums)
    total: tuple[Value, ...] | None = None
    if len(rows) > 1:
        blanks = [""] * (len(heads) - len(columns) - 1)
        total = ("all", *blanks, *_values(dict(whole), section, columns, ask))
    return Table(section.title, tuple(heads), tuple(rows), total, section.chart)


def _groups(
    books: Books, section: Section, ask: Ask, subjects: set[Subject], asked: _Asked
) -> dict[tuple[str, ...], _Group]:
    groups: dict[tuple[str, ...], _Group] = defaultdict(dict)
    width = len(section.by)
    for subject in sorted(subjects):
        directed = "direction" in KEYS[subject]
        by = (*section.by, "direction") if directed else section.by
        question = (subject, by, ask.time)
        if question not in asked:
            asked[question] = books.sums(
                subject, ask.since, ask.until, zone=ask.zone, where=ask.where, by=by, time=ask.time
            )
        for keys, sums in asked[question].items():
            direction = keys[width] if directed else ""
            groups[keys[:width] + keys[width + directed :]][subject, direction] = sums
    return groups


def _values(group: _Group, section: Section, columns: list[Column], ask: Ask) -> list[Value]:
    known: dict[tuple[object, ...], Mapping[str, int]] = {}
    values: list[Value] = []
    for column in columns:
        one = metric(column.metric)
        allowed = one.directions or column.directions or section.directions
        place = (one.sources, allowed)
        if place not in known:
            known[place] = _totals(group, one, allowed)
        values.append(one.value(known[place], ask.given))
    return values


def _totals(group: _Group, one: Metric, allowed: tuple[str, ...]) -> Mapping[str, int]:
    parts = [
        sums
        for (subject, direction), sums in group.items()
        if subject in one.sources and (not direction or not allowed or direction in allowed)
    ]
    if len(parts) == 1:
        return parts[0]
    totals: Counter[str] = Counter()
    for sums in parts:
        totals.update(sums)
    return totals


def _head(column: Column) -> Head:
    one = metric(column.metric)
    return Head(one.id, column.title, one.unit, one.version, column.at_least)


def _labels(section: Section, keys: tuple[str, ...]) -> list[str]:
    named = [keys[place] or UNKNOWN.get(name, "") for place, name in enumerate(section.by)]
    return [*named, *keys[len(section.by) :]]


def _and(names: Mapping[str, frozenset[str]]) -> str:
    return " and ".join(names)
