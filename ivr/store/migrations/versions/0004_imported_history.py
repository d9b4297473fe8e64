"""Tables for the files of older telephone systems."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0004"
down_revision = "0003"
_RECORD = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make the tables of imported systems, files and rows."""
    op.create_table(
        "imported_system", *_text("name", "naming"), sa.PrimaryKeyConstraint("name", name="pk_imported_system")
    )
    op.create_table(
        "imported_file",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        *_text("digest", "system", "name", "form"),
        *[_whole(name) for name in ("bytes", "taken", "there", "aside")],
        _whole("first_at", optional=True),
        _whole("last_at", optional=True),
        _whole("imported_at"),
        sa.PrimaryKeyConstraint("number", name="pk_imported_file"),
    )
    op.create_index("uq_imported_file_system_digest", "imported_file", ["system", "digest"], unique=True)
    _rows()
    op.create_table(
        "imported_aside",
        *[sa.Column(name, sa.Integer(), autoincrement=False, nullable=False) for name in ("file", "place")],
        sa.Column("line", sa.Integer(), nullable=False),
        *_text("raw", "reason"),
        sa.PrimaryKeyConstraint("file", "place", name="pk_imported_aside"),
    )


def downgrade() -> None:
    """Remove them."""
    for table in ("imported_aside", "imported_row", "imported_file", "imported_system"):
        op.drop_table(table)


def _rows() -> None:
    op.create_table(
        "imported_row",
        sa.Column("id", _RECORD, autoincrement=False, nullable=False),
        sa.Column("identity", sa.BigInteger(), nullable=False),
        *[sa.Column(name, sa.Integer(), nullable=False) for name in ("file", "line")],
        *_text("system", "story"),
        _whole("at"),
        *_text("kind", "event", "uniqueid", "linkedid", "fields"),
        sa.PrimaryKeyConstraint("id", name="pk_imported_row"),
        sa.UniqueConstraint("identity", name="uq_imported_row_identity"),
    )
    op.create_index("ix_imported_row_story", "imported_row", ["system", "story", "at"])
    op.create_index("ix_imported_row_file", "imported_row", ["file", "story"])


def _text(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def _whole(name: str, *, optional: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=optional)
