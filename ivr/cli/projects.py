"""`ivr projects`: what a project's file says, and what is wrong with it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ivr.cli.options import Json
from ivr.errors import AuthorError, DeskError

if TYPE_CHECKING:
    from ivr.reports.project import Project


def projects(
    files: Annotated[
        list[Path] | None, typer.Argument(help="Project files; all of the folder when left out.", show_default=False)
    ] = None,
    folder: Annotated[Path | None, typer.Option(help="The projects' folder; ./projects, or the examples.")] = None,
    as_json: Json = False,
) -> None:
    """Check project files: their wrap-up codes, their card's fields, and the columns of their reports."""
    from ivr.app.places import projects_folder
    from ivr.reports.project_file import read_project

    folder = projects_folder(folder)
    found: list[Project] = []
    mistakes: list[str] = []
    for file in files or sorted(folder.glob("*.yaml")):
        try:
            project = read_project(file)
        except AuthorError as error:
            mistakes += error.mistakes
            continue
        if project.id in (other.id for other in found):
            mistakes.append(f"{file}:1:1: another file is the project `{project.id}` too: give one another name")
        found.append(project)
    if not found and not mistakes:
        raise DeskError(
            f"There is no project in {folder}.", "Put a file such as telemarketing.yaml there, or name one."
        )
    if as_json:
        print(
            json.dumps({"projects": [_plain(one) for one in found], "mistakes": mistakes}, ensure_ascii=False, indent=1)
        )
    else:
        _show(found)
        print("" if files else f"\nThey lie in {folder}.", end="" if files else "\n")
    if mistakes:
        raise AuthorError(mistakes)


def _plain(project: Project) -> dict[str, Any]:
    return {
        "project": project.id,
        "title": project.title,
        "language": project.language,
        "codes": [{"code": name, "name": one.heading, "is": one.kind} for name, one in project.codes.items()],
        "fields": [{"field": name, "name": one.heading, "is": one.kind} for name, one in project.fields.items()],
        "rows": project.rows,
        "columns": [{"is": one.kind, "of": one.what, "heading": one.heading} for one in project.columns],
        "calls": list(project.calls),
    }


def _show(found: list[Project]) -> None:
    for project in found:
        print(f"{project.id}: {project.title}")
        codes = (f"{name}{f' ({one.kind})' if one.kind else ''}" for name, one in project.codes.items())
        print(f"  codes    {', '.join(codes) or 'none'}")
        kinds = (f"{name}{'' if one.kind == 'text' else f' ({one.kind})'}" for name, one in project.fields.items())
        print(f"  fields   {', '.join(kinds) or 'none'}")
        print(f"  report   by {project.rows}: {', '.join(one.heading for one in project.columns)}")
        if project.calls:
            print(f"  calls    {', '.join(project.calls)}")
