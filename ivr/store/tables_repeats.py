"""The table of callers who called again."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, Table, Text

from ivr.store.tables import metadata

caller_series = Table(
    "caller_series",
    metadata,
    Column("number", Text, primary_key=True),
    Column("first_at", BigInteger, primary_key=True, autoincrement=False),
    Column("last_at", BigInteger, nullable=False),
    Column("calls", Integer, nullable=False),
    Column("last_call", Text, nullable=False),
    *(Column(name, Text, nullable=False) for name in ("desk", "category", "line", "agent")),
    Index(None, "last_at", "calls"),
    sqlite_with_rowid=False,
)
"""Calls of a number, each within seven days after the one before, two or more (`ivr.reports.repeats.Series`)."""
