"""What the ledger knows of a caller's number: asked in the middle of a call, so answered from two small indexes."""

from __future__ import annotations

from sqlalchemy import Engine, select

from ivr.store.tables import call


def known_caller(engine: Engine, desk: str, number: str) -> tuple[bool, str]:
    """Return whether the desk has answered the number before, and the source that he last told this desk (or "")."""
    his = (call.c.desk == desk, call.c.caller == number, call.c.caller != "")
    answered = select(call.c.id).where(*his, call.c.outcome == "answered")
    told = (
        select(call.c.source).where(*his, call.c.source_how.in_(("asked", "dialled"))).order_by(call.c.began_at.desc())
    )
    with engine.connect() as connection:
        known = connection.execute(answered.limit(1)).first() is not None
        source = connection.execute(told.limit(1)).scalar()
    return known, source or ""
