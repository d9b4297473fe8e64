"""What a span of an agent's time contributes to the totals."""

from __future__ import annotations

from typing import Literal, NamedTuple

from ivr.reports.split import split
from ivr.reports.tally import QUARTER, Tally, tally

State = Literal["signed out", "unreachable", "ready", "offered", "talking", "hold", "wrap-up", "paused"]
SIGNED_OUT: State = "signed out"
SIGNED_IN: tuple[State, ...] = ("unreachable", "ready", "offered", "talking", "hold", "wrap-up", "paused")
LONGEST = 35 * 86_400_000_000
"""Microseconds of a span that count. A longer one is a clock that leapt, or a desk that stood still for months, and
would be written into each quarter of an hour of them."""


class Span(NamedTuple):
    """A closed span of one agent's time, UTC microseconds; spans of one agent never overlap."""

    agent: str
    began_at: int
    ended_at: int
    state: str
    reason: str = ""
    line: str = ""
    """The line of the call that the span belongs to."""
    internal: bool = False
    """It belongs to a call between agents."""


def span_tallies(span: Span) -> list[Tally]:
    """Return the span's time by state, split at the edges; paused time and pauses also by reason, and how many began.

    A span of talk, hold or wrap-up of a call between agents is told apart (`internal`), for it is no work for callers.
    Time signed out is nobody's: no metric asks for it, and it would be most of the quarters of an hour that are kept.
    """
    if span.state == SIGNED_OUT:
        return []
    measures = [f"state.{span.state}"]
    if span.state == "paused":
        measures.append(f"paused.{span.reason}")
    if span.internal and span.state in ("talking", "hold", "wrap-up"):
        measures = ["internal"]
    keys = (span.agent, span.line)
    found = [
        tally(("time", bucket, keys, measure, length))
        for bucket, length in split(span.began_at, min(span.ended_at, span.began_at + LONGEST))
        for measure in measures
    ]
    if span.state in ("paused", "wrap-up"):
        begun = span.began_at - span.began_at % QUARTER
        found.append(tally(("time", begun, keys, f"begun.{span.state}", 1)))
        if span.state == "paused":
            found.append(tally(("time", begun, keys, f"begun.paused.{span.reason}", 1)))
    return found
