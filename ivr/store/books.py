"""The ledger as reports read it: `ivr.desk.ports_report.Books` on SQLite or PostgreSQL."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from itertools import islice

from sqlalchemy import ColumnElement, Connection, and_, select, true

from ivr.desk.ports_report import Debt, Lacking
from ivr.ledger.call import Call
from ivr.ledger.card import Card
from ivr.ledger.gap import Freshness
from ivr.reports.agent_time import Span
from ivr.reports.bins import EDGES
from ivr.reports.contacts import Contact, Missed
from ivr.reports.recorded import Recorded
from ivr.reports.repeats import Series
from ivr.reports.statement import Carded
from ivr.reports.tally import KEYS, Subject
from ivr.store.bulk import one_of, table_of
from ivr.store.cards import cards_between, project_cards
from ivr.store.completeness import freshness
from ivr.store.coverage import lacking_between, recordings_of
from ivr.store.engine import open_existing
from ivr.store.grains import day_of
from ivr.store.message_texts import said_by
from ivr.store.migrate import told_errors
from ivr.store.missed import missed_between
from ivr.store.promises import promised_in
from ivr.store.repeats import contacts_between, series_between
from ivr.store.shelves import SHELVES
from ivr.store.spans import spans_between
from ivr.store.stored import whole_calls
from ivr.store.sums import Sums, Wanted, sums
from ivr.store.tables import call
from ivr.store.tables_missed import missed
from ivr.store.tables_totals import total_cell, total_state
from ivr.telephony.number import same_number, spellings

_LONGEST_CALL = 86_400_000_000
"""No call lasts longer than a day, so none that began earlier touches a time."""
_AT_ONCE = 500
_COLUMNS = {"desk": call.c.desk, "number": call.c.number, "version": call.c.version, "category": call.c.category}
_COLUMNS |= {"source": call.c.source, "how": call.c.source_how}


class SqlBooks:
    """Reads a ledger; closes with `close()`."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._engine = open_existing(url)

    def close(self) -> None:
        """Let go of the database."""
        self._engine.dispose()

    def zone(self) -> str:
        """Return the zone whose days the totals keep."""
        with self._reading() as connection:
            return connection.execute(select(total_state.c.zone)).scalar() or "UTC"

    def freshness(self) -> Freshness:
        """Return how far the ledger can be trusted."""
        with self._reading() as connection:
            return freshness(connection)

    def sums(
        self,
        subject: Subject,
        since: int,
        until: int,
        *,
        zone: str,
        where: Mapping[str, Collection[str]],
        by: tuple[str, ...],
        time: str,
    ) -> Sums:
        """Return the totals of a subject."""
        with self._reading() as connection:
            return sums(connection, Wanted(subject, since, until, zone, where, by, time))

    def day_sums(
        self,
        subject: Subject,
        days: Sequence[tuple[int, int]],
        *,
        where: Mapping[str, Collection[str]],
        by: tuple[str, ...],
        measures: frozenset[str],
    ) -> Sums:
        """Return the totals of these days of the ledger's zone, by day."""
        zone = self.zone()
        with self._reading() as connection:
            return sums(connection, Wanted(subject, 0, 0, zone, where, by, "day", days, measures))

    def cards(self, project: str, since: int, until: int) -> list[Carded]:
        """Return a project's cards of calls that began in the time, with their calls."""
        with self._reading() as connection:
            return project_cards(connection, project, since, until)

    def values(self, key: str) -> set[str]:
        """Return what the key has ever been."""
        found: set[str] = set()
        with self._reading() as connection:
            for shelf in SHELVES:
                if key in shelf.keys:
                    names = select(total_cell.c.names).where(total_cell.c.shelf == shelf.number)
                    place = shelf.keys.index(key)
                    found.update(json.loads(text)[place] for text in connection.execute(names).scalars())
        return found

    def calls(self, since: int, until: int, where: Mapping[str, Collection[str]]) -> Iterator[Call]:
        """Yield the closed calls that touch the time, oldest first."""
        query = (
            select(call)
            .where(call.c.began_at >= since - _LONGEST_CALL, call.c.began_at < until, call.c.ended_at >= since)
            .where(_among(where))
            .order_by(call.c.began_at, call.c.id)
        )
        with self._reading() as connection:
            result = connection.execution_options(yield_per=_AT_ONCE).execute(query)
            for rows in result.partitions(_AT_ONCE):
                with self._reading() as other:
                    yield from whole_calls(other, rows)

    def slowest(
        self, since: int, until: int, where: Mapping[str, Collection[str]], *, budget: int, limit: int
    ) -> list[Call]:
        """Return the newest calls whose time to human was longer than the budget.

        The totals tell on which days there are any, so that only those days are looked through.
        """
        found: list[Call] = []
        kept = {name: values for name, values in where.items() if name in KEYS["call"]}
        with self._reading() as connection:
            zone = connection.execute(select(total_state.c.zone)).scalar() or "UTC"
            over = {f"to_human.{place}" for place, edge in enumerate(EDGES) if edge > budget}
            for first, behind in self._days_with(connection, Wanted("call", since, until, zone, kept), over):
                late = call.c.connected_at - call.c.began_at > budget
                query = (
                    select(call)
                    .where(call.c.began_at >= max(since, first), call.c.began_at < min(until, behind), late)
                    .where(call.c.desk != "", call.c.ended_at.is_not(None), _among(where))
                    .order_by(call.c.began_at.desc(), call.c.id.desc())
                    .limit(limit - len(found))
                )
                found += [Call._make((*row, (), (), (), ())) for row in connection.execute(query)]
                if len(found) >= limit:
                    break
        return found

    def series(self, since: int, until: int, where: Mapping[str, Collection[str]], limit: int) -> list[Series]:
        """Return the series of a number's calls whose last call was in the time, those of most calls first."""
        with self._reading() as connection:
            return series_between(connection, since, until, where, limit)

    def lacking(self, since: int, until: int, where: Mapping[str, Collection[str]], limit: int) -> list[Lacking]:
        """Return the talks that should have been recorded and are not, or not whole, the newest first.

        The totals tell on which days there are any, so that only those days are looked through.
        """
        found: list[Lacking] = []
        with self._reading() as connection:
            zone = connection.execute(select(total_state.c.zone)).scalar() or "UTC"
            wanted = Wanted("recording", since, until, zone, where)
            for first, behind in self._days_with(connection, wanted, {"lacking"}):
                span = max(since, first), min(until, behind)
                found += lacking_between(connection, *span, where, limit - len(found))
                if len(found) >= limit:
                    break
        return found

    def recorded(self, since: int, until: int) -> Iterator[tuple[Call, Recorded]]:
        """Yield the closed calls that touch the time with their recordings, oldest first."""
        with self._reading() as connection:
            calls = self.calls(since, until, {})
            while some := list(islice(calls, _AT_ONCE)):
                known = recordings_of(connection, some)
                yield from ((one, known) for one in some)

    def contacts(self, since: int, until: int) -> Iterator[Contact]:
        """Yield the calls of numbers from outside that began in the time, oldest first."""
        with self._reading() as connection:
            yield from contacts_between(connection, since, until)

    def spans(self, since: int, until: int, agents: Collection[str] = ()) -> Iterator[tuple[Span, str]]:
        """Yield agents' spans that touch the time and are over, each with its call; no agents = all."""
        names = set(agents) or self.values("agent") - {""}
        with self._reading() as connection:
            yield from spans_between(connection, since, until, names)

    def written(self, since: int, until: int) -> Mapping[str, Card]:
        """Return the cards, by call, of calls that began in the time."""
        with self._reading() as connection:
            return cards_between(connection, since, until)

    def missed(self, since: int, until: int, limit: int) -> list[tuple[Missed, str]]:
        """Return the first rows of missed calls that began in the time, oldest first, each with its desk."""
        with self._reading() as connection:
            return missed_between(connection, since, until, limit)

    def debts(self, where: Mapping[str, Collection[str]], limit: int) -> list[Debt]:
        """Return the numbers that are still owed a talk, whose last call was latest first."""
        conditions = [missed.c[name].in_(list(values)) for name, values in where.items() if name in ("desk", "line")]
        query = select(missed).where(missed.c.returned_at.is_(None), *conditions)
        with self._reading() as connection:
            rows = connection.execute(query.order_by(missed.c.last_at.desc(), missed.c.number).limit(limit)).all()
            owners = _owners(connection, {row.number for row in rows})
            promised = promised_in(connection, {row.last_call for row in rows})
            said = said_by(connection, {row.number: (row.first_at, row.last_at) for row in rows})
            return [
                Debt(
                    row.number,
                    row.desk,
                    row.line,
                    row.first_at,
                    row.last_at,
                    row.calls,
                    row.tries,
                    owners.get(row.number, ""),
                    row.last_call,
                    said.get(row.number, ""),
                    promised.get(row.last_call),
                )
                for row in rows
            ]

    def _days_with(self, connection: Connection, wanted: Wanted, any_of: set[str]) -> Iterator[tuple[int, int]]:
        """Yield the days, the newest first, that have any of these measures."""
        times = sums(connection, wanted._replace(time="day start"))
        starts = sorted((int(start) for (start,), measures in times.items() if any_of & measures.keys()), reverse=True)
        yield from dict.fromkeys(day_of(start, wanted.zone) for start in starts)

    @contextmanager
    def _reading(self) -> Iterator[Connection]:
        with told_errors(self._url), self._engine.connect() as connection:
            yield connection


def _owners(connection: Connection, numbers: Collection[str]) -> Mapping[str, str]:
    """Return the agent with whom each number spoke last; numbers that spoke with nobody are left out."""
    written = table_of(connection, [way for number in numbers for way in spellings(number)])
    his = (call.c.caller == written.c.value, call.c.desk != "", call.c.answered_by != "")
    last = select(call.c.id).where(*his).order_by(call.c.began_at.desc()).limit(1).correlate(written).scalar_subquery()
    spoke = connection.execute(select(last).select_from(written)).scalars()
    ids = one_of(connection, call.c.id, [name for name in spoke if name is not None])
    calls = connection.execute(select(call.c.caller, call.c.answered_by).where(ids).order_by(call.c.began_at))
    return {same_number(caller): agent for caller, agent in calls}


def _among(where: Mapping[str, Collection[str]]) -> ColumnElement[bool]:
    """Return the condition on a call; of keys that a call has not itself nothing."""
    conditions = [_COLUMNS[name].in_(list(values)) for name, values in where.items() if name in _COLUMNS]
    return and_(true(), *conditions)
