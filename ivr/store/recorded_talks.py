"""Which talks a recording is to hold, and how long it should be, as the database is asked for it."""

from __future__ import annotations

from sqlalchemy import ColumnElement, FromClause, ScalarSelect, and_, case, func, select, true

from ivr.desk.recording_path import MESSAGE
from ivr.store.tables import call, fact, leg, recording

_SECOND = 1_000_000


def records(talk: FromClause, its: FromClause) -> ColumnElement[bool]:
    """Say whether the last line that the caller entered before a talk records; `its` is the talk's call.

    A `line` fact without a word on recording is of a journal from before there was one: all lines recorded then.
    """
    of_call = and_(fact.c.record_id.between(its.c.first_record, its.c.last_record), fact.c.call_id == talk.c.call_id)
    records = (
        select(~fact.c.details.contains('"record": "0"'))
        .where(of_call, fact.c.name == "line", fact.c.at <= talk.c.began_at)
        .order_by(fact.c.record_id.desc(), fact.c.place.desc())
        .limit(1)
        .correlate(talk, its)
    )
    return func.coalesce(records.scalar_subquery(), true())


def is_of(talk: FromClause) -> ColumnElement[bool]:
    """Say whether a talk is this recording's: a call has several when an agent asked somebody outside."""
    return talk.c.recording.in_(("", recording.c.name))


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
    talk, its = leg.alias(), call.alias()
    seconds = func.coalesce(func.sum((talk.c.ended_at - talk.c.began_at) / float(_SECOND)), 0.0)
    return (
        select(seconds)
        .select_from(talk.join(its, its.c.id == talk.c.call_id))
        .where(talk.c.call_id == recording.c.call_id, talk.c.kind == "talk", records(talk, its), is_of(talk))
        .correlate(recording)
        .scalar_subquery()
    )
