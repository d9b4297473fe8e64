"""What was sent by e-mail."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Make the tables of mailings."""
    op.create_table(
        "mailing",
        sa.Column("schedule", sa.Text(), nullable=False),
        sa.Column("first", sa.Date(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("behind", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("next_try", sa.BigInteger(), nullable=False),
        sa.Column("told_at", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("schedule", "first", "recipient", name="pk_mailing"),
    )
    op.create_table(
        "mailing_since",
        sa.Column("schedule", sa.Text(), nullable=False),
        sa.Column("recipient", sa.Text(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("schedule", "recipient", name="pk_mailing_since"),
    )


def downgrade() -> None:
    """Remove them."""
    op.drop_table("mailing_since")
    op.drop_table("mailing")
