"""What the ledger knows of a caller's number: asked in the middle of a call, so answered from one index."""

from __future__ import annotations

from sqlalchemy import Engine, bindparam, select

from ivr.store.tables import call

_HIS = (call.c.desk == bindparam("desk"), call.c.caller == bindparam("number"), call.c.caller != "")
_ANSWERED = select(call.c.id).where(*_HIS, call.c.outcome == "answered").limit(1).scalar_subquery()
_TOLD = (
    select(call.c.source)
    .where(*_HIS, call.c.source_how.in_(("asked", "dialled")))
    .order_by(call.c.began_at.desc())
    .limit(1)
    .scalar_subquery()
)
_KNOWN = select(_ANSWERED, _TOLD)
"""Made once: building a statement costs more than asking it."""


def known_caller(engine: Engine, desk: str, number: str) -> tuple[bool, str]:
    """Return whether the desk has answered the number before, and the source that he last told this desk (or "")."""
    with engine.connect() as connection:
        answered, source = connection.execute(_KNOWN, {"desk": desk, "number": number}).one()
    return answered is not None, source or ""
