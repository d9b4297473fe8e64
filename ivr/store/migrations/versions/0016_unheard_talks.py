"""Talks of which the agent's voice is not in their recording."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Add the column: of recordings that were verified before, nobody has listened."""
    op.add_column("recording", sa.Column("unheard", sa.Text()))


def downgrade() -> None:
    """Take it away again."""
    op.drop_column("recording", "unheard")
