"""The tables. Every time is a UTC microsecond integer, so that SQLite and PostgreSQL hold the same values.

The journal is the record of truth: `journal_record` is its copy; `call`, `leg` and `fact` can be made again from it.
A record's id is its identity in the journal (`ivr.ledger.record.record_id`), so no row can ever be there twice.
No foreign keys: one writer makes all rows of a call in one transaction.
"""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    Double,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    Table,
    Text,
)

from ivr.store.proof_tables import proof_tables

_NAMES = {"ix": "ix_%(table_name)s_%(column_0_N_name)s", "uq": "uq_%(table_name)s_%(column_0_N_name)s"}
metadata = MetaData(naming_convention=_NAMES | {"pk": "pk_%(table_name)s"})


# SQLite's own row number has to be called INTEGER; anything else would be a second tree beside it.
_RECORD = BigInteger().with_variant(Integer, "sqlite")


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False, default="")


def _time(name: str, *, optional: bool = False) -> Column[int]:
    return Column(name, BigInteger, nullable=optional)


journal_position = Table(
    "journal_position",
    metadata,
    Column("node", Text, primary_key=True),
    Column("number", Integer, nullable=False, unique=True),
    _text("boot"),
    Column("file", Integer, nullable=False),
    Column("inode", BigInteger, nullable=False),
    _text("head"),
    Column("offset", BigInteger, nullable=False),
    _time("complete_to"),
)
"""How far each node's journal is loaded; everything that happened before `complete_to` is in."""

journal_record = Table(
    "journal_record",
    metadata,
    Column("id", _RECORD, primary_key=True, autoincrement=False),
    _text("event"),
    _time("at"),
    _text("uniqueid"),
    _text("linkedid"),
    *(
        _text(name)
        for name in ("channel", "name", "number", "exten", "context", "app", "app_arguments", "peer", "extra")
    ),
)

"""No index but its id: a call's row says between which records its own lie, and an index would cost every record."""

archived_file = Table(
    "archived_file",
    metadata,
    Column("first", BigInteger, primary_key=True, autoincrement=False),
    Column("last", BigInteger, nullable=False),
    Column("records", Integer, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    *(_text(name) for name in ("sha256", "folder", "name")),
    _time("archived_at"),
)
"""The archive's manifest: files with the records whose ids lie between first and last. See `ivr.store.records`."""

rejected_record = Table(
    "rejected_record",
    metadata,
    Column("id", _RECORD, primary_key=True, autoincrement=False),
    Column("raw", LargeBinary, nullable=False),
    _text("reason"),
)

call = Table(
    "call",
    metadata,
    Column("id", Text, primary_key=True),
    _text("node"),
    _time("began_at"),
    _time("ended_at", optional=True),
    *(_text(name) for name in ("desk", "number", "caller", "caller_name", "category", "source", "source_how")),
    *(_text(name) for name in ("language", "version")),
    Column("known", Boolean, nullable=False),
    *(_text(name) for name in ("outcome", "end_reason", "first_line", "last_line", "answered_by")),
    _time("connected_at", optional=True),
    Column("talked", BigInteger, nullable=False),
    _text("fallback"),
    Column("crashed", Boolean, nullable=False),
    *(_text(name) for name in ("direction", "agent")),
    Column("transfers", Integer, nullable=False, default=0),
    Column("held", BigInteger, nullable=False, default=0),
    _text("closed_by"),
    Column("evidence", BigInteger, nullable=False, default=0),
    Column("reopened", Integer, nullable=False, default=0),
    Column("first_record", BigInteger, nullable=False, default=0),
    Column("last_record", BigInteger, nullable=False, default=0),
    Index(None, "began_at"),
    Index(None, "desk", "began_at"),
    Index(None, "caller", "began_at"),
)
Index("ix_call_open", call.c.id, sqlite_where=call.c.ended_at.is_(None), postgresql_where=call.c.ended_at.is_(None))
leg = Table(
    "leg",
    metadata,
    Column("call_id", Text, primary_key=True),
    Column("place", Integer, primary_key=True, autoincrement=False),
    *(_text(name) for name in ("kind", "party", "line", "agent")),
    _time("began_at"),
    _time("answered_at", optional=True),
    _time("ended_at", optional=True),
    *(_text(name) for name in ("reason", "how", "target", "recording")),
    Column("recorded_from", BigInteger, nullable=False, default=0),
    sqlite_with_rowid=False,
)
_of_agent = leg.c.agent != ""
Index("ix_leg_agent_began_at", leg.c.agent, leg.c.began_at, sqlite_where=_of_agent, postgresql_where=_of_agent)

call_linkedid = Table(
    "call_linkedid",
    metadata,
    Column("linkedid", Text, primary_key=True),
    Column("call_id", Text, nullable=False, index=True),
    sqlite_with_rowid=False,
)
"""Linkedids that belong to a call of another name: a transfer, a pick-up or a parking made them one with it."""

ledger_version = Table("ledger_version", metadata, Column("fold", Integer, primary_key=True, autoincrement=False))
"""One row: the version of the fold (`ivr.ledger.fold.FOLD_VERSION`) that derived the tables."""

fact = Table(
    "fact",
    metadata,
    Column("record_id", BigInteger, primary_key=True, autoincrement=False),
    Column("place", Integer, primary_key=True, autoincrement=False),
    _text("call_id"),
    _time("at"),
    _text("name"),
    Column("details", Text, nullable=False),
    sqlite_with_rowid=False,
)
"""`details` is a JSON object. A call's facts are found between its first and last record."""

recording = Table(
    "recording",
    metadata,
    Column("name", Text, primary_key=True),
    Column("call_id", Text, nullable=False, index=True),
    Column("state", Text, nullable=False),
    _text("path"),
    Column("seconds", Double, nullable=False, default=0.0),
    Column("talk_seconds", Double, nullable=False, default=0.0),
    _text("sha256"),
    Column("bytes", BigInteger, nullable=False, default=0),
    _text("reason"),
    _time("verified_at", optional=True),
    Column("unheard", Text),
)
"""`unheard`: a JSON list of talks of which the agent's voice is not in it, by their leg's `recorded_from`."""
_awaiting = recording.c.state.in_(("expected", "failed"))
Index("ix_recording_awaiting", recording.c.name, sqlite_where=_awaiting, postgresql_where=_awaiting)

imported_system = Table(
    "imported_system",
    metadata,
    Column("name", Text, primary_key=True),
    Column("naming", Text, nullable=False),
)
"""An older telephone system whose files were imported; `naming` is its map, as JSON."""

imported_file = Table(
    "imported_file",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("digest", Text, nullable=False),
    *(_text(name) for name in ("system", "name", "form")),
    *(Column(name, BigInteger, nullable=False) for name in ("bytes", "taken", "there", "aside")),
    _time("first_at", optional=True),
    _time("last_at", optional=True),
    _time("imported_at"),
    Index("uq_imported_file_system_digest", "system", "digest", unique=True),
)
"""`there`: rows that an earlier file had brought already."""

imported_row = Table(
    "imported_row",
    metadata,
    Column("id", _RECORD, primary_key=True, autoincrement=False),
    Column("identity", BigInteger, nullable=False, unique=True),
    *(Column(name, Integer, nullable=False) for name in ("file", "line")),
    *(_text(name) for name in ("system", "story")),
    _time("at"),
    *(_text(name) for name in ("kind", "event", "uniqueid", "linkedid")),
    Column("fields", Text, nullable=False),
    Index("ix_imported_row_story", "system", "story", "at"),
    Index("ix_imported_row_file", "file", "story"),
)
"""The rows of older systems, as they were: their calls can be derived from them again. `fields` is a JSON object.

`id` is the file's number and the row's place in it; `identity` a hash of what the row says: the same in every file.
"""

imported_aside = Table(
    "imported_aside",
    metadata,
    *(Column(name, Integer, primary_key=True, autoincrement=False) for name in ("file", "place")),
    Column("line", Integer, nullable=False),
    *(_text(name) for name in ("raw", "reason")),
)
"""Lines of imported files that are no rows, with the reason."""

mailing = Table(
    "mailing",
    metadata,
    Column("schedule", Text, primary_key=True),
    Column("first", Date, primary_key=True),
    Column("recipient", Text, primary_key=True),
    Column("behind", Date, nullable=False),
    _text("state"),
    Column("attempts", Integer, nullable=False),
    _time("next_try"),
    _time("told_at"),
    _text("reason"),
)
"""Reports sent by e-mail, one row a letter: see `ivr.desk.ports_mail.Mailing`."""

mailing_since = Table(
    "mailing_since",
    metadata,
    Column("schedule", Text, primary_key=True),
    Column("recipient", Text, primary_key=True),
    _time("since"),
)
"""Since when a person is in a schedule: nobody gets the reports of the time before."""

agent_act = Table(
    "agent_act",
    metadata,
    Column("agent", Text, primary_key=True),
    Column("at", BigInteger, primary_key=True, autoincrement=False),
    Column("record", BigInteger, primary_key=True, autoincrement=False),
    Column("place", Integer, primary_key=True, autoincrement=False),
    _text("name"),
    _text("reason"),
    sqlite_with_rowid=False,
)
"""What agents did, and news of their telephones: the facts of the context `acts`."""

agent_span = Table(
    "agent_span",
    metadata,
    Column("agent", Text, primary_key=True),
    Column("began_at", BigInteger, primary_key=True, autoincrement=False),
    _time("ended_at", optional=True),
    *(_text(name) for name in ("state", "reason", "call_id")),
    sqlite_with_rowid=False,
)
"""Each agent's time without hole or overlap, from his first sign-in on; `ended_at` NULL: it goes on. The last spans may
lie in the future, where a wrap-up is to expire."""

journal_minute, asterisk_run, lost_channel, asterisk_minute, gap = proof_tables(metadata)
