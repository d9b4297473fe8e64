"""A project's report from what the ledger tells: its table, and the list of calls with their cards."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from ivr.ledger.call import Call
from ivr.ledger.card import Card, hundredths
from ivr.reports.buckets import GRAINS, bucket_of
from ivr.reports.cards import card_totals
from ivr.reports.catalogue import CATALOGUE
from ivr.reports.headings import word_of
from ivr.reports.metric import Metric
from ivr.reports.parts import Given
from ivr.reports.project import Project
from ivr.reports.tally import Totals

Value: TypeAlias = str | float | None
Ask: TypeAlias = Callable[[Metric], Mapping[str, Totals]]


@dataclass(frozen=True, slots=True)
class Table:
    """Headings with units, rows of values; `ids` are the metrics' ids, or `code.…` and `sum.…`."""

    headings: tuple[str, ...]
    units: tuple[str, ...]
    ids: tuple[str, ...]
    rows: tuple[tuple[Value, ...], ...]
    total: tuple[Value, ...] = ()


@dataclass(frozen=True, slots=True)
class Carded:
    """A call that has a card."""

    call: Call
    card: Card


def row_of(project: Project, carded: Carded) -> str:
    """Return the row of the report to which a card belongs: the label of its call's day, its agent, its line."""
    call, rows = carded.call, project.rows
    for grain in GRAINS:
        if grain == rows:
            return bucket_of(call.began_at, grain, project.zone).label(grain, project.zone)
    return _keys(carded)[rows]


def wanted(project: Project, carded: Carded) -> bool:
    """Return whether a card belongs to the project and its call passes the filters."""
    had = _keys(carded)
    return carded.card.project == project.id and all(had[key] in words for key, words in project.filters.items())


def statement(project: Project, ask: Ask, cards: Iterable[Carded], given: Given | None = None) -> Table:
    """Return the report's table. Rows without calls but with cards, and the other way round, stand in it too.

    `ask` gives, for a metric, its totals by row label: of its sources, in the project's filters and its directions.
    """
    by_row: dict[str, list[Card]] = {}
    for one in cards:
        if wanted(project, one):
            by_row.setdefault(row_of(project, one), []).append(one.card)
    of_cards = {label: card_totals(some) for label, some in by_row.items()}
    kept = [of_cards if column.of_cards else ask(CATALOGUE[column.what]) for column in project.columns]
    labels = sorted({label for by_label in kept for label in by_label} | of_cards.keys())
    every = list(zip(project.columns, kept, strict=True))
    rows = [(label, *(column.value(found.get(label, {}), given) for column, found in every)) for label in labels]
    total = (column.value(_whole(found), given) for column, found in every)
    return Table(
        headings=(word_of(project.rows, project.language), *(column.heading for column in project.columns)),
        units=("text", *(column.unit for column in project.columns)),
        ids=(project.rows, *(c.what if c.kind == "metric" else f"{c.kind}.{c.what}" for c in project.columns)),
        rows=tuple(rows),
        total=(word_of("total", project.language), *total),
    )


def _whole(by_label: Mapping[str, Totals]) -> Totals:
    sums: Counter[str] = Counter()
    for totals in by_label.values():
        sums.update(totals)
    return sums


def call_list(project: Project, cards: Iterable[Carded]) -> Table:
    """Return the list of the project's calls with their cards, in the order of their beginning."""
    found = sorted((one for one in cards if wanted(project, one)), key=lambda one: (one.call.began_at, one.call.id))
    return Table(
        headings=tuple(_heading(project, name) for name in project.calls),
        units=tuple(_unit(project, name) for name in project.calls),
        ids=project.calls,
        rows=tuple(tuple(_cell(project, one, name) for name in project.calls) for one in found),
    )


def _keys(carded: Carded) -> dict[str, str]:
    call = carded.call
    return {
        "desk": call.desk,
        "line": call.last_line,
        "agent": carded.card.agent,
        "category": call.category,
        "source": call.source,
        "direction": call.direction,
    }


def _heading(project: Project, name: str) -> str:
    return project.fields[name].heading if name in project.fields else word_of(name, project.language)


def _unit(project: Project, name: str) -> str:
    if name in project.fields:
        return {"money": "money", "number": "count"}.get(project.fields[name].kind, "text")
    return {"began": "moment", "talk": "seconds"}.get(name, "text")


def _cell(project: Project, one: Carded, name: str) -> Value:
    """Return what stands in one column: a moment in UTC microseconds, a talk in seconds, a number, or a text."""
    if name in project.fields:
        text = one.card.fields.get(name, "")
        number = hundredths(text) if project.fields[name].kind != "text" else None
        return text if number is None else number / 100
    if name == "outcome":
        return ", ".join(project.codes[code].heading if code in project.codes else code for code in one.card.codes)
    plain: dict[str, Value] = {
        **_keys(one),
        "began": float(one.call.began_at),
        "call": one.call.id,
        "number": one.call.number if one.call.direction == "out" else one.call.caller,
        "talk": one.call.talked / 1e6,
    }
    return plain[name]
