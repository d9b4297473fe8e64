"""What a caller does at the questions he hears: the text of `--keys`, read."""

from __future__ import annotations

import re
from dataclasses import dataclass

from ivr.errors import DeskError

PAUSE = 1.0
"""Seconds that a `w` waits."""


@dataclass(frozen=True, slots=True)
class Step:
    """The answer to one question: a key after a pause, or none."""

    key: str
    """One of `0-9*#`; empty = say nothing and let the question time out."""
    pause: float = 0.0


def read_steps(text: str) -> tuple[Step, ...]:
    """Read `2w1-`: 2 at the first question, 1 a second late at the second, nothing at the third.

    Raises `DeskError` for any other character, and for a pause with nothing after it.
    """
    if wrong := re.search(r"[^0-9*#w-]", text):
        raise DeskError(
            f"--keys cannot hold {wrong[0]!r}.", "Use 0-9 * # for keys, w to wait a second, - to answer nothing."
        )
    if text.endswith("w"):
        raise DeskError("--keys ends with a pause that nothing follows.", "Put a key after the w, or leave it out.")
    return tuple(Step(step[-1].replace("-", ""), PAUSE * (len(step) - 1)) for step in re.findall(r"w*[^w]", text))
