"""What the ledger knows of a caller's number: asked in the middle of a call, so answered from two small indexes."""

from __future__ import annotations

from sqlalchemy import Engine, select

from ivr.store.tables import call


def known_caller(engine: Engine, number: str) -> tuple[bool, str]:
    """Return whether an earlier call of the number was answered, and the source that he last told (or "")."""
    answered = select(call.c.id).where(call.c.caller == number, call.c.caller != "", call.c.outcome == "answered")
    told = (
        select(call.c.source)
        .where(call.c.caller == number, call.c.source_how.in_(("asked", "dialled")))
        .order_by(call.c.began_at.desc())
    )
    with engine.connect() as connection:
        known = connection.execute(answered.limit(1)).first() is not None
        source = connection.execute(told.limit(1)).scalar()
    return known, source or ""
