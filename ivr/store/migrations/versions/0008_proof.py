"""What proves the ledger: the journal's and Asterisk's own counts, channels without a record, noted gaps."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Make the tables; the derived ones are filled by the loader's next start."""
    _minutes("journal_minute")
    _minutes("asterisk_minute")
    op.create_table(
        "asterisk_run",
        _text("node"),
        _count("place"),
        *[_whole(name) for name in ("first", "highest", "second", "began_at", "last_at")],
        _count("unnumbered"),
        _key("asterisk_run", "node", "place"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "lost_channel",
        _text("node"),
        _count("place"),
        *[_whole(name) for name in ("first", "last", "after", "before")],
        _key("lost_channel", "node", "place", "first"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "gap",
        _text("node"),
        _text("kind"),
        _whole("began_at"),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        _text("details"),
        _key("gap", "node", "kind", "began_at"),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    """Remove the tables."""
    for table in ("gap", "lost_channel", "asterisk_run", "asterisk_minute", "journal_minute"):
        op.drop_table(table)


def _minutes(table: str) -> None:
    op.create_table(
        table,
        _text("node"),
        _whole("at"),
        _count("channels"),
        _count("calls"),
        _key(table, "node", "at"),
        sqlite_with_rowid=False,
    )


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def _whole(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), autoincrement=False, nullable=False)


def _count(name: str) -> sa.Column[int]:
    return sa.Column(name, sa.Integer(), autoincrement=False, nullable=False)


def _key(table: str, *columns: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*columns, name=f"pk_{table}")
