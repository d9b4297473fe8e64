"""`python -m tests.year FOLDER`: write the journal of a believable year, a file a day, as Asterisk and logrotate do."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Annotated

import typer

from tests.year.journal import CALLS_A_YEAR, write_year


def main(
    folder: Annotated[Path, typer.Argument(help="Where `journal.csv` and its rotated files are written.")],
    calls: Annotated[int, typer.Option(min=1, help="About so many calls, from the year's first day on.")] = 10_000,
    a_year: Annotated[int, typer.Option(min=1, help="Calls a year: 60 agents take about a million.")] = CALLS_A_YEAR,
    seed: Annotated[int, typer.Option(help="The same seed gives the same bytes.")] = 1,
) -> None:
    """Write it, and tell how many calls and bytes there are."""
    began = time.monotonic()
    written = write_year(folder, calls, a_year=a_year, seed=seed)
    took = time.monotonic() - began
    sys.stdout.write(
        f"{written.calls} calls on {written.days} days, {written.bytes} bytes, {written.calls / took:.0f} calls/s\n"
    )


if __name__ == "__main__":
    typer.run(main)
