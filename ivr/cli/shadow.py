"""`ivr ledger compare`: our numbers beside those that Asterisk's own files give for the same calls."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from ivr.cli.imports import Files, KindOf, Map, Zone, desks_of, kind_of, look, when, zone_of
from ivr.cli.options import Home, Json, running_settings

if TYPE_CHECKING:
    from ivr.history.compare import Compared, Sum
    from ivr.history.map_file import Desks
    from ivr.history.naming import Naming
    from ivr.history.rows import Kind, Row

_EDGE = 4 * 3600 * 1_000_000
"""Microseconds that a call may have begun before the files do."""
_SHOWN = 50


def compare(
    files: Files,
    kind: KindOf = "",
    naming_file: Map = None,
    zone: Zone = "",
    since: Annotated[str, typer.Option(help="Only what the files say from then on: 2h, 3d or a UTC date.")] = "",
    until: Annotated[str, typer.Option(help="Only what they say before then.")] = "",
    as_json: Json = False,
    home: Home = None,
) -> None:
    """Compare the ledger with queue_log, CDR or CEL files of the same calls; changes nothing.

    Calls are matched by their uniqueid. Without a map the queues are those of our own desks, named <desk>-<line>. Exit
    code 2 when a call differs without a known reason.
    """
    from ivr.history.compare import compare as beside
    from ivr.history.gather import gather_calls
    from ivr.store.engine import open_existing
    from ivr.store.migrate import migrate, told_errors
    from ivr.store.stored import own_calls

    settings = running_settings(home)
    naming = _naming(naming_file, zone, desks_of(settings))
    place = zone_of(naming.zone) or ZoneInfo("UTC")
    theirs = gather_calls(_rows(files, kind_of(kind), place, since, until), naming)
    engine = open_existing(settings.database_url)
    migrate(settings.database_url)
    with told_errors(settings.database_url):
        ours = own_calls(engine, theirs.first_at - _EDGE, theirs.last_at)
    found = beside(theirs, ours, place)
    if as_json:
        print(json.dumps(_told(found), ensure_ascii=False, indent=1))
    else:
        _print(found, len(theirs.calls))
    if found.unexplained:
        raise typer.Exit(2)


def _naming(file: Path | None, zone: str, desks: Desks) -> Naming:
    from ivr.history.map_file import read_map
    from ivr.history.naming import Naming, Place

    if file:
        naming = read_map(file, desks)
    else:
        queues = {f"{desk}-{line}": Place(desk, line) for desk, lines in desks.items() for line in lines}
        naming = Naming("compared", queues=queues, zone="UTC")
    return replace(naming, zone=zone) if zone else naming


def _rows(files: list[Path], kind: Kind | None, zone: ZoneInfo, since: str, until: str) -> Iterator[Row]:
    from ivr.cli.moments import read_moment
    from ivr.history.rows import Row

    first = int(read_moment(since).timestamp() * 1e6) if since else 0
    behind = int(read_moment(until).timestamp() * 1e6) if until else 1 << 62
    for path in files:
        for row in look(path, kind).rows(zone):
            if isinstance(row, Row) and first <= row.at < behind and not _is_nobodys(row):
                yield row


def _is_nobodys(row: Row) -> bool:
    """Say whether the row is of no call: of the test with which `ivr up` begins, or of an agent's act."""
    from ivr.ledger.agents import ACTS
    from ivr.ledger.unfolding import SELFTEST

    channel = row.get("channel") or row.get("channame")
    return any(f"@{context}-" in channel for context in (ACTS, SELFTEST))


def _told(found: Compared) -> dict[str, Any]:
    from ivr.history.compare import EXPLAINED

    return {
        "same": found.same,
        "differences": [
            one._asdict() | {"at": when(one.at), "why": EXPLAINED.get(one.why, "")} for one in found.differences
        ],
        "unexplained": len(found.unexplained),
        "lines": [
            {"day": day, "desk": desk, "line": line, "theirs": _numbers(theirs), "ours": _numbers(ours)}
            for (day, desk, line), (theirs, ours) in sorted(found.sums.items())
        ],
    }


def _numbers(one: Sum) -> dict[str, Any]:
    mean = one.mean_wait
    return {
        "offered": one.offered,
        "answered": one.answered,
        "abandoned": one.abandoned,
        "mean wait": None if mean is None else round(mean, 2),
        "talk": round(one.talked / 1e6, 1),
    }


def _print(found: Compared, theirs: int) -> None:
    from rich.console import Console
    from rich.markup import escape
    from rich.table import Table

    from ivr.history.compare import EXPLAINED

    console = Console()
    table = Table(box=None, pad_edge=False, caption="theirs / ours, over the calls that both could know")
    for name in ("day", "desk", "line", "offered", "answered", "abandoned", "mean wait", "talk"):
        table.add_column(name, no_wrap=True, justify="left" if name in ("day", "desk", "line") else "right")
    for (day, desk, line), pair in sorted(found.sums.items()):
        left, right = (_numbers(one) for one in pair)
        if not found.waits_told:
            left |= dict.fromkeys(("offered", "answered", "abandoned", "mean wait"))
        table.add_row(day, escape(desk), escape(line), *(_pair(left[name], right[name]) for name in left))
    if found.sums:
        console.print(table)
    differing = len({one.call for one in found.differences})
    console.print(f"{theirs} calls in the files; {found.same} are the same here, {differing} differ.")
    for why, count in found.explained.most_common():
        console.print(f"  {count} × {EXPLAINED[why]}")
    for one in sorted(found.unexplained)[:_SHOWN]:
        at = datetime.fromtimestamp(one.at / 1e6, UTC)
        console.print(
            f"  {escape(one.call)} {at:%Y-%m-%d %H:%M:%S} UTC  {escape(one.what)}: "
            f"theirs {escape(one.theirs)}, ours {escape(one.ours)}",
            soft_wrap=True,
        )
    if len(found.unexplained) > _SHOWN:
        console.print(f"  … and {len(found.unexplained) - _SHOWN} more: see them all with --json")


def _pair(theirs: Any, ours: Any) -> str:
    shown = ["–" if one is None else str(one) for one in (theirs, ours)]
    return shown[0] if shown[0] == shown[1] else f"{shown[0]} / {shown[1]}"
