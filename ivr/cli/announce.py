"""`ivr announce`: an announcement before everything else, switched on and off while the desk runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ivr.cli.options import Home, Json, running_settings
from ivr.errors import DeskError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ivr.flows.model import Desk
    from ivr.settings import Settings

app = typer.Typer(help="Say something to every caller before anything else, from this moment on.", no_args_is_help=True)

OnDesk = Annotated[str | None, typer.Option("--desk", help="One desk.", show_default="all desks")]
_BEHIND = {"go on": "", "hang up": "; behind it the call ends", "closed": "; behind it comes the way of closed hours"}


@app.command()
def on(
    text: Annotated[str, typer.Argument(help="What is said.")] = "",
    file: Annotated[Path | None, typer.Option("--file", help="A person's recording of it, instead of a text.")] = None,
    then: Annotated[
        Literal["go on", "hang up", "closed"],
        typer.Option("--then", help="What comes behind it; `closed`: the desk's way of closed hours."),
    ] = "go on",
    desk: OnDesk = None,
    language: Annotated[
        str | None, typer.Option(help="The text's language.", show_default="the desk's first language")
    ] = None,
    engine: Annotated[str, typer.Option(help="rhvoice, piper, espeak-ng; the best one here when left out.")] = "",
    home: Home = None,
) -> None:
    """Switch it on: the next call hears it. It outlives restarts."""
    from ivr.app.announce import language_of, must_close, recorded, speak, switch_on

    if bool(text.strip()) == bool(file):
        raise DeskError(
            "An announcement is either a text or a file.", 'Write `ivr announce on "We are moving today."`.'
        )
    settings = running_settings(home)
    desks = _served(settings)
    wanted = list(desks.values()) if desk is None else [desks[_known(desk, desks)]]
    if then == "closed":
        must_close(wanted)
    sound = recorded(file) if file else speak(text, language or language_of(wanted), engine)
    switch_on(settings, desk, sound, then)
    print(f"{'All desks say' if desk is None else f'{desk} says'} it to every call now{_BEHIND[then]}.")


@app.command()
def off(desk: OnDesk = None, home: Home = None) -> None:
    """Switch it off; without a desk everywhere, also where a desk is not served now."""
    from ivr.app.announce import OFF, announced, switch_off
    from ivr.asterisk.render import EVERY_DESK

    settings = running_settings(home)
    there = announced(settings)
    if desk is not None:
        _known(desk, {*_served(settings), *there} - {EVERY_DESK})
    switch_off(settings, desk)
    if desk is None:
        said = [
            "All desks say" if name == EVERY_DESK else f"{name} says" for name, then in there.items() if then != OFF
        ]
        print("\n".join(f"{whose} it no more." for whose in said) or "No desk has said any.")
    elif EVERY_DESK in there:
        print(f"{desk} says none, while all desks do.")
    else:
        print(f"{desk} says it no more." if there.get(desk, OFF) != OFF else f"{desk} has said none.")


@app.command()
def show(home: Home = None, as_json: Json = False) -> None:
    """Say which desks have an announcement now."""
    from ivr.app.announce import OFF, announced, is_lost
    from ivr.asterisk.render import EVERY_DESK

    settings = running_settings(home)
    there = announced(settings)
    if as_json:
        print(json.dumps(there, ensure_ascii=False))
        return
    served = _served(settings)
    for name, then in there.items():
        whose = "all desks" if name == EVERY_DESK else name if name in served else f"{name}, which is not served now"
        lost = (
            ", but its sound is lost, so calls go on without it: switch it on again" if is_lost(settings, name) else ""
        )
        print(f"{whose}: off" if then == OFF else f"{whose}: on, then {then}{lost}")
    if not there:
        print("No desk has an announcement.")


def _served(settings: Settings) -> dict[str, Desk]:
    from ivr.flows.reader import read_desks

    return read_desks(settings.desks)


def _known(wanted: str, desks: Iterable[str]) -> str:
    from ivr.written.mistake import nearest

    if wanted not in (known := list(desks)):
        raise DeskError(f"There is no desk {wanted!r}.", f"{nearest(wanted, known).capitalize()}.")
    return wanted
