"""Calls to outside: which numbers a desk's agents may dial, and what is shown there."""

from __future__ import annotations

from datetime import timedelta

from pydantic import Field

from ivr.flows.part import Part
from ivr.flows.scalars import AgentNumber, Duration, Number, Prefix, Switch


class Outbound(Part):
    """Without this part of a desk nobody dials out."""

    allow: tuple[Prefix, ...] = Field(
        min_length=1, description="how the numbers begin that may be dialled: `+7`, `8`, `112`; nothing else can be"
    )
    agents: tuple[AgentNumber, ...] | None = Field(
        default=None, min_length=1, description="who may dial; all agents of the desk when left out"
    )
    caller_id: Number | None = Field(
        default=None, description="the number that is shown there; the desk's first when left out"
    )
    ring: Duration = Field(
        default=timedelta(seconds=60),
        ge=timedelta(seconds=5),
        le=timedelta(minutes=5),
        description="how long it rings there",
    )
    record: Switch = Field(default=True, description="record these talks, when the desk records at all")
