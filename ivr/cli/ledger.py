"""`ivr ledger`: the database against the journal that it is made from."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ivr.cli import imports, shadow
from ivr.cli.options import Home, Json, running_settings
from ivr.errors import DeskError

if TYPE_CHECKING:
    from sqlalchemy import Engine

    from ivr.ledger.gap import Gap
    from ivr.store.archive import Moved

app = typer.Typer(help="Check or make again what is derived from the journal.", no_args_is_help=True)


@app.command()
def verify(home: Home = None, as_json: Json = False) -> None:
    """Derive everything again from the journal's records and compare; changes nothing. Exit code 2 on a difference.

    Needs as much room for temporary files as the derived tables have (TMPDIR says where). The desk may run meanwhile.
    """
    from ivr.cli.progress import told_progress
    from ivr.store.migrate import told_errors
    from ivr.store.rebuild import verify as compare

    url, engine = _open(home)
    with told_errors(url), told_progress(quiet=as_json) as progress:
        found = compare(engine, progress)
    if as_json:
        told = {"records": found.records, "calls": found.calls, "rows": found.rows, "differences": found.differences}
        print(json.dumps(told, ensure_ascii=False))
    else:
        print(f"{found.records} records, {found.calls} calls, {found.rows} rows different")
    if found.rows:
        some = ", ".join(found.differences[:5])
        raise DeskError(f"The ledger is not what its journal gives: {some}.", "Make it again: `ivr ledger rebuild`.")


@app.command()
def rebuild(home: Home = None, as_json: Json = False) -> None:
    """Empty all derived tables and fill them again from the journal's records; recordings' verdicts stay.

    One transaction: nothing is lost when it is broken off. Loading waits until it is done.
    """
    from ivr.cli.progress import told_progress
    from ivr.store.migrate import told_errors
    from ivr.store.rebuild import rebuild as derive

    url, engine = _open(home)
    with told_errors(url), told_progress(quiet=as_json) as progress:
        calls = derive(engine, progress)
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


@app.command()
def gaps(
    since: Annotated[str, typer.Option(help="2h, 3d, or a UTC date such as 2026-11-21.")] = "",
    home: Home = None,
    as_json: Json = False,
) -> None:
    """List what is missing in the ledger or may be, and up to when it is complete."""
    from ivr.cli.moments import read_moment
    from ivr.store.completeness import freshness
    from ivr.store.completeness import gaps as all_gaps
    from ivr.store.migrate import told_errors

    url, engine = _open(home)
    begin = int(read_moment(since).timestamp() * 1_000_000) if since else 0
    with told_errors(url), engine.connect() as connection:
        fresh, found = freshness(connection), all_gaps(connection, begin)
    if as_json:
        told = [
            one._asdict() | {"began_at": _when(one.began_at), "ended_at": _when(one.ended_at), "open": one.open}
            for one in found
        ]
        print(json.dumps({"complete_to": _when(fresh.complete_to), "gaps": told}, ensure_ascii=False, indent=1))
        return
    _show(found)
    print(fresh.told())


def _show(found: Sequence[Gap]) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from ivr.ledger.gap import MEANINGS

    if not found:
        print("No gaps.")
        return
    table = Table("from (UTC)", "to", "node", "gap", "missing", "details", box=None, pad_edge=False)
    for one in found:
        ended = "[red]goes on[/]" if one.ended_at is None else _clock(one.ended_at)
        count = str(one.missing) if one.missing else ""
        table.add_row(_clock(one.began_at), ended, one.node, one.kind, count, escape(one.details))
    console = Console()
    console.print(table)
    for kind in dict.fromkeys(one.kind for one in found):
        console.print(f"[dim]{kind}: {MEANINGS[kind]}[/]")


def _clock(moment: int) -> str:
    return datetime.fromtimestamp(moment / 1e6, UTC).strftime("%Y-%m-%d %H:%M:%S")


def _when(moment: int | None) -> str | None:
    return None if moment is None else datetime.fromtimestamp(moment / 1e6, UTC).isoformat(timespec="microseconds")


app.command("import")(imports.take)
app.command()(imports.imports)
app.command()(shadow.compare)


def _open(home: Home) -> tuple[str, Engine]:
    from ivr.store.engine import open_existing
    from ivr.store.migrate import check_tables

    url = running_settings(home).database_url
    engine = open_existing(url)
    check_tables(url)
    return url, engine
