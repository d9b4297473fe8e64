"""Send scheduled reports by e-mail: each letter once, whatever dies in between.

A letter is claimed in the database before its text leaves us. When the server's answer to the text is lost, or we die
then, nobody knows whether it was taken: such a letter is called unsure and is never sent again by itself.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import structlog

from ivr.desk.ports_mail import LetterHeldError, LetterRefusedError, Mailing, Mailings, Server, ServerAwayError, Writer
from ivr.errors import DeskError
from ivr.reports.schedule import Every, periods_due

PAUSES = (60, 300, 900, 3600, 3600, 7200, 14400, 28800)
"""Seconds before each further try; a letter that failed after the last of them is given up."""
PATIENCE = timedelta(hours=2)
"""How long a due report waits for the ledger to be complete to the end of its period; then it says that it is not."""
CATCH_UP = 7
"""Reports that are sent after a time without the mailer: the latest ones, so that nobody gets a hundred letters."""
STUCK = timedelta(minutes=15)
"""A letter that is being sent for longer was left behind by a process that died."""

_log = structlog.get_logger("ivr.mail")


@dataclass(frozen=True, slots=True)
class Schedule:
    """A report, when it is sent, and to whom."""

    name: str
    every: Every
    at: time
    zone: ZoneInfo
    recipients: tuple[str, ...]


class Mailer:
    """One step looks what is due and tries to send it. Not for several threads; several processes do no harm."""

    def __init__(
        self,
        schedules: Iterable[Schedule],
        mailings: Mailings,
        writer: Writer,
        server: Server,
        clock: Callable[[], datetime],
    ) -> None:
        self._schedules = {one.name: one for one in schedules}
        self._mailings = mailings
        self._writer = writer
        self._server = server
        self._clock = clock
        self.held: dict[str, str] = {}
        """The schedules whose letters wait until somebody has mended something, and what."""

    def step(self) -> int:
        """Send what is due; return how many letters were sent."""
        now = self._clock()
        self.held = {}
        for left in self._mailings.left_sending(micros(now - STUCK)):
            self._settle_unsure(left, "the program was stopped while it was handed over")
        for schedule in self._schedules.values():
            self._plan(schedule, now)
        return sum(self._send(mailing) for mailing in self._mailings.due(micros(now)))

    def _plan(self, schedule: Schedule, now: datetime) -> None:
        for recipient in schedule.recipients:
            since = moment(self._mailings.began(schedule.name, recipient, micros(now)))
            periods = list(periods_due(schedule.every, schedule.at, schedule.zone, since=since, now=now))
            self._mailings.add(
                [
                    Mailing(schedule.name, one.first, one.behind, recipient, "waiting", 0, 0, micros(now), "")
                    for one in periods[-CATCH_UP:]
                ]
            )

    def _send(self, mailing: Mailing) -> bool:
        schedule = self._schedules.get(mailing.schedule)
        if schedule is None or mailing.recipient not in schedule.recipients:
            self._refuse(mailing, "it is no longer in the schedule")
            return False
        if self._too_early(mailing, schedule):
            return False
        try:
            letter = self._writer.write(mailing.schedule, mailing.first, mailing.behind, mailing.recipient)
            connection = self._server.open(letter)
        except (ServerAwayError, OSError) as error:
            self._try_later(mailing, str(error))
            return False
        except LetterHeldError as error:
            self._mailings.hold(mailing, error.sentence)
            self.held[mailing.schedule] = error.sentence
            return False
        except (LetterRefusedError, DeskError) as error:
            self._refuse(mailing, str(error))
            return False
        try:
            return self._mailings.claim(mailing, micros(self._clock())) and self._deliver(mailing, connection.deliver)
        finally:
            connection.close()

    def _deliver(self, mailing: Mailing, deliver: Callable[[], None]) -> bool:
        try:
            deliver()
        except ServerAwayError as error:
            self._try_later(mailing, str(error))
        except LetterRefusedError as error:
            self._refuse(mailing, str(error))
        except OSError as error:
            self._settle_unsure(mailing, f"the server's answer was lost: {error}")
        else:
            self._mailings.settle(mailing, "sent", micros(self._clock()))
            _log.info("mail.sent", schedule=mailing.schedule, first=str(mailing.first), to=mailing.recipient)
            return True
        return False

    def _too_early(self, mailing: Mailing, schedule: Schedule) -> bool:
        """Whether the ledger may still get what belongs to the period."""
        end = datetime.combine(mailing.behind, time(), schedule.zone)
        due = datetime.combine(mailing.behind, schedule.at, schedule.zone)
        complete = self._writer.complete_to()
        return (complete is None or complete < end) and self._clock() < due + PATIENCE

    def _try_later(self, mailing: Mailing, reason: str) -> None:
        if mailing.attempts >= len(PAUSES):
            self._refuse(mailing, f"given up after {mailing.attempts + 1} tries: {reason}")
            return
        pause = timedelta(seconds=PAUSES[mailing.attempts])
        now = self._clock()
        self._mailings.settle(mailing, "waiting", micros(now), reason=reason, next_try=micros(now + pause))
        _log.warning("mail.waits", schedule=mailing.schedule, to=mailing.recipient, reason=reason)

    def _refuse(self, mailing: Mailing, reason: str) -> None:
        self._mailings.settle(mailing, "refused", micros(self._clock()), reason=reason)
        _log.error("mail.refused", schedule=mailing.schedule, to=mailing.recipient, reason=reason)

    def _settle_unsure(self, mailing: Mailing, reason: str) -> None:
        self._mailings.settle(mailing, "unsure", micros(self._clock()), reason=reason)
        cure = f"ask {mailing.recipient}; `ivr mail again {mailing.schedule} {mailing.first}` sends it once more"
        _log.error("mail.unsure", schedule=mailing.schedule, to=mailing.recipient, reason=reason, cure=cure)


def micros(at: datetime) -> int:
    """Return UTC microseconds since 1970."""
    return (at - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(microseconds=1)


def moment(at: int) -> datetime:
    """Return the moment of UTC microseconds."""
    return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=at)
