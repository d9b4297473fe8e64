"""The table of call cards (`ivr.store.cards`)."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, Table, Text

from ivr.store.tables import metadata

card_fact = Table(
    "card_fact",
    metadata,
    Column("record_id", BigInteger, primary_key=True, autoincrement=False),
    Column("place", Integer, primary_key=True, autoincrement=False),
    Column("call_id", Text, nullable=False),
    Column("project", Text, nullable=False, default=""),
    Column("details", Text, nullable=False),
    Index(None, "call_id", "project"),
    sqlite_with_rowid=False,
)
"""What agents wrote in the cards of calls: the facts `card` of the context `acts`; `details` is a JSON object."""
