"""The table of missed calls and their return."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, Table, Text

from ivr.store.tables import call, metadata

missed = Table(
    "missed",
    metadata,
    Column("number", Text, primary_key=True),
    Column("first_at", BigInteger, primary_key=True, autoincrement=False),
    Column("last_at", BigInteger, nullable=False),
    Column("calls", Integer, nullable=False),
    Column("last_call", Text, nullable=False),
    Column("desk", Text, nullable=False),
    Column("line", Text, nullable=False),
    Column("tries", Integer, nullable=False),
    Column("returned_at", BigInteger),
    Column("returned_by", Text, nullable=False),
    Column("returned_call", Text, nullable=False),
    Index(None, "first_at"),
    sqlite_with_rowid=False,
)
"""A caller's missed calls in a row, the first to the last, and the talk that settled them (`ivr.reports.contacts`).
Desk and line are those of the last one. The rows without a return are the debt list."""
_owed = missed.c.returned_at.is_(None)
Index("ix_missed_owed", missed.c.last_at, sqlite_where=_owed, postgresql_where=_owed)
_placed = call.c.direction == "out"
Index("ix_call_placed", call.c.number, call.c.began_at, sqlite_where=_placed, postgresql_where=_placed)
"""Calls to outside, by whom they were placed to: a missed caller may be called back."""
