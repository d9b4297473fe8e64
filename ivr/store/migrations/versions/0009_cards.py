"""What agents wrote in the cards of calls."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Make the table of cards' facts."""
    op.create_table(
        "card_fact",
        sa.Column("record_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("place", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.Column("project", sa.Text(), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("record_id", "place", name="pk_card_fact"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_card_fact_call_id", "card_fact", ["call_id"])


def downgrade() -> None:
    """Remove it."""
    op.drop_table("card_fact")
