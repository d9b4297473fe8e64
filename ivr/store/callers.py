"""What the ledger knows of a caller's number: asked in the middle of a call, so answered from one index."""

from __future__ import annotations

from contextlib import closing
from typing import Any

from sqlalchemy import Engine, bindparam, literal_column, or_, select

from ivr.store.tables import call

_HIS = (call.c.desk == bindparam("desk"), call.c.caller == bindparam("number"), call.c.caller != "")
_SAID = or_(*(call.c.source_how == literal_column(f"'{how}'") for how in ("asked", "dialled")))
_TALKED = call.c.outcome == literal_column("'answered'")
_ANSWERED = select(call.c.answered_by).where(*_HIS, _TALKED).order_by(call.c.began_at.desc()).limit(1).scalar_subquery()
_TOLD = select(call.c.source).where(*_HIS, _SAID).order_by(call.c.began_at.desc()).limit(1).scalar_subquery()
_KNOWN = select(_ANSWERED, _TOLD)


class KnownCallers:
    """Asks through the driver's own cursor: SQLAlchemy writes the statement, once. For several threads."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        compiled = _KNOWN.compile(engine, compile_kwargs={"render_postcompile": True})
        self._text = str(compiled)
        self._fixed = compiled.params
        self._order = compiled.positiontup or []

    def __call__(self, desk: str, number: str) -> tuple[str | None, str]:
        """Return the agent who last answered the number at the desk, and the source that he last told it (or "").

        None: nobody has answered him yet.
        """
        named = self._fixed | {"desk": desk, "number": number}
        given: Any = [named[name] for name in self._order] if self._order else named
        connection = self._engine.raw_connection()
        try:
            with closing(connection.cursor()) as cursor:
                cursor.execute(self._text, given)
                answered, source = cursor.fetchone() or (None, None)
        finally:
            connection.close()  # the pool takes it back, with what it began
        return answered, source or ""
