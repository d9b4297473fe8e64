"""Telephone numbers as the desk keeps them."""

from __future__ import annotations

import re

_KEPT = re.compile(r"[^0-9+*#]")
MAX_DIGITS = 32


def clean_number(raw: str) -> str:
    """Return the digits, `+`, `*` and `#` of a number as a network sent it, at most 32 characters.

    A caller can put any byte into his number; what is left here is safe in every protocol that we speak.
    """
    kept = _KEPT.sub("", raw)[:MAX_DIGITS]
    return kept[:1] + kept[1:].replace("+", "")


def is_number(text: str) -> bool:
    """Say whether the text is a number as we keep it: 1 to 32 of `0-9*#`, with a leading `+` allowed."""
    return re.fullmatch(r"\+?[0-9*#]{1,31}", text) is not None


def is_agent(number: str) -> bool:
    """Say whether the number has the form of an agent's: 2 to 8 digits."""
    return re.fullmatch(r"[0-9]{2,8}", number) is not None
