"""What a benchmark returns, and how it is shown: a row is our value, a peer's value and their ratio, with a limit."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from rich.table import Table

JOURNAL_OF_A_CORE = "what one Asterisk core writes into the journal in such calls"
JOURNAL_LIMIT = ">= 10"
COLUMNS = ("what", "ours", "peer", "ratio", "limit", "verdict")


@dataclass(frozen=True, slots=True)
class Figure:
    """One row. `limit`: `<= 1.10`, `>= 0.5`, or a bare number (below 1 it is the least, else the most); "" = none."""

    name: str
    value: float
    unit: str
    peer: str = ""
    peer_value: float = 0.0
    ratio: float = 0.0
    limit: str = ""

    @classmethod
    def of(cls, row: dict[str, Any]) -> Figure:
        """Make a figure of what a benchmark's `run` returned."""
        told = {name: row[name] for name in cls.__slots__ if row.get(name) is not None}
        return cls(**told | {"limit": str(told.get("limit", ""))})

    @property
    def bound(self) -> tuple[str, float, str] | None:
        """The limit as (`<=` or `>=`, number, unit), None when there is none."""
        found = re.fullmatch(r"(<=|>=)?\s*([0-9.]+)\s*(.*)", self.limit)
        if found is None:
            return None
        number = float(found[2])
        return found[1] or (">=" if number < 1 else "<="), number, found[3]

    @property
    def kept(self) -> bool:
        """Whether the limit is kept; a row without one has nothing to break."""
        if self.bound is None:
            return True
        sign, number, _ = self.bound
        return self.ratio <= number if sign == "<=" else self.ratio >= number

    @property
    def cells(self) -> tuple[str, ...]:
        """The row as it is shown."""
        unit = f" {self.bound[2]}" if self.bound and self.bound[2] else ""
        limit = f"{self.bound[0]} {self.bound[1]:g}{unit}" if self.bound else ""
        verdict = "" if self.bound is None else "kept" if self.kept else "BROKEN"
        ours, theirs = (f"{_number(value)} {self.unit}" for value in (self.value, self.peer_value))
        if not self.peer:
            return self.name, ours, "", "", limit, verdict
        return self.name, ours, f"{theirs}: {self.peer}", f"{self.ratio:.2f}{unit}", limit, verdict


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"


def against_a_core(figures: Sequence[Figure]) -> list[Figure]:
    """Return rows that hold the loader's rates against what one Asterisk core writes, when both were measured."""
    core = next((figure.value for figure in figures if figure.name == JOURNAL_OF_A_CORE), 0.0)
    return [
        replace(
            figure,
            name=f"{figure.name.split(',')[0]}, against one Asterisk core",
            peer="what the core writes",
            peer_value=core,
            ratio=figure.value / core,
            limit=JOURNAL_LIMIT,
        )
        for figure in figures
        if core and figure.name.startswith("journal into")
    ]


def show(figures: Sequence[Figure]) -> Table:
    """Return the table for a terminal."""
    table = Table(*COLUMNS)
    for figure in figures:
        style = "" if figure.bound is None else "green" if figure.kept else "bold red"
        table.add_row(*figure.cells, style=style)
    return table


def markdown(figures: Sequence[Figure]) -> str:
    """Return the table for a document."""
    rows = [COLUMNS, ("---",) * len(COLUMNS), *(figure.cells for figure in figures)]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)
