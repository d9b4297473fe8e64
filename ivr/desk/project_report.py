"""Make the report that a project defines: the table of its columns, and the list of its calls with their cards."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import get_args
from zoneinfo import ZoneInfo

from ivr.desk.made_report import Ask, Head, MadeReport, Table, Value
from ivr.desk.ports_report import Books
from ivr.reports.buckets import GRAINS
from ivr.reports.catalogue import CATALOGUE
from ivr.reports.headings import heading_of
from ivr.reports.metric import Metric, Unit
from ivr.reports.project import Project
from ivr.reports.statement import Carded, call_list, statement
from ivr.reports.statement import Table as Plain
from ivr.reports.tally import KEYS, Totals


def make_project_report(books: Books, project: Project, cards: Iterable[Carded], ask: Ask) -> MadeReport:
    """Return the report over the time that is asked; days and clocks are those of the project's zone."""
    told = list(cards)

    def totals(metric: Metric) -> Mapping[str, Totals]:
        return _totals(books, project, metric, ask)

    table = statement(project, totals, told, ask.given)
    rows = tuple(row for row in table.rows if any(row[1:]))
    total = table.total if len(rows) > 1 else None
    tables = [Table(project.title, _heads(table), rows, total)]
    if project.calls:
        listed = call_list(project, told)
        title = heading_of("calls", project.language)
        tables.append(Table(title, _heads(listed), _local(listed, project.zone), listing=True))
    asked = ask._replace(zone=project.zone, where=project.filters)
    return MadeReport(project.id, project.title, asked, tuple(tables), books.freshness())


def _totals(books: Books, project: Project, metric: Metric, ask: Ask) -> Mapping[str, Totals]:
    """Return the metric's totals by row label: of all its sources, in the project's filters and its own directions."""
    found: dict[str, dict[str, int]] = {}
    timed = project.rows in GRAINS
    for subject, keys in KEYS.items():
        if subject not in metric.sources:
            continue
        where = {name: words for name, words in project.filters.items() if name in keys}
        if metric.directions and "direction" in keys:
            allowed = frozenset(metric.directions)
            where["direction"] = where.get("direction", allowed) & allowed
        sums = books.sums(
            subject,
            ask.since,
            ask.until,
            zone=project.zone,
            where=where,
            by=() if timed else (project.rows,),
            time=project.rows if timed else "",
        )
        for label, measures in sums.items():
            row = found.setdefault(label[0], {})
            for name, value in measures.items():
                row[name] = row.get(name, 0) + value
    return found


_UNITS: Mapping[str, Unit] = {unit: unit for unit in get_args(Unit)}


def _heads(table: Plain) -> tuple[Head, ...]:
    every = zip(table.ids, table.headings, table.units, strict=True)
    return tuple(Head(name, title, _UNITS.get(unit, "text"), _version(name)) for name, title, unit in every)


def _version(name: str) -> int:
    return CATALOGUE[name].version if name in CATALOGUE else 0


def _local(table: Plain, zone: str) -> tuple[tuple[Value, ...], ...]:
    moments = {place for place, unit in enumerate(table.units) if unit == "moment"}
    return tuple(
        tuple(_clock(value, zone) if place in moments else value for place, value in enumerate(row))
        for row in table.rows
    )


def _clock(moment: Value, zone: str) -> Value:
    if not isinstance(moment, float):
        return moment
    return datetime.fromtimestamp(moment / 1e6, UTC).astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M:%S")
