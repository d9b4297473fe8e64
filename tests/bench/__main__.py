"""`python -m tests.bench [NAME …]`: run the benchmarks one after the other and hold them against their limits."""

from __future__ import annotations

import json
import logging
import os
import sys
import time
from dataclasses import asdict
from datetime import UTC, datetime
from importlib import import_module
from pathlib import Path
from typing import Annotated, NoReturn

import structlog
import typer
from rich.console import Console

from ivr.errors import DeskError
from tests.bench.figures import Figure, against_a_core, markdown, show
from tests.bench.machine import describe, load

NAMES = ("call_cost", "delay", "agi_commands", "journal_load", "ledger_size", "desk_speed")
SIZED = ("ledger_size",)
"""Those that `--calls` concerns."""
CALLS = 100_000
DOCUMENT = Path(__file__).parents[2] / "docs/measurements.md"
_BEGIN, _END = "<!-- written by make bench -->\n", "<!-- end -->\n"


def main(
    names: Annotated[list[str] | None, typer.Argument(help=f"Which: {', '.join(NAMES)}; all when left out.")] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON for programs.")] = False,
    calls: Annotated[int, typer.Option(min=20_000, help="So large a ledger.")] = CALLS,
    write: Annotated[bool, typer.Option("--write", help="Write the table into docs/measurements.md.")] = False,
) -> None:
    """Measure. The exit code is 1 when a limit is broken, 2 when a benchmark could not be run."""
    if unknown := sorted(set(names or ()) - set(NAMES)):
        _fail(DeskError(f"There is no benchmark {', '.join(unknown)}.", f"Name one of {', '.join(NAMES)}."))
    if write and names:
        _fail(DeskError("--write keeps the table of a whole run.", "Leave the names out."))
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    began, loads = time.monotonic(), [load()]
    figures: list[Figure] = []
    for name in names or NAMES:
        sys.stderr.write(f"{name}\n")
        figures += _measure(name, calls)
        loads.append(load())
    figures += against_a_core(figures)
    told = (
        f"{describe()}; {datetime.now(UTC):%Y-%m-%d}; load average {min(loads):.1f} to {max(loads):.1f}; "
        f"{time.monotonic() - began:.0f} s in all"
    )
    if write:
        _write(told, figures)
    _print(told, figures, as_json=as_json)
    raise typer.Exit(0 if all(figure.kept for figure in figures) else 1)


def _measure(name: str, calls: int) -> list[Figure]:
    run = import_module(f"tests.bench.{name}").run
    try:
        return [Figure.of(row) for row in (run(calls) if name in SIZED else run())]
    except DeskError as error:
        _fail(error)


def _fail(error: DeskError) -> NoReturn:
    sys.stderr.write(f"{error}\n")
    raise typer.Exit(error.exit_code)


def _print(told: str, figures: list[Figure], *, as_json: bool) -> None:
    if as_json:
        rows = [asdict(figure) | {"kept": figure.kept} for figure in figures]
        sys.stdout.write(json.dumps({"machine": told, "figures": rows}, indent=1) + "\n")
        return
    width = None if sys.stdout.isatty() else max(120, int(os.environ.get("COLUMNS", "0")))
    console = Console(width=width)
    console.print(show(figures))
    console.print(told)


def _write(told: str, figures: list[Figure]) -> None:
    """Put the table between its marks in the document."""
    head, _, rest = DOCUMENT.read_text().partition(_BEGIN)
    tail = rest.partition(_END)[2]
    written = f"`make bench`, {told}:\n\n{markdown(figures)}"
    DOCUMENT.write_text(f"{head}{_BEGIN}\n{written}\n{_END}{tail}")


if __name__ == "__main__":
    typer.run(main)
