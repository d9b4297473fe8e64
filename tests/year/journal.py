"""The journal of a believable year: a file a day, written by several processes, the same bytes for the same seed."""

from __future__ import annotations

import os
from concurrent.futures import ProcessPoolExecutor
from datetime import date, timedelta
from pathlib import Path
from random import Random
from typing import NamedTuple

from tests.year.day import journal_of
from tests.year.pattern import around, shares

CALLS_A_YEAR = 1_000_000
BEGIN = date(2026, 1, 12)
"""A Monday, so that a journal's first days are working days."""
_YEAR = 364


class Written(NamedTuple):
    """What was written."""

    calls: int
    days: int
    bytes: int


def write_year(
    folder: Path, calls: int, *, a_year: int = CALLS_A_YEAR, begin: date = BEGIN, seed: int = 1, processes: int = 0
) -> Written:
    """Write `journal.csv-YYYYMMDD` for each day and the last one as `journal.csv`, until there are about `calls`."""
    folder.mkdir(parents=True, exist_ok=True)
    with ProcessPoolExecutor(processes or os.cpu_count()) as pool:
        plan = _plan(calls, a_year, begin, seed)
        done = list(pool.map(_write, *zip(*((folder, *day, seed) for day in plan), strict=True)))
    (folder / _name(plan[-1][0])).rename(folder / "journal.csv")
    return Written(sum(count for count, _ in done), len(plan), sum(size for _, size in done))


def _plan(calls: int, a_year: int, begin: date, seed: int) -> list[tuple[date, int, int]]:
    """Return the days with their number and count of calls; the last one is cut to what is asked."""
    plan: list[tuple[date, int, int]] = []
    left = calls
    while left > 0:
        year = [begin + timedelta(days=len(plan) + place) for place in range(_YEAR)]
        for day, part in zip(year, shares(year), strict=True):
            count = min(around(a_year * part, Random(f"{seed} calls {day}")), left)
            plan.append((day, len(plan), count))
            left -= count
            if left <= 0:
                break
    return plan


def _write(folder: Path, day: date, number: int, count: int, seed: int) -> tuple[int, int]:
    calls, journal = journal_of(day, number, count, seed)
    (folder / _name(day)).write_bytes(journal)
    return calls, len(journal)


def _name(day: date) -> str:
    return f"journal.csv-{day:%Y%m%d}"
