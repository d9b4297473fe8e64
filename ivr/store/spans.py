"""Agents' spans as the totals count them: each with the line of its call, and whether that was between agents."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator

from sqlalchemy import Connection, func, select

from ivr.ledger.agents import Span
from ivr.reports.agent_time import Span as CountedSpan
from ivr.store.bulk import one_of
from ivr.store.tables import agent_span, call, leg
from ivr.store.time_totals import HIS, NO_CALL, About, counted

_AT_ONCE = 500


def spans_between(
    connection: Connection, since: int, until: int, agents: Iterable[str]
) -> Iterator[tuple[CountedSpan, str]]:
    """Yield the spans of these agents that touch the time and are over, by agent and time, each with its call's id."""
    for agent in sorted(agents):
        spans = _of(connection, agent, since, until)
        for start in range(0, len(spans), _AT_ONCE):
            some = spans[start : start + _AT_ONCE]
            about = _calls(connection, {span.call_id for span in some} - {""})
            for span in some:
                yield counted(span, about.get(span.call_id, NO_CALL)), span.call_id


def _of(connection: Connection, agent: str, since: int, until: int) -> list[Span]:
    """Return the agent's spans: by their beginnings, for the table has no other index and they leave no hole."""
    his = agent_span.c.agent == agent
    before = select(func.max(agent_span.c.began_at)).where(his, agent_span.c.began_at <= since)
    first = connection.execute(before).scalar() or since
    query = select(agent_span).where(his, agent_span.c.began_at >= first, agent_span.c.began_at < until)
    rows = connection.execute(query.where(agent_span.c.ended_at > since).order_by(agent_span.c.began_at))
    return [Span(*row) for row in rows]


def _calls(connection: Connection, ids: Collection[str]) -> dict[str, About]:
    if not ids:
        return {}
    lines: dict[str, dict[str, str]] = defaultdict(dict)
    legs = select(leg.c.call_id, leg.c.agent, leg.c.line).where(
        one_of(connection, leg.c.call_id, ids), leg.c.kind.in_(HIS), leg.c.line != "", leg.c.agent != ""
    )
    for name, agent, line in connection.execute(legs.order_by(leg.c.call_id, leg.c.place)):
        lines[name][agent] = line
    calls = select(call.c.id, call.c.direction).where(one_of(connection, call.c.id, ids))
    return {name: About(way == "internal", lines[name]) for name, way in connection.execute(calls)}
