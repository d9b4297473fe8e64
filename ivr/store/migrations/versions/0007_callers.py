"""One index of callers in place of two partial ones: it finds all calls of a number."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Make the one, drop the two."""
    op.create_index("ix_call_caller_began_at", "call", ["caller", "began_at"])
    op.drop_index("ix_call_answered_caller", "call")
    op.drop_index("ix_call_source_caller", "call")


def downgrade() -> None:
    """Make the two again."""
    answered = sa.text("outcome = 'answered' AND caller != ''")
    told = sa.text("source_how IN ('asked', 'dialled')")
    op.create_index("ix_call_answered_caller", "call", ["caller"], sqlite_where=answered, postgresql_where=answered)
    op.create_index("ix_call_source_caller", "call", ["caller", "began_at"], sqlite_where=told, postgresql_where=told)
    op.drop_index("ix_call_caller_began_at", "call")
