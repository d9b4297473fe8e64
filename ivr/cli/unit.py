"""`ivr unit`: the desk as a service of systemd."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ivr.cli.options import Home, settings_from


def unit(
    user: Annotated[str | None, typer.Option("--user", help="Who runs it.", show_default="you")] = None,
    desks: Annotated[
        Path | None, typer.Option("--desks", help="The folder of the desk files.", show_default="dialplans")
    ] = None,
    recordings: Annotated[Path | None, typer.Option(help="Where recordings land.", show_default="recordings")] = None,
    home: Home = None,
) -> None:
    """Print a unit for systemd: `ivr unit --user frontdesk | sudo tee /etc/systemd/system/front-desk.service`."""
    import sys

    from ivr.app.unit import unit as make_unit
    from ivr.app.versions import who

    settings = settings_from(home=home, desks=desks, recordings=recordings)
    print(make_unit(settings, user or who(), Path(sys.argv[0])), end="")
