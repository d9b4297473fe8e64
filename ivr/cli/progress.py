"""How far a long walk over the journal has come: one line on a terminal, nothing elsewhere."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

_EVERY = 0.5


@contextmanager
def told_progress(*, quiet: bool) -> Iterator[Callable[[int, int], None] | None]:
    """Give a function that shows how many records are done, and how far in time; None where nobody looks."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    shown = began = time.monotonic()

    def show(records: int, at: int) -> None:
        nonlocal shown
        now = time.monotonic()
        if now - shown >= _EVERY:
            shown = now
            reached = datetime.fromtimestamp(at / 1e6, UTC)
            rate = records / (now - began)
            print(
                f"\r{records:,} records, to {reached:%Y-%m-%d %H:%M} UTC, {rate:,.0f} a second ",
                end="",
                file=sys.stderr,
            )

    try:
        yield show
    finally:
        if shown != began:
            print("\r\033[K", end="", file=sys.stderr)
