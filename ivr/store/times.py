"""What people ask of agents' time: what each one is now, and what he was in a part of the past."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection, func, or_, select

from ivr.ledger.agents import Span
from ivr.store.engine import open_existing
from ivr.store.migrate import told_errors
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
        begun = agent_span.c.began_at <= moment
        still = or_(agent_span.c.ended_at.is_(None), agent_span.c.ended_at > moment)
        with self._reading() as connection:
            rows = [Span(*row) for row in connection.execute(select(agent_span).where(begun, still))]
        return {span.agent: span for span in rows}

    def between(self, since: int, until: int, agent: str = "") -> list[Span]:
        """Return the spans within [since, until), cut at its edges, by agent and time; `agent` "" = everybody's."""
        query = select(agent_span).where(agent_span.c.began_at < until)
        query = query.where(or_(agent_span.c.ended_at.is_(None), agent_span.c.ended_at > since))
        if agent:
            query = query.where(agent_span.c.agent == agent)
        with self._reading() as connection:
            rows = connection.execute(query.order_by(agent_span.c.agent, agent_span.c.began_at))
            spans = [Span(*row) for row in rows]
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
