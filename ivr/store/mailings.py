"""What has been sent by e-mail: `ivr.desk.ports_mail.Mailings` on SQLite or PostgreSQL."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, Connection, Engine, Select, and_, insert, select, update
from sqlalchemy.exc import IntegrityError, SQLAlchemyError

from ivr.desk.ports_ledger import LedgerAwayError
from ivr.desk.ports_mail import Mailing, State
from ivr.store.tables import mailing, mailing_since

_ALL = select(*(mailing.c[name] for name in Mailing._fields))


class SqlMailings:
    """Each method is one transaction."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine.execution_options(writes=True)

    def began(self, schedule: str, recipient: str, now: int) -> int:
        """Return since when the schedule has this recipient (UTC microseconds); `now` when he is new."""
        mine = and_(mailing_since.c.schedule == schedule, mailing_since.c.recipient == recipient)
        with self._transaction() as connection:
            since: int | None = connection.execute(select(mailing_since.c.since).where(mine)).scalar()
            if since is None:
                connection.execute(insert(mailing_since).values(schedule=schedule, recipient=recipient, since=now))
            return now if since is None else since

    def add(self, mailings: Sequence[Mailing]) -> None:
        """Keep those that are not there yet."""
        with self._transaction() as connection:
            for one in mailings:
                if connection.execute(select(mailing.c.state).where(_key(one))).scalar() is None:
                    connection.execute(insert(mailing).values(**one._asdict()))

    def due(self, now: int) -> list[Mailing]:
        """Return the waiting ones whose next try has come, oldest period first."""
        return self._read(_ALL.where(mailing.c.state == "waiting", mailing.c.next_try <= now).order_by(mailing.c.first))

    def claim(self, one: Mailing, now: int) -> bool:
        """Move it from waiting to sending; False when somebody else did."""
        return self._change(and_(_key(one), mailing.c.state == "waiting"), state="sending", told_at=now) == 1

    def settle(self, one: Mailing, state: State, now: int, *, reason: str = "", next_try: int = 0) -> None:
        """Keep what became of it, one attempt more."""
        fields = {"attempts": mailing.c.attempts + 1, "reason": reason, "next_try": next_try, "told_at": now}
        self._change(_key(one), state=state, **fields)

    def hold(self, one: Mailing, reason: str) -> None:
        """Say why it waits; it was not tried."""
        if one.reason != reason:
            self._change(and_(_key(one), mailing.c.state == "waiting"), reason=reason)

    def left_sending(self, before: int) -> list[Mailing]:
        """Return those that are being sent since before that moment: whoever sent them has died."""
        return self._read(_ALL.where(mailing.c.state == "sending", mailing.c.told_at < before))

    def recent(self, limit: int) -> list[Mailing]:
        """Return the latest ones, the newest first."""
        order = (mailing.c.first.desc(), mailing.c.schedule, mailing.c.recipient)
        return self._read(_ALL.order_by(*order).limit(limit))

    def again(self, schedule: str, first: date, now: int) -> int:
        """Let those of the period that are unsure or refused wait to be sent once more; return how many."""
        which = and_(
            mailing.c.schedule == schedule, mailing.c.first == first, mailing.c.state.in_(("unsure", "refused"))
        )
        return self._change(which, state="waiting", attempts=0, next_try=0, told_at=now, reason="asked for again")

    def _change(self, which: ColumnElement[bool], **fields: Any) -> int:
        with self._transaction() as connection:
            return connection.execute(update(mailing).where(which).values(**fields)).rowcount

    def _read(self, query: Select[Any]) -> list[Mailing]:
        with self._transaction() as connection:
            return [Mailing(*row) for row in connection.execute(query)]

    @contextmanager
    def _transaction(self) -> Iterator[Connection]:
        try:
            with self._engine.begin() as connection:
                yield connection
        except IntegrityError as error:
            raise LedgerAwayError("another mailer was at work at the same moment") from error
        except SQLAlchemyError as error:
            raise LedgerAwayError(str(getattr(error, "orig", error)).strip()) from error


def _key(one: Mailing) -> ColumnElement[bool]:
    mine = (mailing.c.schedule == one.schedule, mailing.c.first == one.first, mailing.c.recipient == one.recipient)
    return and_(*mine)
