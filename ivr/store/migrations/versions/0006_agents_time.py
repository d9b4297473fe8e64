"""Agents' time: their acts and spans."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Make the tables; they are derived, so they fill as records come, or by `ivr ledger rebuild`."""
    op.create_table(
        "agent_act",
        *_key("agent"),
        *[_whole(name) for name in ("at", "record")],
        sa.Column("place", sa.Integer(), autoincrement=False, nullable=False),
        *_key("name", "reason"),
        sa.PrimaryKeyConstraint("agent", "at", "record", "place", name="pk_agent_act"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "agent_span",
        *_key("agent"),
        _whole("began_at"),
        _whole("ended_at", optional=True),
        *_key("state", "reason", "call_id"),
        sa.PrimaryKeyConstraint("agent", "began_at", name="pk_agent_span"),
        sqlite_with_rowid=False,
    )
    where = sa.text("agent != ''")
    op.create_index("ix_leg_agent_began_at", "leg", ["agent", "began_at"], sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    """Remove them."""
    op.drop_index("ix_leg_agent_began_at", "leg")
    op.drop_table("agent_span")
    op.drop_table("agent_act")


def _key(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def _whole(name: str, *, optional: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), autoincrement=False, nullable=optional)
