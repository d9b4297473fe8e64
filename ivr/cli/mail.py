"""`ivr mail`: reports by e-mail."""

from __future__ import annotations

import json
from datetime import date
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ivr.cli.options import Home, Json, running_settings
from ivr.errors import DeskError

if TYPE_CHECKING:
    from ivr.reports.mail_file import MailFile, Sending
    from ivr.settings import Settings

app = typer.Typer(help="Reports by e-mail: what is sent when, and what was.", no_args_is_help=True)
_BEGIN = """\
server: smtp://desk@mail.example.com
from: Front desk <desk@example.com>
time zone: Europe/Moscow
reports:
  morning: {report: lines, every: day, at: "08:00", to: [owner@example.com]}
"""


@app.command("list")
def list_(
    limit: Annotated[int, typer.Option(min=1, help="Letters to show.")] = 20, as_json: Json = False, home: Home = None
) -> None:
    """Show what is sent when, and the latest letters."""
    from ivr.store.engine import open_existing
    from ivr.store.mailings import SqlMailings

    settings = running_settings(home)
    file = _read(settings)
    engine = open_existing(settings.database_url)
    letters = SqlMailings(engine).recent(limit)
    engine.dispose()
    if as_json:
        told = {"reports": [_plain(one, file) for one in file.sendings], "letters": [one._asdict() for one in letters]}
        print(json.dumps(told, ensure_ascii=False, indent=1, default=str))
        return
    for one in file.sendings:
        print(f"{one.name:14} {one.report}, every {one.every}, next {_next(one, file)}, to {', '.join(one.to)}")
    print()
    for letter in letters:
        reason = f": {letter.reason}" if letter.reason else ""
        print(f"{letter.first}  {letter.schedule:14} {letter.recipient:30} {letter.state}{reason}")
    if not letters:
        print("Nothing was sent yet.")


@app.command()
def check(home: Home = None) -> None:
    """Check `mail.yaml`, and that the server lets us in; sends nothing."""
    from ivr.app.mailer import server_of
    from ivr.desk.ports_mail import ServerAwayError

    settings = running_settings(home)
    file = _read(settings)
    try:
        server_of(file, settings).greet()
    except ServerAwayError as error:
        raise DeskError(f"The server {file.host}:{file.port} does not let us in: {error}.", "Mend `server`.") from error
    print(f"{settings.mail_file}: {len(file.sendings)} reports; {file.host} lets us in.")


@app.command()
def again(
    name: Annotated[str, typer.Argument(help="The report's name in mail.yaml.")],
    day: Annotated[str, typer.Argument(metavar="DAY", help="The first day of its time, as `ivr mail list` shows it.")],
    home: Home = None,
) -> None:
    """Send letters once more of which nobody knows whether they arrived, or that were refused."""
    from datetime import UTC, datetime

    from ivr.desk.mail_reports import micros
    from ivr.store.engine import open_existing
    from ivr.store.mailings import SqlMailings

    try:
        first = date.fromisoformat(day)
    except ValueError as error:
        raise DeskError(f"{day!r} is no day.", "Write one such as 2026-11-21.") from error
    engine = open_existing(running_settings(home).database_url)
    count = SqlMailings(engine).again(name, first, micros(datetime.now(UTC)))
    engine.dispose()
    if not count:
        raise DeskError(f"No letter of {name} of {first} is unsure or refused.", "See them with `ivr mail list`.")
    print(f"{count} letters wait to be sent again; a running desk sends them within half a minute.")


@app.command("try")
def try_(
    name: Annotated[str, typer.Argument(help="The report's name in mail.yaml.")],
    to: Annotated[str, typer.Option(help="Who gets it.")],
    home: Home = None,
) -> None:
    """Send the report's last whole time to somebody now; it counts as nothing that was due."""
    from datetime import UTC, datetime, timedelta

    from ivr.app.mailer import server_of, writer_of
    from ivr.desk.ports_mail import LetterRefusedError, ServerAwayError
    from ivr.reports.schedule import periods_due
    from ivr.store.books import SqlBooks

    settings = running_settings(home)
    file = _read(settings)
    sending = next((one for one in file.sendings if one.name == name), None)
    if sending is None:
        known = ", ".join(one.name for one in file.sendings)
        raise DeskError(f"mail.yaml has no report {name!r}.", f"It has: {known}.")
    now = datetime.now(UTC)
    last = list(periods_due(sending.every, sending.at, file.zone, since=now - timedelta(days=63), now=now))[-1]
    books = SqlBooks(settings.database_url)
    try:
        letter = writer_of(books, file, settings).write(name, last.first, last.behind, to)
        connection = server_of(file, settings).open(letter)
        try:
            connection.deliver()
        finally:
            connection.close()
    except (ServerAwayError, LetterRefusedError, OSError, ValueError) as error:
        raise DeskError(f"The letter was not sent: {error}.", "`ivr mail check` looks at the server.") from error
    finally:
        books.close()
    print(f"Sent to {to}: {letter.subject}")


@app.command()
def run(home: Home = None) -> None:
    """Send what is due until SIGTERM; `ivr up` starts it."""
    import asyncio

    from ivr.app.logs import start_logs
    from ivr.app.mailer import run_mailer

    start_logs()
    asyncio.run(run_mailer(running_settings(home)))


def _read(settings: Settings) -> MailFile:
    from ivr.app.mailer import read_schedules

    if not settings.mail_file.exists():
        raise DeskError(f"There is no {settings.mail_file}.", f"Begin with these lines:\n{_BEGIN}")
    return read_schedules(settings)


def _next(one: Sending, file: MailFile) -> str:
    from datetime import UTC, datetime

    from ivr.reports.schedule import next_due

    return f"{next_due(one.every, one.at, file.zone, datetime.now(UTC)):%Y-%m-%d %H:%M}"


def _plain(one: Sending, file: MailFile) -> dict[str, Any]:
    return {"name": one.name, "report": one.report, "every": one.every, "next": _next(one, file), "to": one.to}
