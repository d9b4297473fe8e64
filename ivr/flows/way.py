"""A way on: where a call goes next, and what is done before it gets there."""

from __future__ import annotations

from functools import cache
from typing import Any

from pydantic import Field, model_validator

from ivr.flows.part import Part
from ivr.flows.scalars import Language, Name, Target, Text

HANG_UP = "hang up"


class Way(Part):
    """Where a call goes next: `first` alone, or `{category: claim, then: third}`."""

    then: Target = Field(description="a node of the flow, a line, `voicemail`, or `hang up`")
    category: Name | None = Field(default=None, description="why he calls; one of `categories`")
    language: Language | None = Field(default=None, description="go on in this language")
    say: Text | None = Field(default=None, description="spoken before going on")

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:
        return {"then": value} if isinstance(value, str) else value


@cache
def way_to(name: str) -> Way:
    """Return the plain way to a node or line; made once a name, for the engine goes many of them in every call."""
    return Way(then=name)
