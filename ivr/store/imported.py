"""What was imported, as people ask for it."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Engine, select

from ivr.store.tables import imported_file


def files_of(engine: Engine) -> list[dict[str, Any]]:
    """Return each imported file, in the order of their coming; times in UTC microseconds."""
    table = imported_file.c
    query = select(
        table.system,
        table.name,
        table.form,
        table.bytes,
        table.taken,
        table.there,
        table.aside,
        table.first_at.label("from"),
        table.last_at.label("to"),
    ).order_by(table.number)
    with engine.connect() as connection:
        return [dict(row._mapping) for row in connection.execute(query)]  # noqa: SLF001 - SQLAlchemy's public name
