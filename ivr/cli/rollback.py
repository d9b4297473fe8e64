"""`ivr rollback`: serve a former version again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from ivr.cli.apply import Author, tell
from ivr.cli.options import Home, running_settings
from ivr.errors import DeskError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from ivr.app.versions import Version


def rollback(
    number: Annotated[
        int | None, typer.Argument(help="A number of `ivr history`.", show_default="the one served before")
    ] = None,
    reason: Annotated[str, typer.Option("--reason", help="Why, for `ivr history`.")] = "",
    author: Author = None,
    home: Home = None,
) -> None:
    """Serve a former version again, as carefully as a new one. The desk files that you edit stay as they are."""
    from ivr.app.apply import Wish, apply
    from ivr.app.editions import read_edition
    from ivr.app.versions import read_versions, who

    settings = running_settings(home)
    wanted = find(read_versions(settings.home), number)
    editions = tuple(read_edition(settings.home, name) for name in wanted.editions.values())
    tell(apply(settings, Wish(editions, author or who(), reason or f"back to version {wanted.number}")))


def find(versions: Sequence[Version], number: int | None) -> Version:
    """Return the version of a number; without one the last that was served before the present. Raises `DeskError`."""
    served = [version for version in versions if version.outcome == "served"]
    if number is None:
        before = [one for one in served[:-1] if one.editions != served[-1].editions]
        if not before:
            raise DeskError("There is no version before this one.", "`ivr history` lists them.")
        return before[-1]
    found = next((version for version in served if version.number == number), None)
    if found is None:
        raise DeskError(f"Version {number} was never served here.", "`ivr history` lists those that were.")
    return found
