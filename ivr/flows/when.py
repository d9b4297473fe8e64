"""Sending callers by the clock: one way at lunch, another at weekends."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, Field

from ivr.flows.part import Part
from ivr.flows.scalars import Target
from ivr.flows.times import DAY_MINUTES, WEEK_MINUTES, read_week


def _span(text: str) -> str:
    read_week(text)
    return text


class When(Part):
    """A node that sends callers by day and time, on the desk's clock; the first span that fits counts."""

    when: dict[Annotated[str, AfterValidator(_span)], Target] = Field(
        min_length=1,
        max_length=50,
        description="days and times, or days alone: `mon-fri 12:00-13:00: second`, `sat,sun: voicemail`",
    )
    otherwise: Target = Field(description="the way on at any other time")

    @property
    def targets(self) -> tuple[str, ...]:
        """Return where it leads, each target once."""
        return tuple(dict.fromkeys((*self.when.values(), self.otherwise)))


def way_at(node: When, time_zone: str, moment: datetime) -> str:
    """Return the target at a moment, which must know its own zone; by the wall clock, as `is_open` reads it."""
    if moment.tzinfo is None:
        raise ValueError("the moment has no time zone")
    local = moment.astimezone(ZoneInfo(time_zone))
    minute = local.weekday() * DAY_MINUTES + local.hour * 60 + local.minute
    return next((target for start, end, target in spans_of(node) if start <= minute < end), node.otherwise)


def spans_of(node: When) -> list[tuple[int, int, str]]:
    """Return its spans in minutes of the week, the end not included, each with its target; the first that fits wins."""
    return [(start, end, target) for text, target in node.when.items() for start, end in read_week(text)]


def never(node: When) -> tuple[list[str], bool]:
    """Return the keys that never count since others are taken before, and whether `otherwise` never does."""
    left = set(range(WEEK_MINUTES))
    idle = []
    for text in node.when:
        own = {minute for start, end in read_week(text) for minute in range(start, end)}
        if left.isdisjoint(own):
            idle.append(text)
        left -= own
    return idle, not left
