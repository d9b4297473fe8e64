"""`ivr announce`: an announcement before everything else, switched on and off while the desk runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ivr.cli.options import Home, Json, running_settings
from ivr.errors import DeskError

if TYPE_CHECKING:
    from ivr.flows.model import Desk
    from ivr.settings import Settings

app = typer.Typer(help="Say something to every caller before anything else, from this moment on.", no_args_is_help=True)

OnDesk = Annotated[str | None, typer.Option("--desk", help="One desk.", show_default="all desks")]


@app.command()
def on(
    text: Annotated[str, typer.Argument(help="What is said, in the desk's first language.")] = "",
    file: Annotated[Path | None, typer.Option("--file", help="A person's recording of it, instead of a text.")] = None,
    then: Annotated[Literal["go on", "hang up"], typer.Option("--then", help="What comes behind it.")] = "go on",
    desk: OnDesk = None,
    engine: Annotated[str, typer.Option(help="rhvoice, piper, espeak-ng; the best one here when left out.")] = "",
    home: Home = None,
) -> None:
    """Switch it on: the next call hears it. It outlives restarts."""
    from ivr.app.announce import recorded, speak, switch_on

    if bool(text.strip()) == bool(file):
        raise DeskError(
            "An announcement is either a text or a file.", 'Write `ivr announce on "We are moving today."`.'
        )
    settings = running_settings(home)
    for its in _desks(settings, desk):
        sound = recorded(file) if file else speak(text, its.languages[0], engine)
        switch_on(settings, its.desk, sound, then)
        print(f"{its.desk} says it to every call now" + (", and hangs up." if then == "hang up" else "."))


@app.command()
def off(desk: OnDesk = None, home: Home = None) -> None:
    """Switch it off."""
    from ivr.app.announce import announced, switch_off

    settings = running_settings(home)
    there = announced(settings)
    for its in _desks(settings, desk):
        switch_off(settings, its.desk)
        print(f"{its.desk} says it no more." if its.desk in there else f"{its.desk} has said none.")


@app.command()
def show(home: Home = None, as_json: Json = False) -> None:
    """Say which desks have an announcement now."""
    from ivr.app.announce import announced

    there = announced(running_settings(home))
    if as_json:
        print(json.dumps(there, ensure_ascii=False))
        return
    for desk, then in there.items():
        print(f"{desk}: on, then {then}")
    if not there:
        print("No desk has an announcement.")


def _desks(settings: Settings, wanted: str | None) -> list[Desk]:
    from ivr.flows.reader import read_desks
    from ivr.written.mistake import nearest

    desks = read_desks(settings.desks)
    if wanted is not None and wanted not in desks:
        raise DeskError(f"There is no desk {wanted!r}.", f"{nearest(wanted, desks).capitalize()}.")
    return list(desks.values()) if wanted is None else [desks[wanted]]
