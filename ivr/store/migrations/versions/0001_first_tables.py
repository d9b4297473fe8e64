"""The first tables: journal, calls with their legs and facts, recordings."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
_RECORD = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    """Make all tables."""
    _journal()
    _calls()
    _recordings()


def downgrade() -> None:
    """Remove all tables."""
    for table in (
        "recording",
        "fact",
        "leg",
        "call",
        "rejected_record",
        "journal_record",
        "journal_position",
    ):
        op.drop_table(table)


def _text(*names: str) -> list[sa.Column[str]]:
    return [sa.Column(name, sa.Text(), nullable=False) for name in names]


def _whole(name: str, *, optional: bool = False) -> sa.Column[int]:
    return sa.Column(name, sa.BigInteger(), nullable=optional)


def _key(name: str, kind: sa.types.TypeEngine[int]) -> sa.Column[int]:
    return sa.Column(name, kind, autoincrement=False, nullable=False)


def _partial_index(name: str, table: str, columns: list[str], where: str) -> None:
    op.create_index(name, table, columns, sqlite_where=sa.text(where), postgresql_where=sa.text(where))


def _journal() -> None:
    op.create_table(
        "journal_position",
        *_text("node"),
        _key("number", sa.Integer()),
        *_text("boot"),
        _key("file", sa.Integer()),
        _whole("inode"),
        *_text("head"),
        _whole("offset"),
        _whole("complete_to"),
        sa.PrimaryKeyConstraint("node", name="pk_journal_position"),
        sa.UniqueConstraint("number", name="uq_journal_position_number"),
    )
    op.create_table(
        "journal_record",
        _key("id", _RECORD),
        *_text("event"),
        _whole("at"),
        *_text("uniqueid", "linkedid", "channel", "name", "number", "exten"),
        *_text("context", "app", "app_arguments", "peer", "extra"),
        sa.PrimaryKeyConstraint("id", name="pk_journal_record"),
    )
    op.create_table(
        "rejected_record",
        _key("id", _RECORD),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        *_text("reason"),
        sa.PrimaryKeyConstraint("id", name="pk_rejected_record"),
    )


def _calls() -> None:
    op.create_table(
        "call",
        *_text("id", "node"),
        _whole("began_at"),
        _whole("ended_at", optional=True),
        *_text("desk", "number", "caller", "caller_name", "category", "source", "source_how", "language", "version"),
        sa.Column("known", sa.Boolean(), nullable=False),
        *_text("outcome", "end_reason", "first_line", "last_line", "answered_by"),
        _whole("connected_at", optional=True),
        _whole("talked"),
        *_text("fallback"),
        sa.Column("crashed", sa.Boolean(), nullable=False),
        _whole("first_record"),
        _whole("last_record"),
        sa.PrimaryKeyConstraint("id", name="pk_call"),
    )
    op.create_index("ix_call_began_at", "call", ["began_at"])
    op.create_index("ix_call_desk_began_at", "call", ["desk", "began_at"])
    _partial_index("ix_call_open", "call", ["id"], "ended_at IS NULL")
    _partial_index("ix_call_answered_caller", "call", ["caller"], "outcome = 'answered' AND caller != ''")
    _partial_index("ix_call_source_caller", "call", ["caller", "began_at"], "source_how IN ('asked', 'dialled')")
    op.create_table(
        "leg",
        *_text("call_id"),
        _key("place", sa.Integer()),
        *_text("kind", "party", "line", "agent"),
        _whole("began_at"),
        _whole("answered_at", optional=True),
        _whole("ended_at", optional=True),
        *_text("reason"),
        sa.PrimaryKeyConstraint("call_id", "place", name="pk_leg"),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "fact",
        _key("record_id", sa.BigInteger()),
        _key("place", sa.Integer()),
        *_text("call_id"),
        _whole("at"),
        *_text("name", "details"),
        sa.PrimaryKeyConstraint("record_id", "place", name="pk_fact"),
        sqlite_with_rowid=False,
    )


def _recordings() -> None:
    op.create_table(
        "recording",
        *_text("name", "call_id", "state", "path"),
        *[sa.Column(name, sa.Double(), nullable=False) for name in ("seconds", "talk_seconds")],
        *_text("sha256"),
        _whole("bytes"),
        *_text("reason"),
        _whole("verified_at", optional=True),
        sa.PrimaryKeyConstraint("name", name="pk_recording"),
    )
    op.create_index("ix_recording_call_id", "recording", ["call_id"])
    _partial_index("ix_recording_awaiting", "recording", ["name"], "state IN ('expected', 'failed')")
