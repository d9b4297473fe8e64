"""What people ask of agents' time: what each one is now, and what he was in a part of the past."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, func, select

from ivr.ledger.agents import Span
from ivr.store.engine import open_existing
from ivr.store.migrate import told_errors
from ivr.store.seek import values_of
from ivr.store.tables import agent_span, journal_position


class Times:
    """Reads agents' time. Every method raises `DeskError` when the database cannot be used."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._engine = open_existing(url)

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    def complete_to(self) -> int:
        """Return the moment up to which every node's journal is loaded; 0 when nothing ever was."""
        with self._reading() as connection:
            return connection.execute(select(func.min(journal_position.c.complete_to))).scalar() or 0

    def at(self, moment: int) -> dict[str, Span]:
        """Return what each agent is at a moment (UTC microseconds); who has not come yet is left out."""
        with self._reading() as connection:
            every = [_last_begun(connection, agent, moment) for agent in values_of(connection, agent_span.c.agent)]
        spans = [span for span in every if span and (span.ended_at is None or span.ended_at > moment)]
        return {span.agent: span for span in spans}

    def between(self, since: int, until: int, agent: str = "") -> list[Span]:
        """Return the spans within [since, until), cut at its edges, by agent and time; `agent` "" = everybody's."""
        spans: list[Span] = []
        with self._reading() as connection:
            for one in [agent] if agent else list(values_of(connection, agent_span.c.agent)):
                first = _last_begun(connection, one, since)
                begun = first.began_at if first else since
                mine = (agent_span.c.agent == one, agent_span.c.began_at >= begun, agent_span.c.began_at < until)
                rows = connection.execute(select(agent_span).where(*mine).order_by(agent_span.c.began_at))
                every = [Span(*row) for row in rows]
                spans += [span for span in every if span.ended_at is None or span.ended_at > since]
        return [
            span._replace(
                began_at=max(span.began_at, since),
                ended_at=until if span.ended_at is None else min(span.ended_at, until),
            )
            for span in spans
        ]

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with told_errors(self._url), self._engine.connect() as connection:
            yield connection


def _last_begun(connection: Connection, agent: str, moment: int) -> Span | None:
    """Return the agent's span that began last: his spans leave no hole, so one that began earlier is over."""
    begun = (agent_span.c.agent == agent, agent_span.c.began_at <= moment)
    last = select(agent_span).where(*begun).order_by(agent_span.c.began_at.desc()).limit(1)
    row = connection.execute(last).one_or_none()
    return Span(*row) if row else None
