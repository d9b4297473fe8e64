"""Callers who called again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Make the table; the loader fills it when it derives all calls anew."""
    op.create_table(
        "caller_series",
        sa.Column("number", sa.Text(), nullable=False),
        *[sa.Column(name, sa.BigInteger(), nullable=False, autoincrement=False) for name in ("first_at", "last_at")],
        sa.Column("calls", sa.Integer(), nullable=False),
        *[sa.Column(name, sa.Text(), nullable=False) for name in ("last_call", "desk", "category", "line", "agent")],
        sa.PrimaryKeyConstraint("number", "first_at", name="pk_caller_series"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_caller_series_last_at_calls", "caller_series", ["last_at", "calls"])


def downgrade() -> None:
    """Remove it."""
    op.drop_table("caller_series")
