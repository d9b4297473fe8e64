"""`ivr check`: whether desks can be opened, and how long their callers wait for a person."""

from __future__ import annotations

import json
import shutil
import textwrap
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ivr.errors import AuthorError, DeskError

if TYPE_CHECKING:
    from ivr.flows.budget import Route
    from ivr.flows.model import Desk
    from ivr.flows.reader import Source
    from ivr.written.mistake import Mistake


MOST = 30
"""Ways to a person that are shown of a large desk."""
_TIED = "\N{NO-BREAK SPACE}"
"""Keeps words on one line until it is filled."""


@dataclass(slots=True)
class Report:
    """What was found in one desk file."""

    file: Path
    source: Source | None = None
    mistakes: list[str] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)
    routes: tuple[Route, ...] = ()

    def add(self, found: Mistake) -> None:
        """Keep a mistake or warning, located in the file."""
        if self.source is not None:
            lines = self.mistakes if found.severity == "mistake" else self.warnings
            lines.append(self.source.locate(found))


def check(
    desks: Annotated[
        list[str] | None, typer.Argument(help="Desks by name or file; all when left out.", show_default=False)
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
) -> None:
    """Check desk files: mistakes, missing prompts, and the time until a person's telephone rings."""
    reports = [_report(file) for file in _files(desks or [])]
    for folder in dict.fromkeys(report.file.parent for report in reports):
        _add_together(folder, [report for report in reports if report.file.parent == folder])
    if as_json:
        print(json.dumps([_plain(report) for report in reports], indent=2, ensure_ascii=False))
    else:
        _show(reports)
    if any(report.mistakes for report in reports):
        raise typer.Exit(2)


def _files(desks: list[str]) -> list[Path]:
    from ivr.cli.options import settings_from
    from ivr.written.mistake import nearest

    folder = settings_from().desks
    known = {path.stem: path for path in sorted(folder.glob("*.yaml"))}
    if not desks and not known:
        raise DeskError(f"There is no desk in {folder}.", "Put a file such as shop.yaml there, or name one.")
    files = []
    for desk in desks or known:
        if desk not in known and not desk.endswith((".yaml", ".yml")) and "/" not in desk:
            raise DeskError(f"There is no desk `{desk}` in {folder}.", f"{nearest(desk, known).capitalize()}")
        files.append(known.get(desk, Path(desk)))
    return list(dict.fromkeys(files))


def _report(file: Path) -> Report:
    from ivr.flows.budget import routes_of
    from ivr.flows.checks import check_desk
    from ivr.flows.reader import read_source
    from ivr.speech.library import durations

    report = Report(file)
    try:
        report.source = read_source(file)
    except AuthorError as error:
        report.mistakes += error.mistakes
        return report
    desk = report.source.desk
    report.routes = routes_of(desk, durations(file.parent, desk.desk))
    for found in (*report.source.warnings, *check_desk(desk, report.routes), *_prompts(report.source)):
        report.add(found)
    return report


def _prompts(source: Source) -> list[Mistake]:
    """Return the prompts without audio as mistakes, and those whose text has changed since as warnings."""
    from ivr.flows.prompts import spoken_of
    from ivr.speech.library import stale_prompts
    from ivr.written.mistake import Mistake

    desk = source.desk
    paths = {spoken.id: spoken.path for spoken in spoken_of(desk)}
    cure = f"run `ivr prompts build {desk.desk}`, or record it"
    found = []
    for prompt, state in stale_prompts(desk, source.file.parent):
        name = f"`{prompt.id}` ({prompt.language})"
        if state == "missing":
            found.append(Mistake(paths[prompt.id], f"the prompt {name} has no audio", cure))
        else:
            wrong = f"the audio of {name} does not say the text that stands here now"
            found.append(Mistake(paths[prompt.id], wrong, cure, "warning"))
    return found


def _add_together(folder: Path, reports: list[Report]) -> None:
    """Add what these desks and the others of their folder both claim; else what their dialplan does amiss."""
    from ivr.app.proven import CURE, unproven
    from ivr.flows.edition import Edition
    from ivr.flows.reader import read_source, version_of
    from ivr.flows.together import clashes

    desks = {}
    for file in sorted(set(folder.glob("*.yaml")) - {report.file for report in reports}):
        try:
            desks[file] = read_source(file).desk
        except AuthorError:
            continue  # its own mistakes are told when it is checked itself
    desks |= {report.file: report.source.desk for report in reports if report.source}
    clashing = list(clashes(desks))
    for file, mistake in clashing:
        for report in reports:
            if report.file == file:
                report.add(mistake)
    editions = [Edition(desk, version_of(file)) for file, desk in desks.items()]
    if editions and not clashing:
        reports[0].mistakes += (
            f"{folder}: the dialplan of these desks: {wrong}: {CURE}" for wrong in unproven(editions)
        )


def _plain(report: Report) -> dict[str, Any]:
    from ivr.app.editions import version_at

    desk = report.source.desk if report.source else None
    return {
        "file": str(report.file),
        "desk": desk.desk if desk else None,
        "version": version_at(report.file.parent, desk) if desk else None,
        "mistakes": report.mistakes,
        "warnings": report.warnings,
        "budget": desk.budget.time_to_human.total_seconds() if desk and desk.budget else None,
        "routes": [
            {
                "keys": list(route.keys),
                "line": route.line,
                "silent": route.silent,
                "seconds": round(route.seconds, 2),
                "estimated": route.estimated,
                "parts": [{"what": part.what, "seconds": round(part.seconds, 2)} for part in route.spent],
            }
            for route in report.routes
        ],
    }


def _show(reports: list[Report]) -> None:
    for report in reports:
        for line in report.mistakes:
            print(line)
        for line in report.warnings:
            place, _, rest = line.partition(": ")
            print(f"{place}: warning: {rest}")
        if report.source is not None and report.routes:
            _show_routes(report.source.desk, report.routes)
    mistakes = sum(len(report.mistakes) for report in reports)
    warnings = sum(len(report.warnings) for report in reports)
    print(f"{_count(len(reports), 'desk')}: {_count(mistakes, 'mistake')}, {_count(warnings, 'warning')}.")


def _show_routes(desk: Desk, routes: tuple[Route, ...]) -> None:
    """Print each way in two lines: how long it is and which way, and what the caller hears on it."""
    width = shutil.get_terminal_size().columns
    promised = f", {desk.budget.time_to_human.total_seconds():g} s promised" if desk.budget else ""
    print(f"{desk.desk}: time to a human{promised}")
    longest = set(sorted(routes, key=lambda route: route.seconds)[-MOST:])
    shown = [route for route in routes if route in longest]
    for route in shown:
        keys = "no key pressed" if route.silent else ", ".join(route.keys) or "no key asked"
        heard = " + ".join(str(part).replace(" ", _TIED) for part in route.spent)
        for line, first in ((f"{route.line}: {keys}", f"{route.seconds:6.1f} s  "), (heard, " " * 10)):
            print(textwrap.fill(line, width, initial_indent=first, subsequent_indent=" " * 10).replace(_TIED, " "))
    if any(route.estimated for route in shown):
        print("~ no audio yet, estimated from the text")
    if len(shown) < len(routes):
        print(f"the {MOST} longest ways of {len(routes)}; --json has all")


def _count(number: int, noun: str) -> str:
    return f"{number or 'no'} {noun}{'' if number == 1 else 's'}"
