"""Make a report: ask the ledger for the sums, and read the metrics from them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import cast

from ivr.desk.agent_days import OPENINGS
from ivr.desk.asked import Asked, Ripe
from ivr.desk.in_budget import in_budgets
from ivr.desk.made_report import Ask, Head, MadeReport, Table, Value
from ivr.desk.newest import Page
from ivr.desk.ports_report import Books
from ivr.desk.reading import Groups, add, added, groups_of, reader
from ivr.desk.report_lists import LISTS, PARTIAL
from ivr.errors import DeskError
from ivr.reports.catalogue import metric
from ivr.reports.layout import Cases, Column, Report, Section
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
    "reason": "no reason",
}
"""How an empty key reads."""


def make_report(books: Books, report: Report, ask: Ask) -> MadeReport:
    """Return the report. Raises `DeskError` for a filter that fits nothing in it."""
    possible = filters_of(report)
    for name in ask.where:
        if name not in possible:
            raise DeskError(
                f"The report {report.name} cannot be filtered by {name}.",
                f"It can be by {', '.join(possible)}.",
            )
    tables: list[Table] = []
    notes: list[str] = []
    asked = Asked(books, ask)
    if report.opening:
        table, note = OPENINGS[report.opening](asked, ask)
        tables += [table] if table else []
        notes += [note] if note else []
    for section in report.sections:
        table = _table(section, ask, asked)
        if table:
            tables.append(table)
        else:
            notes.append(f"“{section.title}” is left out: it cannot be told by {_and(ask.where)}.")
    for name in report.lists:
        title, known = PARTIAL.get(name, ("", frozenset(ask.where)))
        if not ask.where.keys() <= known:
            notes.append(f"“{title}” is left out: it cannot be told by {_and(ask.where.keys() - known)}.")
            continue
        made = LISTS[name](books, ask)
        tables += [made] if isinstance(made, Table) else made
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


def _table(section: Section, ask: Ask, asked: Asked) -> Table | None:
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
    subjects = sorted({(subject, metric(column.metric).ripens) for column in columns for subject in _kept(column)})
    page = asked.page(subjects[0][0], section.by, time) if time else Page(ask.since)
    groups = groups_of(asked, subjects, page.since, section.by, time)
    budgeted = bool(ask.budgets) and any(column.metric == "within_budget" for column in columns)
    if budgeted:
        groups = in_budgets(groups, ask)
    names = section.by
    if section.cases:
        groups, names = _by_case(groups, section.cases, len(section.by)), (*section.by, section.cases.name)
    heads = [Head(name, name, "text") for name in names] + ([Head("time", time, "text")] if time else [])
    keys_wide = len(heads)
    heads += [_head(column) for column in columns]
    read = reader(columns, section.directions, ask)
    rows, kept = [], []
    for keys in sorted(groups):
        values = read(groups[keys])
        if any(values):
            rows.append((*_labels(names, keys), *values))
            kept.append(groups[keys])
    total: tuple[Value, ...] | None = None
    if len(rows) > 1 or (rows and page.note):
        if page.note and budgeted:
            kept = list(in_budgets(groups_of(asked, subjects, ask.since, ("desk",), ""), ask).values())
        elif page.note:
            kept = list(groups_of(asked, subjects, ask.since, (), "").values())
        whole = added(kept)
        total = ("all", *[""] * (keys_wide - 1), *read(whole))
    return Table(section.title, tuple(heads), tuple(rows), total, section.chart, note=page.note)


def _by_case(groups: Groups, cases: Cases, place: int) -> Groups:
    """Return the groups split by the cases of their measures; the case is a key at that place."""
    found: dict[tuple[str, ...], dict[tuple[Ripe, str], dict[str, int]]] = defaultdict(dict)
    for keys, group in groups.items():
        for source, sums in group.items():
            for measure, value in sums.items():
                for prefix, counted in cases.measures.items():
                    if measure.startswith(f"{prefix}."):
                        case = (*keys[:place], measure[len(prefix) + 1 :], *keys[place:])
                        add(found[case].setdefault(source, {}), {counted: value})
    return found


def _head(column: Column) -> Head:
    one = metric(column.metric)
    return Head(one.id, column.title, one.unit, one.version, column.at_least)


def _labels(names: tuple[str, ...], keys: tuple[str, ...]) -> list[str]:
    named = [keys[place] or UNKNOWN.get(name, "") for place, name in enumerate(names)]
    return [*named, *keys[len(names) :]]


def _and(names: Iterable[str]) -> str:
    return " and ".join(sorted(names))
