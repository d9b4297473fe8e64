"""Callbacks: a caller need not wait, keeps his place in the line, and is called when his turn comes."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, Field

from ivr.flows.part import Part
from ivr.flows.phrases import WITHIN
from ivr.flows.scalars import Count, Duration, Prefix

_MINUTE = timedelta(minutes=1)
ONE_KEY = r"^[0-9*#]$"


def _promised(within: timedelta) -> timedelta:
    """Refuse what there are no words for. Raises `ValueError`."""
    if within / _MINUTE not in WITHIN:
        raise ValueError(f"nobody can say that in a word: write one of {', '.join(map(_written, WITHIN))}")
    return within


def _written(minutes: int) -> str:
    return f"{minutes // 60}h" if minutes % 60 == 0 else f"{minutes}m"


class Callback(Part):
    """What the lines with `callback: true` promise."""

    key: Annotated[str, Field(pattern=ONE_KEY)] = Field(
        default="0", description="the key that a waiting caller presses: one of 0-9, * and #"
    )
    within: Annotated[Duration, AfterValidator(_promised)] = Field(
        default=timedelta(hours=2),
        description="what he is promised: 15m, 30m, 1h, 2h, 3h or 4h; it is only offered so long before closing time",
    )
    tries: Count = Field(default=2, ge=1, le=5, description="how often he is rung at most, until he answers")
    again_after: Duration = Field(
        default=timedelta(minutes=10),
        ge=_MINUTE,
        le=timedelta(hours=12),
        description="how long after a vain try the next one comes",
    )
    allow: tuple[Prefix, ...] | None = Field(
        default=None,
        min_length=1,
        description="how the numbers begin that are called back; those of `outbound` when left out. A caller can show "
        "any number: leave out those that cost much",
    )
    most: Count = Field(default=50, ge=1, le=100, description="how many promises may be open at a time")

    @property
    def minutes(self) -> int:
        """Minutes that are promised."""
        return round(self.within / _MINUTE)
