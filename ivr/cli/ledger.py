"""`ivr ledger`: the database against the journal that it is made from."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ivr.cli import history, shadow
from ivr.cli.options import Home, Json, running_settings
from ivr.errors import DeskError

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from ivr.store.archive import Moved

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


@app.command()
def archive(
    older: Annotated[str, typer.Option(help="Records from before then: 90d, or a UTC date as 2026-08-01.")] = "90d",
    folder: Annotated[Path | None, typer.Option(help="Where the files go; the home's `archive` when left out.")] = None,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Pack old journal records into compressed Parquet files and take them out of the database; the desk may run.

    They still count: `verify` and `rebuild` read them from their files, and check each file's hash. Files that were
    moved are found again by `--folder`.
    """
    import time

    from ivr.cli.moments import read_moment
    from ivr.store.archive import archive as pack
    from ivr.store.migrate import told_errors

    settings = running_settings(home)
    before = int(read_moment(older).timestamp() * 1_000_000)
    place = (folder or settings.archive).absolute()
    url, engine = _open(home)
    with told_errors(url):
        moved = pack(engine, place, before=before, now=int(time.time() * 1_000_000), progress=_told)
    if as_json:
        print(json.dumps(asdict(moved) | {"folder": str(place)}))
        return
    print(f"{moved.records} records into {moved.files} files, {moved.bytes / 1e6:.1f} MB, in {place}")
    if moved.waits_for:
        print(f"What came after the beginning of {moved.waits_for} stays: that call is still open.")


def _told(moved: Moved) -> None:
    if sys.stderr.isatty():
        print(f"{moved.records} records", file=sys.stderr, end="\r", flush=True)


app.command("import")(history.take)
app.command()(history.imports)
app.command()(shadow.compare)


def _open(home: Home) -> tuple[str, Engine]:
    from ivr.store.engine import open_existing

    settings = running_settings(home)
    return settings.database_url, open_existing(settings.database_url)
