"""`ivr unit`: the desk as a service of systemd, and what fail2ban needs to watch over it."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from ivr.cli.options import Home, running_settings, settings_from


class Fail2ban(StrEnum):
    """The two files of fail2ban's."""

    filter = "filter"
    jail = "jail"


def unit(
    user: Annotated[str | None, typer.Option("--user", help="Who runs it.", show_default="you")] = None,
    desks: Annotated[
        Path | None, typer.Option("--desks", help="The folder of the desk files.", show_default="dialplans")
    ] = None,
    recordings: Annotated[Path | None, typer.Option(help="Where recordings land.", show_default="recordings")] = None,
    fail2ban: Annotated[
        Fail2ban | None, typer.Option("--fail2ban", help="Print this file for fail2ban instead.", show_default="no")
    ] = None,
    home: Home = None,
) -> None:
    """Print a unit for systemd: `ivr unit --user frontdesk | sudo tee /etc/systemd/system/front-desk.service`."""
    import sys

    from ivr.app.fail2ban import FILTER, jail
    from ivr.app.unit import unit as make_unit
    from ivr.app.versions import who

    if fail2ban is Fail2ban.filter:
        print(FILTER, end="")
    elif fail2ban is Fail2ban.jail:
        print(jail(running_settings(home)), end="")
    else:
        settings = settings_from(home=home, desks=desks, recordings=recordings)
        print(make_unit(settings, user or who(), Path(sys.argv[0])), end="")
