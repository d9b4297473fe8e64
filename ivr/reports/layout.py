"""How a standard report is laid out: its tables, their rows and columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

IN, OUT = ("in",), ("out",)


@dataclass(frozen=True, slots=True)
class Column:
    """A metric in a report; `directions` = only of calls that went so."""

    metric: str
    title: str
    directions: tuple[str, ...] = ()
    at_least: float | None = None
    """The share that is the target."""


@dataclass(frozen=True, slots=True)
class Cases:
    """Rows for the cases of a measure: what follows `measure.` is the row's key, and counts as the measure beside it.

    So of pauses (`{"paused": "state.paused"}`) `paused.lunch` is the row `lunch`, with its time as `state.paused`.
    """

    name: str
    measures: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Section:
    """A table of a report: a row for each value of the keys `by`, and their total."""

    title: str
    by: tuple[str, ...]
    columns: tuple[Column, ...]
    chart: tuple[str, ...] = ()
    """Metrics of the section's chart, in Excel and in the browser."""
    time: str = ""
    """Also a row for each of these times."""
    directions: tuple[str, ...] = IN
    """Calls of which directions are counted, where a column or its metric says nothing else; empty = all."""
    cases: Cases | None = None
    """Also a row for each of these."""


@dataclass(frozen=True, slots=True)
class Report:
    """A standard report: tables of metrics, and lists of calls or numbers that are named here and made by the desk."""

    name: str
    title: str
    sections: tuple[Section, ...] = ()
    lists: tuple[str, ...] = ()
    opening: Literal["", "days", "plan"] = ""
    """The first table: agents' days with their plan and what is unusual, or agents' plan and fact."""


def columns(*given: str | Column) -> tuple[Column, ...]:
    """Return columns of texts `metric: title`."""
    return tuple(one if isinstance(one, Column) else _column(one) for one in given)


def _column(text: str) -> Column:
    metric, _, title = text.partition(": ")
    return Column(metric, title)
