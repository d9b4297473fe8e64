"""What agents' spans contribute to the totals: whose call each belongs to, and what is taken out when spans change."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping
from typing import NamedTuple

from sqlalchemy import Connection

from ivr.ledger.agents import Span
from ivr.ledger.call import Call
from ivr.reports.agent_time import Span as CountedSpan
from ivr.reports.agent_time import span_tallies
from ivr.reports.tally import Tally, taken_out

HIS = frozenset({"offer", "talk", "hold"})
"""Legs whose line is the one on which the agent has the call: he may send his caller to another."""
_MOST = 20_000
"""Calls that are known by heart."""


class About(NamedTuple):
    """What a span needs to know of its call."""

    internal: bool
    lines: Mapping[str, str]
    """The line on which each agent had it."""


NO_CALL = About(internal=False, lines={})


class TimeTotals:
    """Turns changes of spans into tallies. Not for several threads."""

    def __init__(self, read_calls: Callable[[Connection, Collection[str]], Iterable[Call]]) -> None:
        self._read_calls = read_calls
        self._known: dict[str, About] = {}
        self._before: dict[str, About] = {}

    def forget(self) -> None:
        """Forget what is in memory, after a transaction that failed."""
        self._known.clear()
        self._before.clear()

    def note(self, name: str, about: About) -> None:
        """Note what a call is that a batch made or changed."""
        before = self._known.get(name)
        if before not in (None, about):
            self._before[name] = before or about
        self._known[name] = about

    def was(self, call: Call) -> None:
        """Note what a call was until now: a batch makes it one with another."""
        self._known[call.id] = self._before[call.id] = about_of(call)

    def tallies(self, connection: Connection, removed: Collection[Span], fresh: Collection[Span]) -> list[Tally]:
        """Return what the change contributes: spans that go on contribute nothing yet."""
        removed, fresh = ([span for span in spans if span.ended_at is not None] for spans in (removed, fresh))
        unknown = {span.call_id for span in (*removed, *fresh)} - self._known.keys() - {""}
        if unknown:
            self._known |= {call.id: about_of(call) for call in self._read_calls(connection, unknown)}
        found: list[Tally] = []
        for span in removed:
            found += taken_out(span_tallies(counted(span, self._before.get(span.call_id) or self._of(span))))
        for span in fresh:
            found += span_tallies(counted(span, self._of(span)))
        self._before.clear()
        if len(self._known) > _MOST:
            self._known.clear()
        return found

    def _of(self, span: Span) -> About:
        return self._known.get(span.call_id, NO_CALL)


def about_of(call: Call) -> About:
    """Return what the spans of the agents whom it holds need to know of a call."""
    lines = {leg.agent: leg.line for leg in call.legs if leg.line and leg.agent and leg.kind in HIS}
    return About(call.direction == "internal", lines)


def counted(span: Span, about: About) -> CountedSpan:
    """Return the span as the totals count it; one that goes on has no length yet."""
    began, ended = span.began_at, span.ended_at if span.ended_at is not None else span.began_at
    line = about.lines.get(span.agent, "")
    return CountedSpan(span.agent, began, ended, span.state, span.reason, line, about.internal)
