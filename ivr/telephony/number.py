"""Telephone numbers as the desk keeps them."""

from __future__ import annotations

import re

_KEPT = re.compile(r"[^0-9+*#]")
MAX_DIGITS = 32
_ABROAD = re.compile(r"(?:00(?=[1-9][0-9]{7,14}$)|810(?=[1-9][0-9]{9,14}$))")
"""Dialled before a country's code: `00` nearly everywhere, `8~10` where the country's own code is 7."""
_OF_SEVEN = re.compile(r"[78](?=[3-9][0-9]{9}$)")
"""Before a number in country 7: its code, or `8` of a call within it."""


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


def same_number(number: str) -> str:
    """Return the one spelling of a number that networks and people spell in several ways, from one as we keep it.

    `00` and `8~10` are `+`; `8` or `7` and the ten digits of a number in country 7 are `+7`. Of any other number
    without a country's code nobody can say whose it is: it is only itself.
    """
    found = _ABROAD.match(number)
    if found:
        return f"+{number[found.end() :]}"
    found = _OF_SEVEN.match(number)
    return f"+7{number[found.end() :]}" if found else number


def spellings(number: str) -> frozenset[str]:
    """Return all spellings whose `same_number` is this one."""
    digits = number.removeprefix("+")
    ways = (number, digits, f"8{digits[1:]}", f"00{digits}", f"810{digits}")
    return frozenset(way for way in ways if same_number(way) == number)
