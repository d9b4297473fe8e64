"""`ivr play`: walk through a desk in the terminal, without a telephone."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ivr.cli.options import Json, settings_from
from ivr.errors import DeskError

if TYPE_CHECKING:
    from ivr.desk.play import Step
    from ivr.flows.model import Desk

_VERB_STYLE = {
    "says": "cyan",
    "asks": "bold cyan",
    "presses": "bold yellow",
    "line": "bold green",
    "takes a message": "bold green",
    "whispers": "magenta",
}


def play(
    desk: Annotated[str, typer.Argument(help="A desk's name, or its file.")],
    keys: Annotated[
        str | None, typer.Option(help="What the caller presses, in order; `-` stays silent. Asked when left out.")
    ] = None,
    at: Annotated[
        str | None, typer.Option(help="When he calls, as 2026-12-31T18:00, in the desk's zone.", show_default="now")
    ] = None,
    caller: Annotated[str, typer.Option("--from", help="His number.")] = "+79210000001",
    number: Annotated[
        str | None, typer.Option(help="The number that he dials.", show_default="the desk's first")
    ] = None,
    known: Annotated[bool, typer.Option("--known", help="He has called before.")] = False,
    source: Annotated[str, typer.Option(help="His source, when the ledger knows it.")] = "",
    as_json: Json = False,
) -> None:
    """Walk a call through a desk: what the caller hears, what is noted, which line he reaches."""
    from ivr.desk.play import Playing
    from ivr.engine.inputs import Caller
    from ivr.flows.prompts import prompts_of
    from ivr.speech.library import lengths

    its, folder = read_named(desk)
    if number is not None and number not in its.numbers:
        raise DeskError(f"The desk {its.desk} has no number {number}.", f"Its numbers: {', '.join(its.numbers)}.")
    texts = {(prompt.id, prompt.language): prompt.text for prompt in prompts_of(its)}
    game = Playing(its, texts, lengths(its, folder), _asker(keys), Caller(known, source))
    steps = game.run(number or its.numbers[0], caller, _moment(at, its))
    if as_json:
        print(json.dumps([asdict(step) for step in steps], ensure_ascii=False, indent=1))
    else:
        _show(steps)


def read_named(desk: str) -> tuple[Desk, Path]:
    """Return the desk of a name or a file, and the folder where it lies."""
    from ivr.flows.reader import read_desk

    path = Path(desk)
    if path.suffix not in {".yaml", ".yml"}:
        folder = settings_from().desks
        path = folder / f"{desk}.yaml"
        if not path.exists():
            there = ", ".join(sorted(file.stem for file in folder.glob("*.yaml"))) or "none"
            raise DeskError(f"There is no desk {desk!r} in {folder}.", f"Desks there: {there}.")
    return read_desk(path), path.parent


def _moment(at: str | None, desk: Desk) -> datetime:
    from zoneinfo import ZoneInfo

    zone = ZoneInfo(desk.time_zone)
    if at is None:
        return datetime.now(zone)
    try:
        moment = datetime.fromisoformat(at)
    except ValueError as error:
        raise DeskError(f"{at!r} is no moment.", "Write it as 2026-12-31T18:00.") from error
    return moment if moment.tzinfo else moment.replace(tzinfo=zone)


def _asker(keys: str | None) -> Callable[[str], str]:
    if keys is None:
        return _ask_player
    if wrong := set(keys) - set("0123456789*#- "):
        raise DeskError(f"{''.join(sorted(wrong))!r} is on no telephone.", "Keys are 0-9, * and #; `-` stays silent.")
    left = iter(key for key in keys if key != " ")
    return lambda prompt: next(left, "-").replace("-", "")  # noqa: ARG005 — the same shape as asking the player


def _ask_player(prompt: str) -> str:
    try:
        return input(f"        {prompt}? key (Enter = silence): ").strip()
    except EOFError:
        return ""


def _show(steps: Iterator[Step]) -> None:
    from rich.console import Console
    from rich.text import Text

    console = Console(highlight=False)
    for step in steps:
        line = Text(f"{step.at:6.1f} s  ")
        line.append(f"{step.what:<18}", style=_VERB_STYLE.get(step.what, "dim"))
        line.append(step.subject, style="bold" if step.what != "notes" else "dim")
        line.append(f"  {step.text}" if step.text else "", style="dim" if step.what == "notes" else "")
        console.print(line)
