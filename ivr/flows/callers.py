"""Callers who are treated otherwise: by the beginning of their number, or because they hide it."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache
from typing import Annotated, NamedTuple, Self

from pydantic import Field, model_validator

from ivr.flows.part import Part
from ivr.flows.scalars import Language, Name, Target, Text, Who
from ivr.flows.way import HANG_UP, Way

HIDDEN = "hidden"
"""Who shows no number."""


class CallerRule(Part):
    """Some callers, and what is done for them. Of each thing the first rule that fits and says it counts."""

    who: tuple[Who, ...] = Field(
        min_length=1, max_length=200, description="how their numbers begin, `+49` or a whole number; or `hidden`"
    )
    language: Language | None = Field(default=None, description="spoken from the first word on")
    priority: Annotated[int, Field(ge=1, le=9)] | None = Field(
        default=None, description="before all callers of a lower one in every line, 1 to 9; others have 0"
    )
    then: Target | None = Field(
        default=None, description="where the call begins instead of the first node; `hang up` blocks it"
    )
    category: Name | None = Field(default=None, description="why he calls; one of `categories`")
    say: Text | None = Field(default=None, description="spoken before going on")

    @model_validator(mode="after")
    def _does_something(self) -> Self:
        if self.then is None and (self.category or self.say):
            raise ValueError("`category` and `say` belong to a way, and there is no `then`: add `then:`")
        if self.then is None and self.language is None and self.priority is None:
            raise ValueError("nothing is done for these callers: add `language:`, `priority:` or `then:`")
        return self

    @property
    def way(self) -> Way | None:
        """The way on, when the rule has one."""
        return None if self.then is None else Way(then=self.then, category=self.category, say=self.say)


class Treatment(NamedTuple):
    """What the rules say of one caller."""

    language: str = ""
    priority: int = 0
    rule: int = -1
    """The place of the rule that has the way."""
    way: Way | None = None

    @property
    def blocked(self) -> bool:
        """Whether he is not served at all."""
        return self.way is not None and self.way.then == HANG_UP


def treatment(rules: tuple[CallerRule, ...], caller: str) -> Treatment:
    """Return what is done for a caller; his number as `clean_number` leaves it, "" when he hides it."""
    fitting = [(place, rule) for place, rule in enumerate(rules) if any(_fits(who, caller) for who in rule.who)]
    place, rule = next(((place, rule) for place, rule in fitting if rule.then is not None), (-1, None))
    return Treatment(
        next((rule.language for _, rule in fitting if rule.language), ""),
        next((rule.priority for _, rule in fitting if rule.priority), 0),
        place,
        rule.way if rule else None,
    )


def prompt_of(place: int) -> str:
    """Return the prompt id of what a rule says."""
    return f"callers.{place + 1}"


def _fits(who: str, caller: str) -> bool:
    return re.search(pattern(who), caller) is not None


@lru_cache(maxsize=4096)
def pattern(who: str) -> str:
    """Return the expression that a caller's number fits, whichever spelling his network sent.

    It says of a whole number what `ivr.telephony.number.same_number` says, in what POSIX and Python both understand,
    so that the dialplan and the engine cannot differ.
    """
    return "^$" if who == HIDDEN else f"^({'|'.join(_spellings(who))})"


def _spellings(prefix: str) -> Iterator[str]:
    if not prefix.startswith("+"):
        yield prefix
        return
    digits = prefix[1:]
    yield f"[+]{digits}"
    for abroad, least in (("00", 8), ("810", 10)):
        if digits[0] != "0" and len(digits) <= 15:
            yield f"{abroad}{digits}[0-9]{{{max(0, least - len(digits))},{15 - len(digits)}}}$"
    if digits[0] == "7" and len(digits) <= 11:
        rest = digits[1:]
        if not rest:
            yield "[78][3-9][0-9]{9}$"
        elif rest[0] in "3456789":
            yield f"[78]{rest}[0-9]{{{11 - len(digits)}}}$"
