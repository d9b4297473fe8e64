"""Missed calls and their return, and calls by the number that they were placed to."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Make the table; it is filled by `ivr ledger rebuild` where calls are there already."""
    op.create_table(
        "missed",
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("first_at", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.Column("calls", sa.Integer(), nullable=False),
        *[sa.Column(name, sa.Text(), nullable=False) for name in ("last_call", "desk", "line")],
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("returned_at", sa.BigInteger(), nullable=True),
        *[sa.Column(name, sa.Text(), nullable=False) for name in ("returned_by", "returned_call")],
        sa.PrimaryKeyConstraint("number", "first_at", name="pk_missed"),
        sqlite_with_rowid=False,
    )
    for name, table, columns, where in (
        ("ix_missed_owed", "missed", ["last_at"], "returned_at IS NULL"),
        ("ix_call_placed", "call", ["number", "began_at"], "desk = ''"),
    ):
        op.create_index(name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def downgrade() -> None:
    """Remove it."""
    op.drop_index("ix_call_placed", "call")
    op.drop_table("missed")
