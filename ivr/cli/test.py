"""`ivr test`: try the scenarios of desks, without a telephone or with real calls."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ivr.cli.options import Home, Json, running_settings, settings_from
from ivr.errors import AuthorError, DeskError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from ivr.flows.model import Desk
    from ivr.flows.scenario import Scenario, Way
    from ivr.settings import Settings


@dataclass(frozen=True, slots=True)
class Tried:
    """A scenario that was tried: what came otherwise, or why it was left out."""

    desk: str
    scenario: str
    differences: tuple[str, ...] = ()
    left_out: str = ""


def try_scenarios(
    desks: Annotated[
        list[str] | None,
        typer.Argument(help="Desks by name; all that have scenarios when left out.", show_default=False),
    ] = None,
    real: Annotated[bool, typer.Option("--real", help="Place real calls into the running desk.")] = False,
    folder: Annotated[
        Path | None, typer.Option("--desks", help="The folder of the desk files.", show_default="dialplans")
    ] = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Try what callers do, as `scenarios/DESK.yaml` beside the desks tells it, and say what comes otherwise."""
    settings = settings_from(home=home, desks=folder)
    every, scenarios = _read(settings.desks, desks or [])
    if real:
        served = running_settings(home)
        _check_served(scenarios, settings.desks, served.desks)
        settings = served
    tried = []
    for name, some in scenarios.items():
        for scenario in some:
            one = _tried(scenario, every[name], every, settings, real=real)
            tried.append(one)
            if not as_json:
                _show(one)
    if as_json:
        print(json.dumps([asdict(one) for one in tried], ensure_ascii=False, indent=1))
    failed = sum(bool(one.differences) for one in tried)
    if not as_json:
        out = sum(bool(one.left_out) for one in tried)
        print(f"{len(tried) - failed - out} as expected, {failed} otherwise" + (f", {out} left out" if out else ""))
    if failed:
        raise typer.Exit(1)


test = try_scenarios
"""The command's name; a function of this name would be taken for a test."""


def _read(folder: Path, wanted: list[str]) -> tuple[dict[str, Desk], dict[str, tuple[Scenario, ...]]]:
    from ivr.flows.reader import read_desks
    from ivr.flows.scenario_file import FOLDER, read_scenarios
    from ivr.written.mistake import nearest

    every = read_desks(folder)
    for name in wanted:
        if name not in every:
            raise DeskError(f"There is no desk {name!r} in {folder}.", f"{nearest(name, every).capitalize()}.")
    files = {name: folder / FOLDER / f"{name}.yaml" for name in wanted or every}
    there = {name: file for name, file in files.items() if wanted or file.exists()}
    if not there:
        raise DeskError(
            f"No desk in {folder} has scenarios.",
            f"Write {folder / FOLDER / f'{next(iter(every))}.yaml'}; docs/admin.md shows one.",
        )
    found: dict[str, tuple[Scenario, ...]] = {}
    mistakes: list[str] = []
    for name, file in there.items():
        try:
            found[name] = read_scenarios(file, every[name])
        except AuthorError as error:
            mistakes += error.mistakes
    if mistakes:
        raise AuthorError(mistakes)
    return every, found


def _check_served(names: Iterable[str], folder: Path, served: Path) -> None:
    """Refuse to try on callers' desk what stands in a file that it does not serve."""
    for name in names:
        file, its = folder / f"{name}.yaml", served / f"{name}.yaml"
        if its != file and (not its.exists() or _version(its) != _version(file)):
            raise DeskError(
                f"{file} is not what is served: a real call would not meet it.",
                "Bring it into the running desk by `ivr apply`, or leave --real out.",
            )


def _version(file: Path) -> str:
    from ivr.app.editions import version_at
    from ivr.flows.reader import read_desk

    return version_at(file.parent, read_desk(file))


def _tried(scenario: Scenario, desk: Desk, desks: dict[str, Desk], settings: Settings, *, real: bool) -> Tried:
    from ivr.flows.scenario import differences

    if real and scenario.only_walked:
        return Tried(desk.desk, scenario.name, left_out=scenario.only_walked)
    try:
        came = _real(scenario, desk, desks, settings) if real else _walked(scenario, desk, settings)
    except DeskError as error:
        return Tried(desk.desk, scenario.name, (f"{error.sentence} {error.cure}".rstrip(),))
    return Tried(desk.desk, scenario.name, tuple(differences(scenario.expected, came)))


def _walked(scenario: Scenario, desk: Desk, settings: Settings) -> Way:
    from ivr.desk.walk_scenario import walk
    from ivr.speech.library import lengths

    return walk(desk, scenario, lengths(desk, settings.desks))


def _real(scenario: Scenario, desk: Desk, desks: dict[str, Desk], settings: Settings) -> Way:
    import asyncio

    from ivr.app.real_scenario import try_for_real

    return asyncio.run(try_for_real(scenario, desk, desks, settings))


def _show(one: Tried) -> None:
    from rich.console import Console
    from rich.text import Text

    word, style = (
        ("otherwise", "bold red") if one.differences else ("left out", "dim") if one.left_out else ("ok", "green")
    )
    line = Text(f"{one.desk:<12} ")
    line.append(f"{word:<10}", style=style)
    line.append(one.scenario)
    line.append(f"  ({one.left_out})" if one.left_out else "", style="dim")
    console = Console(highlight=False, soft_wrap=True)
    console.print(line)
    for difference in one.differences:
        console.print(Text(f"{'':<23}{difference}", style="red"))
