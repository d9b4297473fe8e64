"""The agent who placed a call; derived tables are made anew, for the loader fills them again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Empty the derived tables and add the column."""
    for table in ("call", "leg", "fact"):
        op.execute(sa.text(f'DELETE FROM "{table}"'))  # noqa: S608 - our own names
    op.add_column("call", sa.Column("agent", sa.Text(), nullable=False))


def downgrade() -> None:
    """Take it away again."""
    op.drop_column("call", "agent")
