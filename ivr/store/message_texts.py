"""Texts of messages in the database: which wait, what was written, and the first words of each."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, NamedTuple

from sqlalchemy import (
    Connection,
    Engine,
    Row,
    and_,
    bindparam,
    delete,
    exists,
    func,
    literal_column,
    or_,
    select,
    update,
)

from ivr.desk.ports_recognizer import MOST_TRIES, Heard, Message
from ivr.desk.recording_path import is_message
from ivr.store.bulk import add_missing, one_of
from ivr.store.tables import call, recording
from ivr.store.tables_texts import message_text
from ivr.telephony.number import same_number, spellings

RETRY = 600.0
"""Seconds between two tries of a message."""
_SECOND = 1_000_000
_EMPTY = {"language": "", "engine": "", "model": "", "text": "", "confidence": 0.0, "reason": "", "written_at": None}
_GONE = "the program was ended in the middle of it each time"
_WAITS = message_text.c.state == literal_column("'awaiting'")
"""Written out, not as a parameter: SQLite takes the index of those that wait for no other."""
_AUDIBLE = exists().where(recording.c.name == message_text.c.name, recording.c.path != "")


class Said(NamedTuple):
    """What became of a message's text. Personal."""

    state: str
    """`awaiting`, `written`, or `failed`."""
    text: str
    confidence: float
    language: str
    engine: str
    model: str
    written_at: float | None
    """UTC, seconds since 1970."""
    reason: str
    """Why there is no text yet, or none."""


SAID = [message_text.c[name].label(f"said_{name}") for name in Said._fields]
"""The columns of which `said_of` reads what was said."""


class SqlMessageTexts:
    """`ivr.desk.ports_recognizer.MessageTexts` of the messages that one machine has recorded."""

    def __init__(self, engine: Engine, node: str, clock: Callable[[], float] = time.time) -> None:
        """`clock` gives UTC seconds since 1970."""
        self._engine = engine
        self._node = node
        self._clock = clock

    def next(self, languages: Collection[str], spoken: Mapping[str, str]) -> Message | None:
        """Return the message to be written out next: the fewest tries first, then the newest.

        The loader tries one at a time, so whatever waits with all its tries behind it died in the last of them.
        """
        self._give_up()
        desks = [desk for desk, language in spoken.items() if language in languages]
        by_desk = and_(call.c.language == "", call.c.desk.in_(desks))
        late = int((self._clock() - RETRY) * _SECOND)
        columns = (recording.c.name, recording.c.call_id, recording.c.path, recording.c.seconds)
        query = (
            select(*columns, call.c.language, call.c.desk, message_text.c.tries)
            .join(recording, recording.c.name == message_text.c.name)
            .join(call, call.c.id == recording.c.call_id)
            .where(_WAITS, recording.c.path != "", call.c.node == self._node)
            .where(or_(message_text.c.tries == 0, message_text.c.tried_at < late))
            .where(or_(call.c.language.in_(list(languages)), by_desk))
            .order_by(message_text.c.tries, call.c.began_at.desc(), recording.c.name)
            .limit(1)
        )
        with self._engine.connect() as connection:
            row = connection.execute(query).one_or_none()
        if row is None:
            return None
        language = row.language or spoken[row.desk]
        return Message(row.name, row.call_id, row.path, row.seconds, language, row.tries)

    def begin(self, name: str) -> None:
        """Count a try before it is made."""
        self._change(name, tries=message_text.c.tries + 1, tried_at=self._now())

    def give_back(self, name: str) -> None:
        """Take a try back."""
        self._change(name, tries=message_text.c.tries - 1, tried_at=None)

    def keep(self, name: str, language: str, heard: Heard) -> bool:
        """Keep the text, once; say whether it was kept: a recording that was removed meanwhile has no row here."""
        found = {"text": heard.text, "confidence": heard.confidence, "engine": heard.engine, "model": heard.model}
        return self._change(name, state="written", language=language, written_at=self._now(), reason="", **found)

    def fail(self, name: str, reason: str) -> bool:
        """Note why a try gave no text; say whether it was the last one."""
        self._change(name, reason=reason)
        return self._change(name, message_text.c.tries >= MOST_TRIES, state="failed")

    def again(self, name: str) -> bool:
        """Let a message wait anew, whatever became of it; say whether there is one that can be heard."""
        change = update(message_text).where(message_text.c.name == name, _AUDIBLE)
        with self._engine.execution_options(writes=True).begin() as connection:
            values = _EMPTY | {"state": "awaiting", "tries": 0, "tried_at": None}
            return connection.execute(change.values(**values)).rowcount > 0

    def _give_up(self) -> None:
        query = (
            select(message_text.c.name)
            .join(recording, recording.c.name == message_text.c.name)
            .join(call, call.c.id == recording.c.call_id)
            .where(_WAITS, message_text.c.tries >= MOST_TRIES, call.c.node == self._node)
        )
        with self._engine.connect() as connection:
            names = connection.execute(query).scalars().all()
        for name in names:
            self._change(name, state="failed", reason=func.coalesce(func.nullif(message_text.c.reason, ""), _GONE))

    def _change(self, name: str, *only: Any, **values: Any) -> bool:
        wanted = (message_text.c.name == name, _WAITS, *only)
        with self._engine.execution_options(writes=True).begin() as connection:
            return connection.execute(update(message_text).where(*wanted).values(**values)).rowcount > 0

    def _now(self) -> int:
        return int(self._clock() * _SECOND)


def said_of(row: Row[Any]) -> Said | None:
    """Return what became of a message's text, from a row with the columns `SAID`; None of what is no message."""
    if row.said_state is None:
        return None
    said = Said(*(getattr(row, column.name) for column in SAID))
    return said._replace(written_at=said.written_at and said.written_at / _SECOND)


def await_texts(connection: Connection, audible: Iterable[str]) -> None:
    """Let the messages among these recordings, which can be heard now, wait to be written out."""
    new = {"state": "awaiting", "tries": 0, "tried_at": None} | _EMPTY
    rows = [new | {"name": name} for name in audible if is_message(name)]
    if rows:
        add_missing(connection, message_text, [tuple(row[column.name] for column in message_text.c) for row in rows])


def forget_texts(connection: Connection, names: Iterable[str]) -> None:
    """Remove the texts of recordings that are removed."""
    rows = [{"gone": name} for name in names if is_message(name)]
    if rows:
        connection.execute(delete(message_text).where(message_text.c.name == bindparam("gone")), rows)


def said_by(connection: Connection, spans: Mapping[str, tuple[int, int]]) -> dict[str, str]:
    """Return what callers said last into the voicemail, by number; `spans`: between which moments each called.

    Numbers are compared in all their spellings. Who said nothing that was understood is left out.
    """
    if not spans or connection.execute(select(message_text.c.name).limit(1)).first() is None:
        return {}
    ways = [way for number in spans for way in spellings(number)]
    query = (
        select(call.c.caller, call.c.began_at, message_text.c.text)
        .join(recording, recording.c.call_id == call.c.id)
        .join(message_text, message_text.c.name == recording.c.name)
        .where(one_of(connection, call.c.caller, ways), call.c.began_at >= min(since for since, _ in spans.values()))
        .where(message_text.c.text != "")
        .order_by(call.c.began_at)
    )
    found: dict[str, str] = {}
    for caller, at, text in connection.execute(query):
        number = same_number(caller)
        since, until = spans.get(number, (0, -1))
        if since <= at <= until:
            found[number] = text
    return found
