"""`ivr apply`: bring the edited desks into the running system, without a call lost."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ivr.cli.options import Home, running_settings, settings_from
from ivr.errors import DeskError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ivr.app.versions import Version
    from ivr.flows.edition import Edition
    from ivr.flows.model import Desk

Author = Annotated[str | None, typer.Option("--author", help="Who does it.", show_default="your user name")]


def apply(
    reason: Annotated[str, typer.Argument(help="Why, for `ivr history`.")],
    desks: Annotated[
        Path | None, typer.Option("--desks", help="The folder of the desk files.", show_default="dialplans")
    ] = None,
    author: Author = None,
    untested: Annotated[
        bool,
        typer.Option(
            "--untested",
            help="Even when a scenario comes otherwise, audio says an old text, a way is over the budget, "
            "or the dialplan is not proven.",
        ),
    ] = False,
    overwrite: Annotated[
        bool, typer.Option("--overwrite", help="Even over files of Asterisk's edited by hand.")
    ] = False,
    home: Home = None,
) -> None:
    """Serve the edited desks from now on. Calls go on as they began; when a call of ours fails, all is as before."""
    from ivr.app.apply import Wish
    from ivr.app.apply import apply as carry_out
    from ivr.app.editions import editions_of
    from ivr.app.planned import drift
    from ivr.app.versions import who
    from ivr.flows.reader import read_desks

    served = running_settings(home)
    folder = settings_from(home=home, desks=desks).desks
    every = read_desks(folder)
    editions = editions_of(folder, every)  # at once: who saves a file from now on is not served by this apply
    if not untested:
        _look(folder, every)
        _prove(editions)
        _try(folder, every)
    if not overwrite and (served.home / "desks").is_dir() and (edited := drift(served)):
        raise DeskError(
            f"Somebody has edited {', '.join(edited)} by hand since it was written.",
            "`ivr plan` shows what; take it into asterisk-config/ or write over it with --overwrite.",
        )
    tell(carry_out(served, Wish(editions, author or who(), reason, folder)))


def tell(version: Version | None) -> None:
    """Say what is served now."""
    if version is None:
        print("Nothing to apply: this is what is served.")
        return
    names = ", ".join(edition.replace("_", " ") for edition in version.editions.values())
    print(f"Version {version.number} is served: {names}. `ivr rollback` goes back.")


def _look(folder: Path, desks: dict[str, Desk]) -> None:
    from ivr.app.hindrances import hindrances

    for found in hindrances(folder, desks):
        raise DeskError(found.sentence, f"{found.cure} --untested serves it all the same.")


def _prove(editions: Sequence[Edition]) -> None:
    from ivr.app.proven import CURE, unproven

    if found := unproven(editions):
        raise DeskError(f"The dialplan of these desks: {found[0]}.", f"{CURE[0].upper()}{CURE[1:]}.")


def _try(folder: Path, desks: dict[str, Desk]) -> None:
    from ivr.desk.walk_scenario import walk
    from ivr.flows.scenario import differences
    from ivr.flows.scenario_file import FOLDER, read_scenarios
    from ivr.speech.library import lengths

    for name, desk in desks.items():
        file = folder / FOLDER / f"{name}.yaml"
        for scenario in read_scenarios(file, desk) if file.exists() else ():
            came = walk(desk, scenario, lengths(desk, folder))
            if otherwise := list(differences(scenario.expected, came)):
                raise DeskError(
                    f"{file}: the scenario {scenario.name!r} comes otherwise: {otherwise[0]}.",
                    "`ivr test` shows all; mend the desk or the scenario, or give --untested.",
                )
