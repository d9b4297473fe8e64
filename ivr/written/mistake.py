"""A mistake of an author: where in the file, what is wrong, and the cure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches
from typing import Literal, TypeAlias

Path: TypeAlias = tuple[str, ...]
"""The way into a file: `("flow", "category", "1", "then")`; places in a list are counted from 0."""


@dataclass(frozen=True, slots=True)
class Mistake:
    """What is wrong at a path of a file, and the cure; a warning keeps nobody from using the file."""

    path: Path
    wrong: str
    cure: str
    severity: Literal["mistake", "warning"] = "mistake"
    at_key: bool = False
    """The key itself is wrong, not what stands behind it."""

    def __str__(self) -> str:
        return f"{self.wrong}: {self.cure}"


def nearest(word: str, known: Iterable[str], otherwise: str = "") -> str:
    """Return the cure for an unknown word: the nearest known one, or all of them; `otherwise` is another cure."""
    words = sorted(set(known))
    near = get_close_matches(word, words, 1, 0.6)
    if near:
        return f"did you mean `{near[0]}`?{f' Or {otherwise}' if otherwise else ''}"
    if not words:
        return otherwise or "leave it out"
    listed = ", ".join(f"`{name}`" for name in words[:12]) + (" …" if len(words) > 12 else "")
    return f"write {'one of ' if len(words) > 1 else ''}{listed}{f', or {otherwise}' if otherwise else ''}"
