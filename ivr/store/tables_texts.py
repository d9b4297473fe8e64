"""The table of messages' texts."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Double, Index, Integer, Table, Text

from ivr.store.tables import metadata

message_text = Table(
    "message_text",
    metadata,
    Column("name", Text, primary_key=True),
    Column("state", Text, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("tried_at", BigInteger),
    *(Column(name, Text, nullable=False) for name in ("language", "engine", "model", "text")),
    Column("confidence", Double, nullable=False),
    Column("written_at", BigInteger),
    Column("reason", Text, nullable=False),
)
"""What callers said into the voicemail, by their recording's name: personal, and gone with the recording.

No journal tells it, so it stays when the ledger is made anew. `state`: `awaiting`, `written` or `failed`. `text` is
empty when nothing was understood.
"""
_awaiting = message_text.c.state == "awaiting"
Index("ix_message_text_awaiting", message_text.c.name, sqlite_where=_awaiting, postgresql_where=_awaiting)
