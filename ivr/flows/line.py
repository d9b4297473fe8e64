"""A line: the queue in which callers wait, and the agents who answer there."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Literal

from pydantic import Field

from ivr.flows.part import Part
from ivr.flows.scalars import AgentNumber, Duration, Switch, Target
from ivr.flows.way import HANG_UP

_SECOND = timedelta(seconds=1)


class Line(Part):
    """first/second/third: a queue with its agents."""

    agents: tuple[AgentNumber, ...] = Field(min_length=1)
    rank: dict[AgentNumber, Annotated[int, Field(ge=1, le=9)]] = Field(
        default_factory=dict,
        description="who is asked later: an agent of rank 2 when nobody of rank 1 is free; 1 when left out",
    )
    own_agent_first: Switch = Field(
        default=False, description="a caller is offered first to the agent of this line who talked with him last"
    )
    tells: tuple[Literal["place", "wait"], ...] = Field(
        default=(), description="what a caller hears when he has to wait: his place, how long it will take"
    )
    ring: Duration = Field(
        default=timedelta(seconds=15),
        ge=_SECOND,
        le=timedelta(minutes=5),
        description="how long one agent's telephone rings",
    )
    callback: Switch = Field(
        default=False, description="a caller who has to wait may be called back, and keeps his place; see `callback`"
    )
    wait: Duration = Field(
        default=timedelta(seconds=60),
        ge=_SECOND,
        le=timedelta(hours=2),
        description="how long a caller waits here before `then`",
    )
    most_waiting: int | None = Field(
        default=None,
        ge=1,
        le=500,
        description="how many callers wait here at most; who comes then goes on with `then` at once",
    )
    then: Target = Field(default=HANG_UP, description="a line, a node of the flow, `voicemail`, or `hang up`")
    whisper: Literal[True, False, "accept"] = Field(
        default=False, description="tell the agent who is calling; `accept` asks him for a key"
    )
    record: Switch = Field(default=True, description="record talks of this line, when the desk records at all")
    wrap: Duration | None = Field(
        default=None,
        ge=_SECOND,
        le=timedelta(minutes=30),
        description="how long an agent writes after a talk before this line offers him the next call",
    )
    pause_after: int | None = Field(
        default=None,
        ge=1,
        le=20,
        description="how many calls in a row an agent lets ring out before he is paused, with the reason `missed`",
    )
