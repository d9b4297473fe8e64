"""`ivr calls outcome`: what a call came to, written in its card."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ivr.cli.options import Home, running_settings
from ivr.errors import DeskError

if TYPE_CHECKING:
    from ivr.ledger.card import Entry
    from ivr.reports.project import Project
    from ivr.settings import Settings


def outcome(
    call: Annotated[str, typer.Argument(metavar="CALL", help="A call's id, its beginning or end, or `last`.")],
    code: Annotated[list[str] | None, typer.Option(help="What it came to; may be given several times.")] = None,
    back: Annotated[list[str] | None, typer.Option("--not", help="A code to take back.")] = None,
    set_: Annotated[list[str] | None, typer.Option("--set", help="A field of the card: company=Acme.")] = None,
    sum_: Annotated[str, typer.Option("--sum", help="The same as --set sum=…")] = "",
    agent: Annotated[str, typer.Option(help="Who writes; who answered the call when left out.")] = "",
    project: Annotated[str, typer.Option(help="Whose codes they are; the only project when left out.")] = "",
    folder: Annotated[Path | None, typer.Option(help="The projects' folder; ./projects, or the examples.")] = None,
    home: Home = None,
) -> None:
    """Write what a call came to in its card: codes and fields of a project. The journal keeps every entry."""
    import asyncio
    import logging

    import structlog

    from ivr.app.acting import act
    from ivr.ledger.card import card_facts
    from ivr.telephony.facts import write_facts

    settings = running_settings(home)
    fields = dict(_field(text) for text in set_ or []) | ({"sum": sum_} if sum_ else {})
    mine = _project(folder, project)
    entry = _entry(settings, mine, call, agent, tuple(code or ()), tuple(back or ()), fields)
    texts = [write_facts([fact]) for fact in card_facts(entry)]
    more = {"IVR_CARDS": str(len(texts))} | {f"IVR_CARD_{place}": text for place, text in enumerate(texts, 1)}
    # The link's own log is for a process that keeps it.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.CRITICAL))
    asyncio.run(act(settings, "card", entry.agent, more=more))
    print(f"{entry.call}: {_told(mine, entry)}, written by {entry.agent}.")


def _entry(
    settings: Settings,
    project: Project,
    wanted: str,
    agent: str,
    codes: tuple[str, ...],
    back: tuple[str, ...],
    fields: dict[str, str],
) -> Entry:
    from ivr.store.queries import Calls

    found = Calls(settings.database_url).story(wanted).call
    writer = agent or found["answered_by"]
    if not writer:
        raise DeskError("No agent answered this call.", "Say who writes: --agent 201.")
    return project.entry(found["id"], writer, time.time_ns() // 1000, codes, back, fields)


def _project(given: Path | None, wanted: str) -> Project:
    from ivr.app.places import projects_folder
    from ivr.reports.project_file import read_project
    from ivr.written.mistake import nearest

    folder = projects_folder(given)
    found = {one.id: one for one in map(read_project, sorted(folder.glob("*.yaml")))}
    if not wanted and len(found) == 1:
        return next(iter(found.values()))
    if wanted not in found:
        sentence = (
            f"There is no project {wanted!r} in {folder}." if wanted else f"{folder} holds {len(found)} projects."
        )
        raise DeskError(sentence, f"{nearest(wanted, found, 'name one by --project').capitalize()}.")
    return found[wanted]


def _field(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name:
        raise DeskError(f"{text!r} sets no field.", "Write name=value: --set company=Acme.")
    return name, value.strip()


def _told(project: Project, entry: Entry) -> str:
    words = [project.codes[code].heading for code in entry.codes]
    words += [f"no longer {project.codes[code].heading}" for code in sorted(entry.taken_back)]
    words += [f"{project.fields[name].heading} {value or 'emptied'}" for name, value in entry.fields.items()]
    return ", ".join(words)
