"""The totals: what calls contribute, added up by time and keys."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Make the tables of the totals; they are filled by `ivr ledger rebuild` where calls are there already."""
    op.create_table(
        "total",
        *[sa.Column(name, sa.SmallInteger(), nullable=False, autoincrement=False) for name in ("shelf", "grain")],
        sa.Column("bucket", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("cell", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("part", sa.BigInteger(), nullable=False, autoincrement=False),
        sa.Column("amounts", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("shelf", "grain", "bucket", "cell", "part", name="pk_total"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "total_cell",
        sa.Column("id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("shelf", sa.SmallInteger(), nullable=False),
        sa.Column("names", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_total_cell"),
    )
    op.create_index("ix_total_cell_shelf_names", "total_cell", ["shelf", "names"], unique=True)
    op.create_table(
        "total_measure",
        sa.Column("id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_total_measure"),
        sa.UniqueConstraint("name", name="uq_total_measure_name"),
    )
    op.create_table(
        "total_state",
        sa.Column("id", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("zone", sa.Text(), nullable=False),
        sa.Column("rolled_to", sa.BigInteger(), nullable=False),
        sa.Column("made", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_total_state"),
    )


def downgrade() -> None:
    """Remove them."""
    for table in ("total_state", "total_measure", "total_cell", "total"):
        op.drop_table(table)
