"""The mailer's process: sends the reports of `mail.yaml` until SIGTERM. No call depends on it."""

from __future__ import annotations

import asyncio
import hashlib
import io
import os
import signal
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import cast

import structlog
from rich.console import Console

from ivr.app.budgets import budgets_of
from ivr.app.heartbeat import beat
from ivr.desk.made_report import ROWS, Ask, MadeReport
from ivr.desk.mail_reports import Mailer, Schedule, moment
from ivr.desk.plan_file import read_plan
from ivr.desk.ports_ledger import LedgerAwayError
from ivr.desk.ports_mail import Attachment, Letter, LetterHeldError
from ivr.desk.report import filters_of, make_report
from ivr.errors import AuthorError, DeskError
from ivr.mail.smtp import Security, SmtpServer
from ivr.reports.buckets import midnight
from ivr.reports.mail_file import MailFile, Sending, read_mail_file
from ivr.reports.plan import Plan
from ivr.reports.standard import REPORTS
from ivr.settings import Settings
from ivr.sheets.excel import write_excel
from ivr.sheets.page import as_page
from ivr.sheets.plain import as_csv, as_json
from ivr.sheets.terminal import print_report
from ivr.store.books import SqlBooks
from ivr.store.engine import open_existing
from ivr.store.mailings import SqlMailings

LOOK_EVERY = 20.0
"""Seconds between two looks at what is due."""
_WIDTH = 100
"""Columns of a letter's text."""
_TYPES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv",
    "json": "application/json",
    "html": "text/html",
}

_log = structlog.get_logger("ivr.mail")


async def run_mailer(settings: Settings) -> None:
    """Send what is due until SIGTERM. The file may be changed meanwhile; while it is broken nothing is sent.

    While the plan is broken, the letters wait that need it, and no others.
    """
    stopped = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    told: dict[str, object] = {}
    health = asyncio.create_task(beat(settings.home, "mailer", lambda: told))
    _log.info("mailer.ready", file=str(settings.mail_file))
    try:
        while not stopped.is_set():
            problem = await asyncio.to_thread(_step, settings)
            if problem and told.get("mail") != problem:
                _log.error("mailer.waits", reason=problem)
            told = {"mail": problem} if problem else {}
            with suppress(TimeoutError):
                async with asyncio.timeout(LOOK_EVERY):
                    await stopped.wait()
    finally:
        health.cancel()
        await asyncio.gather(health, return_exceptions=True)


def _step(settings: Settings) -> str:
    """Send what is due; return what keeps us from it, or ""."""
    if not settings.mail_file.exists():
        return ""
    try:
        file = read_schedules(settings)
        engine = open_existing(settings.database_url)
        books = SqlBooks(settings.database_url)
        try:
            writer = writer_of(books, file, settings)
            mailer = Mailer(schedules_of(file), SqlMailings(engine), writer, server_of(file, settings), _now)
            mailer.step()
        finally:
            books.close()
            engine.dispose()
    except AuthorError as error:
        return "; ".join(error.mistakes)
    except (DeskError, LedgerAwayError) as error:
        return str(error)
    return "; ".join(f"{name} waits: {reason}" for name, reason in mailer.held.items())


def read_schedules(settings: Settings) -> MailFile:
    """Read `mail.yaml`. Raises `AuthorError` with its mistakes."""
    return read_mail_file(settings.mail_file, {name: frozenset(filters_of(one)) for name, one in REPORTS.items()})


def plan_of(settings: Settings) -> Plan | None:
    """Return the plan of agents, when there is one. Raises `AuthorError` with its mistakes."""
    return read_plan(settings.plan_file) if settings.plan_file.exists() else None


def schedules_of(file: MailFile) -> list[Schedule]:
    """Return when each report of the file is sent to whom."""
    return [Schedule(one.name, one.every, one.at, file.zone, one.to) for one in file.sendings]


def server_of(file: MailFile, settings: Settings) -> SmtpServer:
    """Return the mail server. Raises `DeskError` when its password is missing or open to others."""
    password = _password(settings) if file.user else ""
    authority = os.environ.get("IVR_SMTP_AUTHORITY", "")
    return SmtpServer(file.host, file.port, cast("Security", file.security), file.user, password, authority)


def writer_of(books: SqlBooks, file: MailFile, settings: Settings) -> ReportWriter:
    """Return what makes the letters, with the plan of the agents' hours and the desks' budgets as they are now."""
    return ReportWriter(books, file, partial(plan_of, settings), budgets_of(settings.desks))


class ReportWriter:
    """Makes the letters: the report as text and HTML, and as a file beside it."""

    def __init__(
        self,
        books: SqlBooks,
        file: MailFile,
        plan: Callable[[], Plan | None] = lambda: None,
        budgets: Mapping[str, int] | None = None,
    ) -> None:
        """`plan` is read for the reports that hold somebody against it. `budgets`: see `ivr.app.budgets`."""
        self._books = books
        self._plan = plan
        self._budgets = budgets or {}
        self._file = file
        self._sendings = {one.name: one for one in file.sendings}

    def complete_to(self) -> datetime | None:
        """Return up to which moment the ledger is loaded."""
        complete = self._books.freshness().complete_to
        return None if complete is None else moment(complete)

    def write(self, schedule: str, first: date, behind: date, recipient: str) -> Letter:
        """Return the letter."""
        sending = self._sendings[schedule]
        made = self._made(sending, first, behind)
        # The letter is read on a screen; a spreadsheet or a program gets every row.
        file = made if sending.format == "html" else self._made(sending, first, behind, rows=None)
        days = str(first) if behind - first == timedelta(days=1) else f"{first} to {behind - timedelta(days=1)}"
        sent_as = hashlib.sha256(f"{schedule}\0{first}\0{recipient}".encode()).hexdigest()[:32]
        domain = self._file.sender.rpartition("@")[2].rstrip("> ")
        name = f"{sending.report}-{first}.{sending.format}"
        return Letter(
            f"<{sent_as}@{domain}>",
            self._file.sender,
            recipient,
            f"{made.title}, {days}",
            _as_text(made),
            as_page(made),
            (Attachment(name, _TYPES[sending.format], _as_file(file, sending.format)),),
        )

    def _made(self, sending: Sending, first: date, behind: date, rows: int | None = ROWS) -> MadeReport:
        zone = str(self._file.zone)
        where = {key: frozenset({value}) for key, value in sending.filters.items()}
        ask = Ask(midnight(first, zone), midnight(behind, zone), zone, where, rows=rows, said=False)
        report = REPORTS[sending.report]
        ask = ask._replace(plan=self._planned() if report.opening else None, budgets=self._budgets)
        return make_report(self._books, report, ask)

    def _planned(self) -> Plan | None:
        try:
            return self._plan()
        except AuthorError as error:
            raise LetterHeldError("; ".join(error.mistakes), "Mend the plan; the letter is sent then.") from error
        except DeskError as error:
            raise LetterHeldError(error.sentence, error.cure) from error


def _as_text(made: MadeReport) -> str:
    paper = io.StringIO()
    print_report(made, Console(file=paper, width=_WIDTH, color_system=None))
    return paper.getvalue()


def _as_file(made: MadeReport, form: str) -> bytes:
    if form == "xlsx":
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "report.xlsx"
            write_excel(made, path)
            return path.read_bytes()
    if form == "csv":
        return as_csv(made).encode("utf-8-sig")
    return (as_json(made) if form == "json" else as_page(made)).encode()


def _password(settings: Settings, environment: Mapping[str, str] = os.environ) -> str:
    if told := environment.get("IVR_SMTP_PASSWORD"):
        return told
    path = settings.home / "smtp.password"
    try:
        if path.stat().st_mode & 0o077:
            raise DeskError(f"{path} can be read by others.", f"chmod 600 {path}")
        return path.read_text().strip()
    except OSError as error:
        raise DeskError(
            f"The mail server wants a password, and {path} cannot be read: {error.strerror}.",
            "Write it into that file (mode 0600), or set IVR_SMTP_PASSWORD.",
        ) from error


def _now() -> datetime:
    return datetime.now(UTC)
