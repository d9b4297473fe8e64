"""Missed callers by the time of their first call, cards by call and project."""

from __future__ import annotations

from alembic import op

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Make the indexes that reports over a time ask for."""
    op.create_index("ix_missed_first_at", "missed", ["first_at"])
    op.drop_index("ix_card_fact_call_id", "card_fact")
    op.create_index("ix_card_fact_call_id_project", "card_fact", ["call_id", "project"])


def downgrade() -> None:
    """Make them as they were."""
    op.drop_index("ix_card_fact_call_id_project", "card_fact")
    op.create_index("ix_card_fact_call_id", "card_fact", ["call_id"])
    op.drop_index("ix_missed_first_at", "missed")
