"""Recordings' coverage in the totals: it follows the calls, and every later word on a recording."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection, Iterable, Mapping

from sqlalchemy import Connection, and_, insert, select

from ivr.desk.ports_report import Lacking
from ivr.ledger.call import Call
from ivr.reports.recorded import ALLOWED, EXPIRED, Audio, recorded_talks, recording_tallies
from ivr.reports.tally import Tally, taken_out
from ivr.store.bulk import one_of
from ivr.store.stored import closed_calls
from ivr.store.tables import call, leg, recording
from ivr.store.totals import Sums, Totals, add_tallies

_AT_ONCE = 20_000


def keep_coverage(connection: Connection, before: Collection[Call], now: Collection[Call]) -> list[Tally]:
    """Return what calls that were changed (`before`, as they were) or are new contribute."""
    return taken_out(coverage_tallies(connection, before)) + coverage_tallies(connection, now)


def coverage_tallies(connection: Connection, calls: Collection[Call]) -> list[Tally]:
    """Return what the calls contribute, by what is known of their recordings now."""
    known = recordings_of(connection, calls)
    return [found for one in calls for found in recording_tallies(one, known)]


def recordings_of(connection: Connection, calls: Collection[Call]) -> dict[str, Audio]:
    """Return what is known of the recordings of these calls' talks, by name."""
    names = {talk.recording for one in calls for talk in recorded_talks(one)}
    return _known(connection, names) if names else {}


def tell(connection: Connection, totals: Totals, names: Collection[str], change: Callable[[], object]) -> None:
    """Make a change of these recordings, with what it changes in the totals.

    The totals are locked first: a loader that ends one of the calls at this moment sees the change, or is seen.
    """
    totals.open(connection)
    calls = closed_calls(connection, _calls_of(connection, names))
    sums: Sums = {}
    add_tallies(sums, taken_out(coverage_tallies(connection, calls)))
    change()
    add_tallies(sums, coverage_tallies(connection, calls))
    # No journal has parts so small, and nobody else is here in the same microsecond.
    totals.add(connection, sums, part=time.time_ns() // 1000, newest=0)


def copy_recordings(kept: Connection, scratch: Connection) -> None:
    """Take the recordings over as they are: no journal tells what became of them."""
    result = kept.execution_options(yield_per=_AT_ONCE).execute(select(recording))
    for rows in result.partitions(_AT_ONCE):
        scratch.execute(insert(recording), [dict(row._mapping) for row in rows])  # noqa: SLF001 - its public name


def lacking_between(
    connection: Connection, since: int, until: int, where: Mapping[str, Iterable[str]], limit: int
) -> list[Lacking]:
    """Return the talks that began in the time and lack audio, the newest first; the time is about a day."""
    length = leg.c.ended_at - leg.c.began_at
    columns = {"desk": call.c.desk, "line": leg.c.line, "agent": leg.c.agent}
    mine = [columns[name].in_(list(values)) for name, values in where.items() if name in columns]
    query = (
        select(call, *(leg.c[name].label(f"leg_{name}") for name in ("line", "agent", "began_at", "recorded_from")),
               length.label("length"), recording.c.state, recording.c.seconds, recording.c.reason,
               recording.c.unheard)
        .join(leg, and_(leg.c.call_id == call.c.id, leg.c.kind == "talk", leg.c.recording != ""))
        .join(recording, recording.c.name == leg.c.recording)
        .where(call.c.began_at > since - 86_400_000_000, call.c.began_at < until, call.c.ended_at.is_not(None))
        .where(leg.c.began_at >= since, leg.c.began_at < until, length > ALLOWED, recording.c.state != EXPIRED, *mine)
        .order_by(leg.c.began_at.desc(), leg.c.call_id)
    )  # fmt: skip
    found: list[Lacking] = []
    for row in connection.execute(query):
        audio = (
            0 if row.leg_recorded_from in _unheard(row.unheard) else round(row.seconds * 1e6) - row.leg_recorded_from
        )
        missing = row.length - max(0, min(row.length, audio))
        if missing > ALLOWED:
            agent = row.caller if row.direction == "out" else row.leg_agent
            place = (row.id, row.leg_began_at, row.desk, row.leg_line, agent, row.caller)
            found.append(Lacking(*place, row.length, missing, row.state, row.reason))
            if len(found) == limit:
                break
    return found


def _known(connection: Connection, names: Collection[str]) -> dict[str, Audio]:
    columns = (recording.c.name, recording.c.state, recording.c.seconds, recording.c.reason, recording.c.unheard)
    rows = connection.execute(select(*columns).where(one_of(connection, recording.c.name, names)))
    return {row.name: Audio(row.state, round(row.seconds * 1e6), row.reason, _unheard(row.unheard)) for row in rows}


def _unheard(places: str | None) -> frozenset[int]:
    return frozenset(json.loads(places)) if places else frozenset()


def _calls_of(connection: Connection, names: Collection[str]) -> list[str]:
    query = select(recording.c.call_id).where(one_of(connection, recording.c.name, names)).distinct()
    return list(connection.execute(query).scalars())
