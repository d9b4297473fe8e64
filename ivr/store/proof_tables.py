"""The tables that prove the ledger: counts of two witnesses, channels without a record, noted gaps."""

from __future__ import annotations

from typing import Any

from sqlalchemy import BigInteger, Column, Integer, MetaData, Table, Text


def proof_tables(metadata: MetaData) -> tuple[Table, Table, Table, Table, Table]:
    """Return `journal_minute`, `asterisk_run` and `lost_channel` (derived), `asterisk_minute` and `gap` (witnessed)."""
    return (
        _minutes(metadata, "journal_minute"),
        _runs(metadata),
        _lost(metadata),
        _minutes(metadata, "asterisk_minute"),
        _gaps(metadata),
    )


def _minutes(metadata: MetaData, name: str) -> Table:
    """Make a table of channels and calls (linkedids) by the minute of their birth (`at` = its beginning).

    `journal_minute` is what the journal has; `asterisk_minute` what Asterisk itself has shown: those that lived
    when it was asked.
    """
    counts = [Column(count, Integer, nullable=False) for count in ("channels", "calls")]
    return Table(name, metadata, _key("node", Text()), _key("at", BigInteger()), *counts, sqlite_with_rowid=False)


def _runs(metadata: MetaData) -> Table:
    """Make the table of Asterisk's processes by their numbering of channels: `ivr.ledger.numbering.Run`."""
    return Table(
        "asterisk_run",
        metadata,
        _key("node", Text()),
        _key("place", Integer()),
        *(_whole(name) for name in ("first", "highest", "second", "began_at", "last_at")),
        Column("unnumbered", Integer, nullable=False),
        sqlite_with_rowid=False,
    )


def _lost(metadata: MetaData) -> Table:
    """Make the table of numbers of channels that no record has: `ivr.ledger.numbering.Hole`."""
    return Table(
        "lost_channel",
        metadata,
        _key("node", Text()),
        _key("place", Integer()),
        _key("first", BigInteger()),
        *(_whole(name) for name in ("last", "after", "before")),
        sqlite_with_rowid=False,
    )


def _gaps(metadata: MetaData) -> Table:
    """Make the table of troubles noted when they happened; `ended_at` is empty while one goes on."""
    return Table(
        "gap",
        metadata,
        _key("node", Text()),
        _key("kind", Text()),
        _key("began_at", BigInteger()),
        Column("ended_at", BigInteger),
        _text("details"),
        sqlite_with_rowid=False,
    )


def _key(name: str, kind: Text | BigInteger | Integer) -> Column[Any]:
    return Column(name, kind, primary_key=True, autoincrement=False)


def _whole(name: str) -> Column[int]:
    return Column(name, BigInteger, nullable=False)


def _text(name: str) -> Column[str]:
    return Column(name, Text, nullable=False, default="")
