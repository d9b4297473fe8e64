"""`ivr restore`: a desk from the file of `ivr backup`."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Annotated

import typer

from ivr.cli.options import Home, settings_from


def restore(
    file: Annotated[Path, typer.Argument(help="The file that `ivr backup` wrote.")],
    home: Home = None,
    database: Annotated[
        str | None, typer.Option(help="An empty database, for a ledger of PostgreSQL.", show_default="SQLite")
    ] = None,
) -> None:
    """Bring a desk back into an empty folder, checked byte by byte before anything stands there."""
    from ivr.app.backup import restore as bring_back

    settings = settings_from(home=home, database=database)
    done = bring_back(file, settings)
    place = shlex.quote(str(settings.home))
    print(f"{done.files} files of {done.made} stand in {settings.home}.")
    # The journal is the node's: under another name it would be read anew, as another machine's.
    words = f"--node {done.node} --home {place} --desks {place}/dialplans --recordings {place}/recordings"
    print(f"Start it: ivr up {words}")
    if settings.database:
        print(
            f"With its ledger's new database, as a service reads it in {place}/environment: --database or IVR_DATABASE."
        )
