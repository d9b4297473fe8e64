"""Keep agents' time beside the calls, in the loader's own transaction.

What may still change of an agent's spans is kept in memory: his acts and stays since a moment at which no call held him
(his tail). Only an agent of whom nothing is in memory, or news from before his tail, ask the database.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from sqlalchemy import Connection, Select, and_, bindparam, delete, func, select

from ivr.ledger.agents import (
    NOBODY,
    PRESENCES,
    REACHES,
    STANDINGS,
    Act,
    Span,
    Standing,
    Stay,
    first_change,
    spans_of,
    stays_of,
)
from ivr.ledger.call import Call
from ivr.store.bulk import add_rows, one_of
from ivr.store.seek import values_of
from ivr.store.tables import agent_act, agent_span, call, leg
from ivr.store.time_totals import TimeTotals

ReadCalls = Callable[[Connection, Collection[str]], Iterable[Call]]
"""Returns kept calls by their ids, folded anew from their records."""


class Holding(NamedTuple):
    """How a call holds agents; `stays` by agent."""

    call: str
    is_open: bool
    stays: Mapping[str, tuple[Stay, ...]]


_LONGEST, _KEPT = 24, 6
"""Stays of an agent in memory: beyond the first number the tail is cut to about the second."""
_LONGEST_CALL = 7 * 86_400_000_000
"""Microseconds: no agent's call lasts longer, so none that began earlier is in question."""
_REMOVED = delete(agent_span).where(agent_span.c.agent == bindparam("who"), agent_span.c.began_at >= bindparam("since"))


@dataclass(slots=True)
class _Tail:
    """An agent's acts and stays since a moment, and his spans as they stand in the database from there."""

    since: int | None = None
    """None = all of his time."""
    standing: Standing = NOBODY
    acts: list[Act] = field(default_factory=list)
    stays: dict[str, tuple[Stay, ...]] = field(default_factory=dict)
    spans: list[Span] = field(default_factory=list)


@dataclass(slots=True)
class _News:
    """What a batch says of an agent; `at` is the first moment that it may change."""

    at: int
    acts: list[Act] = field(default_factory=list)
    stays: dict[str, tuple[Stay, ...]] = field(default_factory=dict)


class AgentTimes:
    """The derived tables `agent_act` and `agent_span`. Not for several threads; `forget` after any failure."""

    def __init__(self, read_calls: ReadCalls) -> None:
        self._read_calls = read_calls
        self.totals = TimeTotals(read_calls)
        self._tails: dict[str, _Tail] = {}
        self._open: dict[str, Mapping[str, tuple[Stay, ...]]] = {}
        self._held: dict[str, int] = {}
        self._known: set[str] | None = None

    def forget(self) -> None:
        """Forget what is in memory: the transaction that it is about may have failed."""
        self.totals.forget()
        self._tails.clear()
        self._open.clear()
        self._held.clear()
        self._known = None

    def look(self, connection: Connection, changed: Iterable[str]) -> None:
        """Note whom changed calls held, before their rows are removed."""
        unknown = [name for name in changed if name not in self._open]
        if not unknown:
            return
        columns = (leg.c.agent, call.c.caller, call.c.desk)
        query = select(*columns, func.min(leg.c.began_at)).join(call, call.c.id == leg.c.call_id)
        query = query.where(one_of(connection, leg.c.call_id, unknown), leg.c.agent != "").group_by(*columns)
        for agent, caller, desk, began in connection.execute(query):
            for one in {agent, "" if desk else caller} - {""}:
                self._held[one] = min(began, self._held.get(one, began))

    def keep(
        self, connection: Connection, acts: Sequence[Act], holdings: Iterable[Holding]
    ) -> tuple[list[Span], list[Span]]:
        """Bring the tables up to these acts and calls, whose own rows are there already.

        Return the spans that are no longer, and those that are new.
        """
        if self._known is None:
            self._known = set(_agents(connection))
        add_rows(connection, agent_act, acts)
        news = self._sort(acts, holdings)
        removed: list[dict[str, Any]] = []
        gone: list[Span] = []
        fresh: list[Span] = []
        for agent, told in news.items():
            if agent not in self._known:
                self._known.add(agent)
                self._tails[agent] = _Tail()
            tail = self._tails.get(agent)
            if tail is None or agent in self._held or (tail.since is not None and told.at <= tail.since):
                tail = self._tails[agent] = self._read(connection, agent, told.at)
            else:
                tail.acts += told.acts
                tail.stays |= told.stays
            old, spans = _renew(agent, tail)
            if old:
                removed.append({"who": agent, "since": old[0].began_at})
            gone += old
            fresh += spans
        self._held.clear()
        if removed:
            connection.execute(_REMOVED, removed)
        add_rows(connection, agent_span, fresh)
        return gone, fresh

    def _sort(self, acts: Iterable[Act], holdings: Iterable[Holding]) -> dict[str, _News]:
        news = {agent: _News(at) for agent, at in self._held.items()}
        for act in acts:
            told = _of(news, act.agent, act.at)
            told.acts.append(act)
        for name, is_open, stays in holdings:
            before = self._open.pop(name, {})
            for agent in stays.keys() | before.keys():
                now, was = stays.get(agent, ()), before.get(agent, ())
                if now != was:
                    _of(news, agent, first_change(was, now)).stays[name] = now
            if is_open:
                self._open[name] = stays
        return news

    def _read(self, connection: Connection, agent: str, at: int) -> _Tail:
        """Read the agent's tail: since the last moment before `at` at which no call held him."""
        mine = agent_span.c.agent == agent
        stands = and_(mine, agent_span.c.began_at < at, agent_span.c.state.in_(STANDINGS))
        since = connection.execute(select(func.max(agent_span.c.began_at)).where(stands)).scalar()
        begin = since or 0
        acts = select(agent_act).where(agent_act.c.agent == agent, agent_act.c.at >= begin)
        spans = select(agent_span).where(mine, agent_span.c.began_at >= begin).order_by(agent_span.c.began_at)
        tail = _Tail(
            since,
            NOBODY if since is None else _standing(connection, agent, since),
            [Act(*row) for row in connection.execute(acts)],
            spans=[Span(*row) for row in connection.execute(spans)],
        )
        for one in self._read_calls(connection, _held_by(connection, agent, begin)):
            stays = tuple(stay for stay in stays_of(one).get(agent, ()) if stay.began_at >= begin)
            if stays:
                tail.stays[one.id] = stays
        return tail


def _agents(connection: Connection) -> Iterator[str]:
    """Yield everybody who has acts or spans."""
    for column in (agent_act.c.agent, agent_span.c.agent):
        yield from values_of(connection, column)


def _of(news: dict[str, _News], agent: str, at: int) -> _News:
    told = news.get(agent)
    if told is None:
        told = news[agent] = _News(at)
    told.at = min(told.at, at)
    return told


def _held_by(connection: Connection, agent: str, since: int) -> set[str]:
    """Return the calls that have held the agent since a moment; perhaps some more."""
    offered = select(leg.c.call_id).where(leg.c.agent == agent, leg.c.agent != "", leg.c.began_at >= since)
    queries = (offered, *dialled_by(agent, since))
    return {name for query in queries for name in connection.execute(query).scalars()}


def dialled_by(agent: str, since: int) -> tuple[Select[str], Select[str]]:
    """Return the questions for the calls that the agent dialled: those that ended since a moment, those that go on.

    SQLite knows nothing of how many calls a desk or a caller has, so what must not pick the index is hidden from it.
    """
    of_no_desk = call.c.desk + "" == ""
    over = and_(call.c.caller == agent, call.c.began_at >= since - _LONGEST_CALL, call.c.ended_at >= since)
    going_on = and_(call.c.ended_at.is_(None), call.c.caller + "" == agent)
    ended = select(call.c.id).where(over, call.c.outcome == "answered", call.c.caller != "", of_no_desk)
    return ended, select(call.c.id).where(going_on, call.c.caller != "", of_no_desk)


def _standing(connection: Connection, agent: str, at: int) -> Standing:
    """Return what the agent was before a moment: by his last act of each kind."""
    standing = Standing(begun=True)
    last = []
    for names in (PRESENCES, REACHES):
        query = select(agent_act).where(agent_act.c.agent == agent, agent_act.c.at < at, agent_act.c.name.in_(names))
        order = (agent_act.c.at.desc(), agent_act.c.record.desc(), agent_act.c.place.desc())
        row = connection.execute(query.order_by(*order).limit(1)).one_or_none()
        if row is not None:
            last.append(Act(*row))
    for act in sorted(last, key=lambda one: (one.at, one.record, one.place)):
        standing = standing.after(act)
    return standing


def _renew(agent: str, tail: _Tail) -> tuple[list[Span], list[Span]]:
    """Walk the tail anew; return the spans whose rows are to be removed, and those that are new."""
    stays = [stay for some in tail.stays.values() for stay in some]
    spans = spans_of(agent, tail.acts, stays, since=tail.since, standing=tail.standing)
    before = tail.spans
    same = 0
    while same < min(len(spans), len(before)) and spans[same] == before[same]:
        same += 1
    removed = before[same:]
    tail.spans = spans
    if len(stays) > _LONGEST:
        _cut(tail, stays)
    return removed, spans[same:]


def _cut(tail: _Tail, stays: list[Stay]) -> None:
    """Shorten the tail: what lies far enough behind will hardly change, and then the database is asked."""
    behind = sorted(stay.began_at for stay in stays)[-_KEPT]
    place = len(tail.spans) - 1
    while place and (tail.spans[place].began_at >= behind or tail.spans[place].state == "wrap-up"):
        place -= 1
    tail.spans = tail.spans[place:]
    since = tail.since = tail.spans[0].began_at
    for act in sorted(tail.acts, key=lambda one: (one.at, one.record, one.place)):
        if act.at < since:
            tail.standing = tail.standing.after(act)
    tail.standing = tail.standing._replace(begun=True)
    tail.acts = [act for act in tail.acts if act.at >= since]
    kept = {
        name: tuple(stay for stay in some if stay.began_at >= since or stay.ended_at is None or stay.ended_at > since)
        for name, some in tail.stays.items()
    }
    tail.stays = {name: some for name, some in kept.items() if some}
