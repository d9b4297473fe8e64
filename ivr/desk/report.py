"""Make a report: ask the ledger for the sums, and read the metrics from them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Container, Iterable, Mapping
from typing import cast

from ivr.desk.made_report import Ask, Head, MadeReport, Table, Value
from ivr.desk.newest import Page, newest
from ivr.desk.other_window import contact_sums
from ivr.desk.ports_report import Books, Sums
from ivr.desk.report_lists import LISTS
from ivr.errors import DeskError
from ivr.reports.bins import Sorted
from ivr.reports.catalogue import metric
from ivr.reports.contacts import WINDOW
from ivr.reports.layout import Cases, Column, Report, Section
from ivr.reports.metric import Metric
from ivr.reports.tally import KEYS, QUARTER, Subject

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
_Ripe = tuple[Subject, int]
"""A subject, and how old its cells must be: see `Metric.ripens`."""
_Group = Mapping[tuple[_Ripe, str], Mapping[str, int]]
"""Totals by subject and direction."""
_Groups = Mapping[tuple[str, ...], _Group]


class _Asked:
    """The ledger, asked for nothing twice in one report."""

    def __init__(self, books: Books, ask: Ask) -> None:
        self.books = books
        self._ask = ask
        self._sums: dict[tuple[object, ...], Sums] = {}
        self._pages: dict[tuple[object, ...], Page] = {}

    def sums(self, ripe: _Ripe, since: int, by: tuple[str, ...], time: str) -> Sums:
        question = (ripe, since, by, time)
        if question not in self._sums:
            self._sums[question] = self._ask_for(ripe, since, by, time)
        return self._sums[question]

    def _ask_for(self, ripe: _Ripe, since: int, by: tuple[str, ...], time: str) -> Sums:
        subject, ripens = ripe
        ask, until = self._ask, self._ask.until
        if ripens:
            old = (self.books.freshness().complete_to or 0) - (ask.window if subject == "contact" else ripens)
            until = min(until, old - old % QUARTER)
        if until <= since:
            return {}
        if subject == "contact" and ask.window != WINDOW:
            return contact_sums(self.books, ask._replace(time=time), by, until)
        return self.books.sums(subject, since, until, zone=ask.zone, where=ask.where, by=by, time=time)

    def page(self, subject: Subject, by: tuple[str, ...], time: str) -> Page:
        if (by, time) not in self._pages:
            self._pages[by, time] = newest(self.books, subject, by, self._ask._replace(time=time))
        return self._pages[by, time]


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
    asked = _Asked(books, ask)
    for section in report.sections:
        table = _table(section, ask, asked)
        if table:
            tables.append(table)
        else:
            notes.append(f"“{section.title}” is left out: it cannot be told by {_and(ask.where)}.")
    for name in report.lists:
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


def _table(section: Section, ask: Ask, asked: _Asked) -> Table | None:
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
    groups = _groups(asked, subjects, page.since, section.by, time)
    names = section.by
    if section.cases:
        groups, names = _by_case(groups, section.cases, len(section.by)), (*section.by, section.cases.name)
    heads = [Head(name, name, "text") for name in names] + ([Head("time", time, "text")] if time else [])
    keys_wide = len(heads)
    heads += [_head(column) for column in columns]
    read = _reader(section, columns, ask)
    rows, kept = [], []
    for keys in sorted(groups):
        values = read(groups[keys])
        if any(values):
            rows.append((*_labels(names, keys), *values))
            kept.append(groups[keys])
    total: tuple[Value, ...] | None = None
    if len(rows) > 1 or (rows and page.note):
        whole = _groups(asked, subjects, ask.since, (), "").get((), {}) if page.note else _added(kept)
        total = ("all", *[""] * (keys_wide - 1), *read(whole))
    return Table(section.title, tuple(heads), tuple(rows), total, section.chart, note=page.note)


def _groups(asked: _Asked, subjects: Iterable[_Ripe], since: int, by: tuple[str, ...], time: str) -> _Groups:
    groups: dict[tuple[str, ...], dict[tuple[_Ripe, str], Mapping[str, int]]] = defaultdict(dict)
    width = len(by)
    for ripe in subjects:
        directed = "direction" in KEYS[ripe[0]]
        for keys, sums in asked.sums(ripe, since, (*by, "direction") if directed else by, time).items():
            direction = keys[width] if directed else ""
            groups[keys[:width] + keys[width + directed :]][ripe, direction] = sums
    return groups


def _by_case(groups: _Groups, cases: Cases, place: int) -> _Groups:
    """Return the groups split by the cases of their measures; the case is a key at that place."""
    found: dict[tuple[str, ...], dict[tuple[_Ripe, str], dict[str, int]]] = defaultdict(dict)
    for keys, group in groups.items():
        for source, sums in group.items():
            for measure, value in sums.items():
                for prefix, counted in cases.measures.items():
                    if measure.startswith(f"{prefix}."):
                        case = (*keys[:place], measure[len(prefix) + 1 :], *keys[place:])
                        _add(found[case].setdefault(source, {}), {counted: value})
    return found


def _added(groups: Iterable[_Group]) -> _Group:
    whole: dict[tuple[_Ripe, str], dict[str, int]] = defaultdict(dict)
    for group in groups:
        for place, sums in group.items():
            _add(whole[place], sums)
    return dict(whole)


def _reader(section: Section, columns: Iterable[Column], ask: Ask) -> Callable[[_Group], list[Value]]:
    """Return what reads the columns from a group; the same totals are put together once for all their metrics."""
    wanted: dict[tuple[frozenset[_Ripe], tuple[str, ...]], list[tuple[int, Metric]]] = defaultdict(list)
    for place, column in enumerate(columns):
        one = metric(column.metric)
        allowed = one.directions or column.directions or section.directions
        ripe = frozenset((cast("Subject", source), one.ripens) for source in one.sources)
        wanted[ripe, allowed].append((place, one))
    width = sum(map(len, wanted.values()))

    def read(group: _Group) -> list[Value]:
        values: list[Value] = [None] * width
        for (sources, allowed), every in wanted.items():
            totals = _totals(group, sources, allowed)
            for place, one in every:
                values[place] = one.value(totals, ask.given)
        return values

    return read


def _totals(group: _Group, sources: Container[_Ripe], allowed: tuple[str, ...]) -> Mapping[str, int]:
    parts = [
        sums
        for (ripe, direction), sums in group.items()
        if ripe in sources and (not direction or not allowed or direction in allowed)
    ]
    if len(parts) == 1:
        return parts[0]
    totals = Sorted()
    for sums in parts:
        _add(totals, sums)
    return totals


def _add(totals: dict[str, int], sums: Mapping[str, int]) -> None:
    for measure, value in sums.items():
        totals[measure] = totals.get(measure, 0) + value


def _head(column: Column) -> Head:
    one = metric(column.metric)
    return Head(one.id, column.title, one.unit, one.version, column.at_least)


def _labels(names: tuple[str, ...], keys: tuple[str, ...]) -> list[str]:
    named = [keys[place] or UNKNOWN.get(name, "") for place, name in enumerate(names)]
    return [*named, *keys[len(names) :]]


def _and(names: Mapping[str, frozenset[str]]) -> str:
    return " and ".join(names)
