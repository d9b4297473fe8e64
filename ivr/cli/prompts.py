"""`ivr prompts`: the audio of the desks' texts."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ivr.errors import DeskError

if TYPE_CHECKING:
    from ivr.flows.model import Desk

app = typer.Typer(help="The audio of the desks' texts: what is there, what is missing, make it.", no_args_is_help=True)

DeskName = Annotated[str | None, typer.Argument(help="The desk's name; all desks when left out.", show_default=False)]
Folder = Annotated[Path | None, typer.Option("--desks", help="The folder of the desks.", show_default="dialplans")]


@app.command()
def build(
    desk: DeskName = None,
    engine: Annotated[
        str, typer.Option(help="rhvoice, piper, espeak-ng or another; the best one here when left out.")
    ] = "",
    force: Annotated[bool, typer.Option("--force", help="Make all again, not only the missing and stale.")] = False,
    desks: Folder = None,
) -> None:
    """Make the prompts that are missing or say an old text. A person's recording is never touched."""
    from functools import partial

    from ivr.speech.build import build as build_desk
    from ivr.speech.engine import pick

    folder, found = _desks(desk, desks)
    for one in found:
        done = build_desk(one, folder, partial(pick, wanted=engine), force=force, progress=_progress)
        print(f"{one.desk}: {done} made" if done else f"{one.desk}: nothing to do")


@app.command("list")
def list_prompts(
    desk: DeskName = None,
    as_json: Annotated[bool, typer.Option("--json", help="For programs.")] = False,
    desks: Folder = None,
) -> None:
    """List the prompts with their state: present, stale, missing, or recorded by a person."""
    folder, found = _desks(desk, desks)
    rows = [row for one in found for row in _rows(one, folder)]
    if as_json:
        print(json.dumps(rows, ensure_ascii=False, indent=1))
        return
    for row in rows:
        seconds = f"{row['seconds']:5.1f} s" if row["seconds"] is not None else "      -"
        print(f"{row['state']:9} {seconds}  {row['desk']}/{row['language']}/{row['id']}  {row['text']}")


@app.command("install-voices")
def install_voices(
    show: Annotated[bool, typer.Option("--show", help="Only print the commands.")] = False,
) -> None:
    """Install RHVoice and espeak-ng from the machine's own Debian mirror; needs root."""
    from ivr.speech import install

    if show:
        print(install.plan(Path("FOLDER")))
        return
    install.install()
    print("RHVoice speaks Russian and English now; make the prompts with `ivr prompts build`.")


def _rows(desk: Desk, folder: Path) -> list[dict[str, Any]]:
    from ivr.flows.prompts import prompts_of
    from ivr.speech.library import duration_of, source_of, stale_prompts
    from ivr.speech.manifest import read_manifest

    stale = {(prompt.language, prompt.id): state for prompt, state in stale_prompts(desk, folder)}
    manifest = read_manifest(folder / desk.desk / "prompts")
    rows = []
    for prompt in prompts_of(desk):
        source = source_of(folder, desk.desk, prompt.id, prompt.language)
        made = manifest.get(f"{prompt.language}/{prompt.id}")
        by_person = source is not None and source.by_person
        rows.append(
            {
                "desk": desk.desk,
                "language": prompt.language,
                "id": prompt.id,
                "state": stale.get((prompt.language, prompt.id), "recorded" if by_person else "present"),
                "text": prompt.text,
                "seconds": duration_of(folder, desk.desk, prompt.id, prompt.language),
                "file": str(source.path) if source else None,
                "engine": None if by_person or made is None else made.engine,
                "voice": None if by_person or made is None else made.voice,
            }
        )
    return rows


def _desks(name: str | None, folder: Path | None) -> tuple[Path, list[Desk]]:
    from ivr.cli.options import settings_from
    from ivr.flows.reader import read_desks

    place = folder or settings_from().desks
    found = read_desks(place)
    if name is None:
        return place, list(found.values())
    if name not in found:
        raise DeskError(f"There is no desk {name} in {place}.", f"Choose one of {', '.join(found)}.")
    return place, [found[name]]


def _progress(line: str) -> None:
    print(line, file=sys.stderr, flush=True)
