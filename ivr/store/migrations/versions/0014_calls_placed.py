"""Calls to outside by their number, also those that a desk's `outbound` placed."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Make the index anew; the loader derives the missed calls anew by its fold's version."""
    _make("direction = 'out'")


def downgrade() -> None:
    """Make it as it was."""
    _make("desk = ''")


def _make(where: str) -> None:
    op.drop_index("ix_call_placed", "call")
    op.create_index(
        "ix_call_placed", "call", ["number", "began_at"], sqlite_where=sa.text(where), postgresql_where=sa.text(where)
    )
