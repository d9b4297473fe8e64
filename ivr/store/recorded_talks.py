"""Which talks a recording is to hold, and how long it should be, as the database is asked for it."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy import ColumnElement, Connection, FromClause, ScalarSelect, and_, case, func, select

from ivr.desk.recording_path import MESSAGE
from ivr.desk.recordings import Covered
from ivr.store.tables import leg, recording

_SECOND = 1_000_000


def is_of(talk: FromClause) -> ColumnElement[bool]:
    """Say whether a talk is to be in this recording: a call has several when an agent asked somebody outside."""
    return talk.c.recording == recording.c.name


def private_times(connection: Connection, calls: Collection[str]) -> dict[str, list[tuple[float, float]]]:
    """Return, by call, the talks that are not to be recorded and lie in its recording: from and to, seconds in it."""
    began, ended = leg.c.recorded_from, leg.c.recorded_from + leg.c.ended_at - leg.c.began_at
    query = select(leg.c.call_id, began.label("began"), ended.label("ended")).where(
        leg.c.call_id.in_(calls), leg.c.kind == "talk", leg.c.how == "silenced", leg.c.ended_at.is_not(None)
    )
    found: dict[str, list[tuple[float, float]]] = {}
    for row in connection.execute(query) if calls else ():
        found.setdefault(row.call_id, []).append((row.began / _SECOND, row.ended / _SECOND))
    return found


def covered_talks(connection: Connection, names: Collection[str]) -> dict[str, list[Covered]]:
    """Return, by recording, the talks that it is to hold and that are over."""
    query = select(leg.c.recording, leg.c.agent, leg.c.recorded_from, leg.c.ended_at - leg.c.began_at).where(
        leg.c.call_id.in_(select(recording.c.call_id).where(recording.c.name.in_(names))),
        leg.c.kind == "talk",
        leg.c.recording.in_(names),
        leg.c.ended_at.is_not(None),
    )
    found: dict[str, list[Covered]] = {}
    for name, agent, place, length in connection.execute(query) if names else ():
        found.setdefault(name, []).append(Covered(agent, place, length / _SECOND))
    return found


def is_stay(stay: FromClause) -> ColumnElement[bool]:
    """Say whether a leg is a stay in the voicemail that came to the tone: its `answered_at`."""
    return and_(stay.c.kind == "voicemail", stay.c.answered_at.is_not(None))


def spoken_seconds() -> ColumnElement[float]:
    """Return how long a recording should be."""
    return case((recording.c.name.endswith(MESSAGE), _message_seconds()), else_=_talk_seconds())


def _message_seconds() -> ScalarSelect[float]:
    stay = leg.alias()
    seconds = func.coalesce(func.sum((stay.c.ended_at - stay.c.answered_at) / float(_SECOND)), 0.0)
    query = select(seconds).where(stay.c.call_id == recording.c.call_id, is_stay(stay))
    return query.correlate(recording).scalar_subquery()


def _talk_seconds() -> ScalarSelect[float]:
    """Return how long the talks of a recording's call lasted that it should cover."""
    talk = leg.alias()
    seconds = func.coalesce(func.sum((talk.c.ended_at - talk.c.began_at) / float(_SECOND)), 0.0)
    return (
        select(seconds)
        .where(talk.c.call_id == recording.c.call_id, talk.c.kind == "talk", is_of(talk))
        .correlate(recording)
        .scalar_subquery()
    )
