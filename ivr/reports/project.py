"""A project: its wrap-up codes and fields, and the report that it defines over the metric catalogue."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from ivr.errors import DeskError
from ivr.ledger.card import CodeKind, Entry, hundredths
from ivr.reports.buckets import GRAINS
from ivr.reports.catalogue import CATALOGUE
from ivr.reports.cell import filters_of
from ivr.reports.metric import Metric
from ivr.reports.parts import Given, Part, amount, money
from ivr.reports.tally import Totals
from ivr.written.mistake import nearest

FieldKind = Literal["text", "number", "money"]
FIELD_KINDS: tuple[FieldKind, ...] = ("text", "number", "money")
FILTERS = ("desk", "line", "agent", "category", "source", "direction")
ROWS = (*GRAINS[1:], "agent", "line", "category", "source", "desk")
CALL_COLUMNS = ("began", "call", "direction", "agent", "number", "line", "category", "source", "talk", "outcome")
"""What a line of the report's list of calls can show, beside the project's own fields."""
DIRECTIONS = ("in", "out", "internal")
NAME = r"[a-z][a-z0-9-]{0,39}"
"""Of a project, a code, a field."""
LONGEST_HEADING = 60
_LATER = ("number", "recording")


@dataclass(frozen=True, slots=True)
class Code:
    """A wrap-up code: what a call came to."""

    heading: str
    kind: CodeKind = ""


@dataclass(frozen=True, slots=True)
class Field:
    """A field of the call card."""

    heading: str
    kind: FieldKind = "text"


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the report: a metric, a counted code, or a summed field."""

    kind: Literal["metric", "code", "sum"]
    what: str
    heading: str
    unit: str
    part: Part | None = None
    """Reads a code's count or a field's sum; a metric reads itself."""

    @property
    def of_cards(self) -> bool:
        """Whether it is read from the cards, and not from kept totals."""
        return self.part is not None or CATALOGUE[self.what].sources == ("card",)

    def value(self, totals: Totals, given: Given | None = None) -> float | None:
        """Return the number from the totals of a row: of the metric's sources, or of its cards (`card_totals`)."""
        if self.part is None:
            return CATALOGUE[self.what].value(totals, given)
        return self.part(totals, given or Given())


@dataclass(frozen=True, slots=True)
class Project:
    """A project's file, read."""

    id: str
    title: str
    language: str
    zone: str
    codes: Mapping[str, Code]
    fields: Mapping[str, Field]
    rows: str
    columns: tuple[Column, ...]
    filters: Mapping[str, frozenset[str]]
    calls: tuple[str, ...]
    """The columns of the list of calls; empty = no list."""

    def entry(
        self, call: str, agent: str, at: int, codes: tuple[str, ...], back: tuple[str, ...], fields: Mapping[str, str]
    ) -> Entry:
        """Return what somebody writes in a call's card. Raises `DeskError` when it is not of the project."""
        for code in (*codes, *back):
            if code not in self.codes:
                raise DeskError(f"The project {self.id} has no code {code!r}.", _cure(code, self.codes))
        for name, value in fields.items():
            if name not in self.fields:
                raise DeskError(f"The project {self.id} has no field {name!r}.", _cure(name, self.fields))
            if value and self.fields[name].kind != "text" and hundredths(value) is None:
                raise DeskError(f"{name} cannot be {value!r}.", "Write a number such as 1200 or 1200.50.")
        kinds = {code: self.codes[code].kind for code in codes}
        return Entry(call, agent, at, kinds, frozenset(back), dict(fields), self.id)


def code_column(name: str, heading: str) -> Column:
    """Return the column that counts the cards with a code."""
    return Column("code", name, heading, "count", amount(f"code.{name}"))


def sum_column(name: str, heading: str, kind: FieldKind) -> Column:
    """Return the column that sums a field."""
    return Column("sum", name, heading, "money" if kind == "money" else "count", money(f"sum.{name}"))


def keys_of(metric: Metric) -> tuple[str, ...]:
    """Return the filters and rows that a metric can have in a project's report, beside rows of time."""
    if metric.sources == ("card",):
        return FILTERS
    return tuple(key for key in filters_of(metric) if key in FILTERS)


def fits(metric: Metric, rows: str, filters: Mapping[str, frozenset[str]]) -> str:
    """Return the first filter or row that the metric cannot have; empty when it can have them all."""
    if metric.sources[0] in _LATER:
        return next(iter(filters), "" if rows in GRAINS else rows)
    keys = keys_of(metric)
    # Every metric can be asked for one direction: those that know none keep what is for callers apart already.
    asked = [key for key in filters if key != "direction"] + ([] if rows in GRAINS else [rows])
    return next((key for key in asked if key not in keys), "")


def _cure(word: str, known: Mapping[str, object]) -> str:
    cure = nearest(word, known)
    return f"{cure[0].upper()}{cure[1:]}"
