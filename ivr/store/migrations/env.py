"""Alembic's entry: `migrate` hands over its open connection, so tables and version are one transaction."""

from __future__ import annotations

from alembic import context

from ivr.store.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
