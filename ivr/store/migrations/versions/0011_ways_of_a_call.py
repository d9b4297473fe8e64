"""Transfers, holds and how a call's end is known; derived tables are made anew, for the loader fills them again."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Empty the derived tables and add the columns."""
    for table in ("call", "leg", "fact"):
        op.execute(sa.text(f'DELETE FROM "{table}"'))  # noqa: S608 - our own names
    for column in (
        _text("direction"),
        _whole("transfers", sa.Integer()),
        _whole("held", sa.BigInteger()),
        _text("closed_by"),
        _whole("evidence", sa.BigInteger()),
        _whole("reopened", sa.Integer()),
    ):
        op.add_column("call", column)
    for column in (_text("how"), _text("target"), _text("recording"), _whole("recorded_from", sa.BigInteger())):
        op.add_column("leg", column)
    op.create_table(
        "call_linkedid",
        sa.Column("linkedid", sa.Text(), nullable=False),
        sa.Column("call_id", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("linkedid", name="pk_call_linkedid"),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_call_linkedid_call_id", "call_linkedid", ["call_id"])
    op.create_table(
        "ledger_version",
        sa.Column("fold", sa.Integer(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("fold", name="pk_ledger_version"),
    )


def downgrade() -> None:
    """Take them away again."""
    op.drop_table("ledger_version")
    op.drop_table("call_linkedid")
    for table, columns in {
        "leg": ("how", "target", "recording", "recorded_from"),
        "call": ("direction", "transfers", "held", "closed_by", "evidence", "reopened"),
    }.items():
        for column in columns:
            op.drop_column(table, column)


def _text(name: str) -> sa.Column[str]:
    return sa.Column(name, sa.Text(), nullable=False)


def _whole(name: str, kind: sa.types.TypeEngine[int]) -> sa.Column[int]:
    return sa.Column(name, kind, nullable=False)
