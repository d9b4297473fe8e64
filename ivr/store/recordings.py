"""Recordings in the database: what is awaited, what became of it, and what to hear."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal, TypeAlias

from sqlalchemy import (
    ColumnElement,
    Connection,
    Engine,
    Row,
    Select,
    and_,
    bindparam,
    case,
    func,
    or_,
    select,
    update,
)

from ivr.desk.expire_recordings import Keeps, Outlived
from ivr.desk.recording_path import MESSAGE, is_message
from ivr.desk.recordings import ExpectedRecording, State, Verdict
from ivr.store.coverage import tell
from ivr.store.message_texts import SAID, Said, await_texts, forget_texts, said_of
from ivr.store.recorded_talks import covered_talks, is_of, is_stay, private_times, spoken_seconds
from ivr.store.tables import call, leg, recording
from ivr.store.tables_texts import message_text
from ivr.store.totals import Totals

Kind: TypeAlias = Literal["talk", "voicemail"]
KINDS: tuple[Kind, ...] = ("talk", "voicemail")
_RETRIED = 7 * 86400
"""Seconds for which a failed recording is tried again while its raw audio is there."""
_SECOND = 1_000_000
_JUDGED = ("state", "path", "seconds", "sha256", "bytes", "reason", "unheard")
"""What a verdict says."""
_OUTLIVE: tuple[State, ...] = ("ok", "partial", "recovered", "failed")


@dataclass(frozen=True, slots=True)
class Talk:
    """One talk, or the message, that a recording covers."""

    line: str
    """Empty of a message, as is the agent."""
    agent: str
    began_at: float
    """UTC, seconds since 1970."""
    seconds: float


@dataclass(frozen=True, slots=True)
class Recording:
    """A recording with its call. Times are UTC, seconds since 1970."""

    name: str
    kind: Kind
    call_id: str
    state: State
    path: str
    seconds: float
    talk_seconds: float
    sha256: str
    bytes: int
    reason: str
    verified_at: float | None
    began_at: float
    desk: str
    caller: str
    line: str
    """The line of the last talk that it covers; empty of a message."""
    agent: str
    said: Said | None
    """Of a message that could be heard; None of talks."""


class SqlRecordings:
    """The store of `ivr.desk.recordings`, and the questions of the command line."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._totals = Totals()

    def awaiting(self) -> Sequence[ExpectedRecording]:
        """Return the expected recordings, and the failed ones of the last week."""
        lately = int((time.time() - _RETRIED) * _SECOND)
        wanted = or_(
            recording.c.state == "expected", and_(recording.c.state == "failed", recording.c.verified_at > lately)
        )
        query = (
            select(
                recording.c.name,
                recording.c.call_id,
                recording.c.state,
                call.c.began_at,
                call.c.ended_at,
                # Counted once, when the call is over: it means a walk over the call's facts.
                case(
                    (recording.c.state == "failed", recording.c.talk_seconds),
                    (call.c.ended_at.is_(None), 0.0),
                    else_=spoken_seconds(),
                ).label("talk_seconds"),
                call.c.crashed,
            )
            .join(call, call.c.id == recording.c.call_id)
            .where(wanted)
            .order_by(call.c.began_at, recording.c.name)
        )
        with self._engine.connect() as connection:
            rows = connection.execute(query).all()
            talks = covered_talks(connection, {row.name for row in rows if row.ended_at is not None})
            private = private_times(connection, {row.call_id for row in rows if not is_message(row.name)})
            return [
                ExpectedRecording(
                    name=row.name,
                    call_id=row.call_id,
                    began_at=row.began_at / _SECOND,
                    talk_seconds=row.talk_seconds,
                    call_open=row.ended_at is None,
                    crashed=row.crashed,
                    state=row.state,
                    talks=talks.get(row.name, ()),
                    private=() if is_message(row.name) else private.get(row.call_id, ()),
                )
                for row in rows
            ]

    def settle(self, *verdicts: Verdict) -> None:
        """Keep verdicts, each with the moment and the talk time that it was measured against; all of them or none."""
        change = (
            update(recording)
            .where(recording.c.name == bindparam("its_name"))
            .values(
                talk_seconds=spoken_seconds(),
                verified_at=int(time.time() * _SECOND),
                **{name: bindparam(f"new_{name}") for name in _JUDGED},
            )
        )
        rows = [
            {"its_name": verdict.name}
            | {f"new_{name}": getattr(verdict, name) for name in _JUDGED}
            | {"new_unheard": json.dumps(verdict.unheard) if verdict.unheard else None}
            for verdict in verdicts
        ]

        def settled(connection: Connection) -> None:
            connection.execute(change, rows)
            await_texts(connection, [verdict.name for verdict in verdicts if verdict.path])

        self._tell([verdict.name for verdict in verdicts], settled)

    def outlived(self, keeps: Keeps, now: float) -> Sequence[Outlived]:
        """Return the verified and failed recordings of ended calls that began longer ago than their desk keeps them."""
        limits = [
            and_(call.c.desk == desk, call.c.began_at < int((now - seconds) * _SECOND))
            for desk, seconds in keeps.by_desk.items()
        ]
        gone = call.c.desk.not_in(list(keeps.by_desk))
        limits.append(and_(gone, call.c.began_at < int((now - keeps.otherwise) * _SECOND)))
        query = (
            select(recording.c.name, recording.c.state, call.c.desk, call.c.node, call.c.began_at)
            .join(call, call.c.id == recording.c.call_id)
            .where(recording.c.state.in_(_OUTLIVE), call.c.ended_at.is_not(None), or_(*limits))
            .order_by(call.c.began_at, recording.c.name)
        )
        with self._engine.connect() as connection:
            return [
                Outlived(row.name, row.desk, row.node, row.began_at / _SECOND, row.state)
                for row in connection.execute(query)
            ]

    def expire(self, reasons: Mapping[str, str]) -> None:
        """Note of recordings that they are expired and have no file, with the reason; what was measured stays.

        What was said in them goes with them.
        """
        change = (
            update(recording)
            .where(recording.c.name == bindparam("its_name"))
            .values(state="expired", path="", reason=bindparam("why"), verified_at=int(time.time() * _SECOND))
        )
        rows = [{"its_name": name, "why": why} for name, why in reasons.items()]

        def expired(connection: Connection) -> None:
            connection.execute(change, rows)
            forget_texts(connection, reasons)

        self._tell(list(reasons), expired)

    def listed(
        self,
        states: Sequence[State] = (),
        since: float | None = None,
        limit: int | None = None,
        kind: Kind | None = None,
    ) -> list[Recording]:
        """Return recordings, the latest call first, of the states (empty = all), the kind, the calls since a moment."""
        query = _recordings().order_by(call.c.began_at.desc(), recording.c.name.desc()).limit(limit)
        if states:
            query = query.where(recording.c.state.in_(states))
        if kind is not None:
            message = recording.c.name.endswith(MESSAGE)
            query = query.where(message if kind == "voicemail" else ~message)
        if since is not None or not (states or kind):
            # A bound leads SQLite by the calls' time, so that a page of the newest is read and no more.
            query = query.where(call.c.began_at >= int((since or 0) * _SECOND))
        with self._engine.connect() as connection:
            return [_recording(row) for row in connection.execute(query)]

    def find(self, wanted: str) -> list[Recording]:
        """Return the recordings of this name or of this call; empty when there are none."""
        query = _recordings().where(or_(recording.c.name == wanted, recording.c.call_id == wanted))
        with self._engine.connect() as connection:
            return [_recording(row) for row in connection.execute(query.order_by(recording.c.name))]

    def talks(self, call_id: str) -> list[Talk]:
        """Return the talks of a call that are to be recorded, in their order: what its recording holds, one by one."""
        return self._spans(call_id, leg.c.began_at, leg.c.kind == "talk", leg.c.recording != "")

    def messages(self, call_id: str) -> list[Talk]:
        """Return what a call left in the voicemail, from the tone on."""
        return self._spans(call_id, leg.c.answered_at, is_stay(leg))

    def _tell(self, names: Sequence[str], change: Callable[[Connection], object]) -> None:
        try:
            with self._engine.connect().execution_options(writes=True) as connection, connection.begin():
                tell(connection, self._totals, names, partial(change, connection))
        except BaseException:
            self._totals.forget()
            raise

    def _spans(self, call_id: str, began_at: ColumnElement[Any], *which: ColumnElement[bool]) -> list[Talk]:
        query = (
            select(leg.c.line, leg.c.agent, began_at.label("began"), leg.c.ended_at)
            .join(call, call.c.id == leg.c.call_id)
            .where(leg.c.call_id == call_id, leg.c.ended_at.is_not(None), *which)
            .order_by(began_at, leg.c.place)
        )
        with self._engine.connect() as connection:
            rows = connection.execute(query).all()
        return [Talk(row.line, row.agent, row.began / _SECOND, (row.ended_at - row.began) / _SECOND) for row in rows]


def _recordings() -> Select[tuple[object, ...]]:
    talk = leg.alias()
    last = (
        select(func.max(talk.c.place))
        .where(talk.c.call_id == recording.c.call_id, talk.c.kind == "talk", is_of(talk))
        .correlate(recording)
        .scalar_subquery()
    )
    talked = ~recording.c.name.endswith(MESSAGE)
    last_talk = and_(leg.c.call_id == recording.c.call_id, leg.c.place == last, talked)
    columns = (*recording.c, call.c.began_at, call.c.desk, call.c.caller, leg.c.line, leg.c.agent)
    found = select(*columns, *SAID).join(call, call.c.id == recording.c.call_id).outerjoin(leg, last_talk)
    return found.outerjoin(message_text, message_text.c.name == recording.c.name)


def _recording(row: Row[tuple[object, ...]]) -> Recording:
    return Recording(
        name=row.name,
        kind="voicemail" if is_message(row.name) else "talk",
        call_id=row.call_id,
        state=row.state,
        path=row.path,
        seconds=row.seconds,
        talk_seconds=row.talk_seconds,
        sha256=row.sha256,
        bytes=row.bytes,
        reason=row.reason,
        verified_at=None if row.verified_at is None else row.verified_at / _SECOND,
        began_at=row.began_at / _SECOND,
        desk=row.desk,
        caller=row.caller,
        line=row.line or "",
        agent=row.agent or "",
        said=said_of(row),
    )
