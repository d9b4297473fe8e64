"""The tables of the totals (`ivr.store.totals`)."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, Index, Integer, LargeBinary, SmallInteger, Table, Text

from ivr.store.tables import metadata

total = Table(
    "total",
    metadata,
    Column("shelf", SmallInteger, primary_key=True, autoincrement=False),
    Column("grain", SmallInteger, primary_key=True, autoincrement=False),
    Column("bucket", BigInteger, primary_key=True, autoincrement=False),
    Column("cell", Integer, primary_key=True, autoincrement=False),
    Column("part", BigInteger, primary_key=True, autoincrement=False),
    Column("amounts", LargeBinary, nullable=False),
    sqlite_with_rowid=False,
)
"""The totals (`ivr.store.totals`): what calls contribute, added up by bucket of time and cell of keys. A total is the
sum of all its parts: a batch appends its own, so nothing is read for it; they are made one when their time is over."""

total_cell = Table(
    "total_cell",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("shelf", SmallInteger, nullable=False),
    Column("names", Text, nullable=False),
    Index(None, "shelf", "names", unique=True),
)
"""The values of each cell's keys, a JSON list."""

total_measure = Table(
    "total_measure",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("name", Text, nullable=False, unique=True),
)

total_state = Table(
    "total_state",
    metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("zone", Text, nullable=False),
    Column("rolled_to", BigInteger, nullable=False),
    Column("made", Integer, nullable=False),
)
"""One row: the zone whose days and months the coarser grains are, the moment up to which they are made, and how often
the totals were begun anew (cells and measures have other numbers then)."""
