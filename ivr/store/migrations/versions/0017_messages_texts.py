"""What callers said into the voicemail, in words."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Make the table; the messages that can be heard already wait to be written out, too."""
    texts = ("language", "engine", "model", "text")
    op.create_table(
        "message_text",
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("tried_at", sa.BigInteger(), nullable=True),
        *[sa.Column(name, sa.Text(), nullable=False) for name in texts],
        sa.Column("confidence", sa.Double(), nullable=False),
        sa.Column("written_at", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name="pk_message_text"),
    )
    where = sa.text("state = 'awaiting'")
    op.create_index("ix_message_text_awaiting", "message_text", ["name"], sqlite_where=where, postgresql_where=where)
    op.execute(
        "INSERT INTO message_text (name, state, tries, language, engine, model, text, confidence, reason)"
        " SELECT name, 'awaiting', 0, '', '', '', '', 0, '' FROM recording"
        " WHERE name LIKE '%-message' AND path <> '' AND state IN ('ok', 'partial', 'recovered')"
    )


def downgrade() -> None:
    """Remove it."""
    op.drop_table("message_text")
