"""`ivr ledger`: the database against the journal that it is made from."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import typer

from ivr.cli.options import Home, Json, running_settings
from ivr.errors import DeskError

if TYPE_CHECKING:
    from sqlalchemy import Engine

app = typer.Typer(help="Check or make again what is derived from the journal.", no_args_is_help=True)


@app.command()
def verify(home: Home = None, as_json: Json = False) -> None:
    """Derive every call again from the journal's records and compare; changes nothing. Exit code 2 on a difference."""
    from ivr.store.migrate import told_errors
    from ivr.store.rebuild import verify as compare

    url, engine = _open(home)
    with told_errors(url):
        found = compare(engine)
    if as_json:
        print(json.dumps({"records": found.records, "calls": found.calls, "differences": found.differences}))
    else:
        print(f"{found.records} records, {found.calls} calls, {len(found.differences)} different")
    if found.differences:
        some = ", ".join(found.differences[:5])
        raise DeskError(f"The ledger is not what its journal gives: {some}.", "Make it again: `ivr ledger rebuild`.")


@app.command()
def rebuild(home: Home = None, as_json: Json = False) -> None:
    """Empty calls, legs and facts and derive them again from the journal's records; recordings' verdicts stay."""
    from ivr.store.migrate import told_errors
    from ivr.store.rebuild import rebuild as derive

    url, engine = _open(home)
    with told_errors(url):
        calls = derive(engine)
    print(json.dumps({"calls": calls}) if as_json else f"{calls} calls derived")


def _open(home: Home) -> tuple[str, Engine]:
    from ivr.store.engine import open_existing

    settings = running_settings(home)
    return settings.database_url, open_existing(settings.database_url)
