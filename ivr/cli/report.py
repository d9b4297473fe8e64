"""`ivr report`: the standard reports."""

from __future__ import annotations

import sys
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ivr.cli.options import Home, running_settings
from ivr.errors import DeskError

if TYPE_CHECKING:
    from ivr.desk.made_report import Ask, MadeReport
    from ivr.desk.ports_report import Books
    from ivr.reports.layout import Report
    from ivr.reports.plan import Plan

FORMATS = ("table", "csv", "xlsx", "json", "html")


def report(
    name: Annotated[str, typer.Argument(metavar="NAME", help="Which report; a list of them without it.")] = "",
    since: Annotated[str, typer.Option(help="From: 2h, 7d, 2026-11-21 or 2026-11-21T14:30.")] = "",
    until: Annotated[str, typer.Option(help="To, in the same words; a day is counted in. Now without it.")] = "",
    day: Annotated[str, typer.Option(help="One day: 2026-11-21.")] = "",
    month: Annotated[str, typer.Option(help="One month: 2026-11.")] = "",
    zone: Annotated[str, typer.Option(help="The zone of days and clocks; the first desk's without it.")] = "",
    by: Annotated[str, typer.Option(help="Also a row each: half hour, hour, hour of the day, day, weekday …")] = "",
    desk: Annotated[list[str] | None, typer.Option(help="Only this desk; again for more.")] = None,
    line: Annotated[list[str] | None, typer.Option(help="Only this line; again for more.")] = None,
    agent: Annotated[list[str] | None, typer.Option(help="Only this agent; again for more.")] = None,
    category: Annotated[list[str] | None, typer.Option(help="Only this category; again for more.")] = None,
    source: Annotated[list[str] | None, typer.Option(help="Only this source; again for more.")] = None,
    how: Annotated[list[str] | None, typer.Option(help="Only sources asked, dialled or known.")] = None,
    number: Annotated[list[str] | None, typer.Option(help="Only calls to this number of a desk.")] = None,
    version: Annotated[list[str] | None, typer.Option(help="Only this version of a flow.")] = None,
    node: Annotated[list[str] | None, typer.Option(help="Only this node of a flow.")] = None,
    split: Annotated[list[str] | None, typer.Option(help="Only this split of a flow.")] = None,
    way: Annotated[list[str] | None, typer.Option(help="Only callers whom a split sent this way.")] = None,
    within: Annotated[
        int | None,
        typer.Option(min=1, max=120, help="Threshold of service levels, s (20); also in place of the desks' budgets."),
    ] = None,
    short: Annotated[int, typer.Option(min=0, max=120, help="A shorter wait was no wish to be served, s.")] = 5,
    window: Annotated[str, typer.Option(help="For repeat: how long a matter may come back; 7d is quickest.")] = "7d",
    cost: Annotated[float | None, typer.Option(min=0, help="What the source's calls cost.")] = None,
    limit: Annotated[
        int | None,
        typer.Option(min=1, max=1_000_000, help="Rows of a list (50), and of a table by time on the screen (100)."),
    ] = None,
    explain: Annotated[str, typer.Option(metavar="METRIC", help="Open a number: what is in, out, and why.")] = "",
    form: Annotated[str, typer.Option("--format", help="table, csv, xlsx, json or html.")] = "table",
    out: Annotated[Path | None, typer.Option(help="The file to write; xlsx always goes into one.")] = None,
    projects: Annotated[
        Path | None, typer.Option(help="The folder of projects, whose reports have their names; ./projects without it.")
    ] = None,
    home: Home = None,
) -> None:
    """Print a report. Every number has an id (`ivr metrics ID`), and --explain ID opens it."""
    from ivr.app.budgets import budgets_of
    from ivr.app.places import projects_folder
    from ivr.reports.parts import Given
    from ivr.reports.standard import REPORTS
    from ivr.store.books import SqlBooks

    if not name:
        _list()
        return
    if form not in FORMATS:
        raise DeskError(f"There is no format {form!r}.", f"{_near(form, FORMATS)}Choose from {', '.join(FORMATS)}.")
    given = {
        "desk": desk, "line": line, "agent": agent, "category": category, "source": source,
        "how": how, "number": number, "version": version, "node": node, "split": split, "way": way,
    }  # fmt: skip
    if name not in REPORTS and (file := projects_folder(projects) / f"{Path(name).name}.yaml").is_file():
        if explain:
            raise DeskError(
                f"A number of the project {name} cannot be opened: its cards are in its list of calls.",
                "Put `calls:` into its file for that list; open the metrics of its columns in a report of their own.",
            )
        others = {"by": by, "zone": zone, "within": within, "cost": cost}
        _refuse(name, [option for option, value in (given | others).items() if value])
        _write(_project(file, (since, until, day, month), limit, home), form, out)
        return
    if name not in REPORTS:
        raise DeskError(f"There is no report {name!r}.", f"{_near(name, REPORTS)}`ivr report` lists them all.")
    settings = running_settings(home)
    books = SqlBooks(settings.database_url)
    try:
        where = {key: frozenset(values) for key, values in given.items() if values}
        _check(books, REPORTS[name], where, by)
        ask = _ask(books, (since, until, day, month, zone), where, by)
        ask = ask._replace(given=Given(within=within or 20, short=short, cost=cost), window=_window(window))
        ask = ask._replace(budgets={} if within else budgets_of(settings.desks))
        ask = _limited(ask, limit, form)
        if REPORTS[name].opening:
            ask = ask._replace(plan=_plan(home))
        if explain:
            from ivr.desk.explain_report import explain_report

            _write(explain_report(books, REPORTS[name], explain, ask), form, out)
            return
        from ivr.desk.report import make_report

        _write(make_report(books, REPORTS[name], ask), form, out)
    finally:
        books.close()


def _refuse(project: str, options: list[str]) -> None:
    """Refuse what a project's report would pass over in silence."""
    if options:
        raise DeskError(
            f"The report of the project {project} takes no {', '.join(f'--{option}' for option in options)}.",
            "Its file says what stands in it; here choose its time: --since, --until, --day, --month, and --limit.",
        )


def _plan(home: Home) -> Plan | None:
    from ivr.desk.plan_file import read_plan

    path = running_settings(home).plan_file
    return read_plan(path) if path.exists() else None


def _limited(ask: Ask, limit: int | None, form: str) -> Ask:
    """Limit the rows: what goes into a file for a program or a spreadsheet is whole, unless somebody says how much."""
    if limit:
        return ask._replace(limit=limit, rows=limit)
    return ask if form in ("table", "html") else ask._replace(rows=None)


def _project(file: Path, time: tuple[str, str, str, str], limit: int | None, home: Home) -> MadeReport:
    from ivr.desk.project_report import make_project_report
    from ivr.reports.project_file import read_project
    from ivr.store.books import SqlBooks

    project = read_project(file)
    books = SqlBooks(running_settings(home).database_url)
    try:
        ask = _ask(books, (*time, project.zone), {}, "")
        ask = ask._replace(limit=limit or ask.limit)
        return make_project_report(books, project, books.cards(project.id, ask.since, ask.until), ask)
    finally:
        books.close()


def _list() -> None:
    from ivr.desk.report import filters_of
    from ivr.reports.standard import REPORTS

    for one in REPORTS.values():
        print(f"{one.name:14} {one.title}")
        print(f"{'':14} filters: {' '.join(f'--{name}' for name in filters_of(one))}")
    print("\nOne of them: `ivr report lines --since 7d`. What its numbers mean: `ivr metrics`.")


def _check(books: Books, report: Report, where: dict[str, frozenset[str]], by: str) -> None:
    """Refuse words that nothing in the ledger is called by."""
    from ivr.desk.report import TIMES, filters_of

    if by and by not in TIMES:
        raise DeskError(f"Nothing can be split by {by!r}.", f"{_near(by, TIMES)}Choose from {', '.join(TIMES)}.")
    for key, values in where.items():
        if key not in filters_of(report):
            continue
        known = books.values(key)
        for value in sorted(values - known):
            some = ", ".join(sorted(filter(None, known))[:12]) or "none yet"
            raise DeskError(
                f"The ledger has no {key} {value!r}.", f'{_near(value, known)}It has: {some}. "" is none of them.'
            )


def _ask(books: Books, time: tuple[str, str, str, str, str], where: dict[str, frozenset[str]], by: str) -> Ask:
    from ivr.cli.ranges import read_range, read_zone
    from ivr.desk.made_report import Ask

    since, until, day, month, zone = time
    zone = read_zone(zone or books.zone())
    asked = read_range(datetime.now(UTC), zone, since=since, until=until, day=day, month=month)
    return Ask(asked.since, asked.until, zone, where, by)


def _window(text: str) -> int:
    from ivr.flows.spelling import duration

    try:
        found = int(duration(text).total_seconds()) * 1_000_000
    except ValueError:
        found = 0
    if not 0 < found <= 366 * 86_400_000_000:
        raise DeskError(f"{text!r} is no window.", "Write one up to a year: 7d, 48h, 30m.")
    return found


def _write(made: MadeReport, form: str, out: Path | None) -> None:
    if form == "table" and out is None:
        from rich.console import Console

        from ivr.sheets.terminal import print_report

        print_report(made, Console())
        return
    if form == "xlsx":
        from ivr.sheets.excel import write_excel

        path = out or Path(f"{made.name}.xlsx")
        _new(path)
        write_excel(made, path)
        print(path)
        return
    text = _text(made, form)
    if out is None:
        sys.stdout.write(text)
        return
    _new(out)
    # A byte-order mark is how Excel learns that a CSV file is UTF-8.
    out.write_text(text, encoding="utf-8-sig" if form == "csv" else "utf-8", newline="")
    print(out)


def _text(made: MadeReport, form: str) -> str:
    if form == "html":
        from ivr.sheets.page import as_page

        return as_page(made)
    if form == "table":
        from io import StringIO

        from rich.console import Console

        from ivr.sheets.terminal import print_report

        page = StringIO()
        print_report(made, Console(file=page, width=120))
        return page.getvalue()
    from ivr.sheets.plain import as_csv, as_json

    return as_csv(made) if form == "csv" else f"{as_json(made)}\n"


def _new(path: Path) -> None:
    """Refuse to write over anything."""
    if path.exists():
        raise DeskError(f"{path} is there already.", "Name another file by --out, or remove it.")
    if not path.parent.is_dir():
        raise DeskError(f"There is no folder {path.parent}.", "Make it first, or name another file by --out.")


def _near(word: str, known: Iterable[str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(word, list(filter(None, known)), 1)
    return f"Did you mean {near[0]}? " if near else ""
