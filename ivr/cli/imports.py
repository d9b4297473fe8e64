"""`ivr ledger import` and `ivr ledger imports`: calls of an older telephone system come into the ledger."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any
from zoneinfo import ZoneInfo

import typer

from ivr.cli.options import Home, Json, running_settings
from ivr.errors import AuthorError, DeskError

if TYPE_CHECKING:
    from ivr.desk.history_files import HistoryFile
    from ivr.history.map_file import Desks
    from ivr.history.naming import Naming
    from ivr.history.rows import Aside, Kind, Row
    from ivr.settings import Settings
    from ivr.store.imported_rows import Taken

Files = Annotated[list[Path], typer.Argument(help="queue_log, CDR and CEL files, or database dumps; plain or gzipped.")]
KindOf = Annotated[str, typer.Option("--kind", help="queue_log, cdr or cel; found out by itself when left out.")]
Map = Annotated[Path | None, typer.Option("--map", help="The YAML file that maps queues, agents and numbers.")]
Desk = Annotated[str, typer.Option(help="The desk of all calls that no map places; its lines are the queues.")]
Zone = Annotated[str, typer.Option(help="The time zone of the machine that wrote the files, as Europe/Moscow.")]
System = Annotated[str, typer.Option(help="What to call the older system; it begins the ids of its calls.")]


def take(
    files: Files,
    kind: KindOf = "",
    naming_file: Map = None,
    desk: Desk = "",
    zone: Zone = "",
    system: System = "",
    propose: Annotated[bool, typer.Option("--propose", help="Only print a map for these files.")] = False,
    as_json: Json = False,
    home: Home = None,
) -> None:
    """Take the calls of an older Asterisk, FreePBX or Issabel into the ledger, beside our own.

    A file that was taken already changes nothing; rows that another file has brought are not taken twice. Each file is
    taken whole or not at all.
    """
    settings = running_settings(home)
    wanted = kind_of(kind)
    desks = desks_of(settings)
    _check_system(system)
    if propose:
        _propose(files, wanted, desks, zone, system)
        return
    from ivr.store.engine import open_existing
    from ivr.store.history import History
    from ivr.store.migrate import migrate, told_errors

    engine = open_existing(settings.database_url)
    migrate(settings.database_url)
    history = History(engine)
    with told_errors(settings.database_url):
        naming = naming_of(naming_file, desk, zone, system, desks, history)
        again = history.rename(naming)
        told = [_take(history, naming, look(path, wanted), as_json) for path in files]
    if as_json:
        print(json.dumps({"system": naming.system, "files": told}, ensure_ascii=False, indent=1))
    elif again and again.changed:
        print(f"The map is another one than before: {again.changed} calls of earlier files were made again by it.")


def imports(
    remove: Annotated[str, typer.Option(metavar="SYSTEM", help="Take this system's calls and rows out again.")] = "",
    as_json: Json = False,
    home: Home = None,
) -> None:
    """List what was imported: systems, files, and how many rows of each were taken."""
    from ivr.store.engine import open_existing
    from ivr.store.history import History
    from ivr.store.imported import files_of
    from ivr.store.migrate import migrate, told_errors

    url = running_settings(home).database_url
    engine = open_existing(url)
    migrate(url)
    with told_errors(url):
        removed = History(engine).remove(remove) if remove else 0
        rows = files_of(engine)
    if remove and not as_json:
        print(f"{removed} calls of {remove} were taken out; its files can be imported again.")
    if as_json:
        print(json.dumps([row | {"from": when(row["from"]), "to": when(row["to"])} for row in rows], indent=1))
        return
    if not rows:
        print("Nothing was imported.")
    for row in rows:
        span = f"{when(row['from'])[:10]} to {when(row['to'])[:10]}" if row["from"] else "no new row"
        print(f"{row['system']}  {row['name']}  {row['form']}: {row['taken']} rows, {row['aside']} set aside, {span}")


def kind_of(text: str) -> Kind | None:
    """Return the kind that an option names; None when it names none."""
    from ivr.history.rows import KINDS

    found = next((kind for kind in KINDS if kind == text.lower()), None)
    if text and not found:
        raise DeskError(f"There is no kind {text!r} of files.", f"Say --kind {', '.join(KINDS)}, or leave it out.")
    return found


def desks_of(settings: Settings) -> Desks:
    """Return the desks that are written, each with its lines; none when their files have mistakes."""
    from ivr.flows.reader import read_desks

    try:
        return {name: tuple(desk.lines) for name, desk in read_desks(settings.desks).items()}
    except AuthorError:
        return {}


def look(path: Path, kind: Kind | None) -> HistoryFile:
    """Look at a file."""
    from ivr.desk.history_files import look_at

    return look_at(path, kind)


def naming_of(file: Path | None, desk: str, zone: str, system: str, desks: Desks, history: Any) -> Naming:
    """Return the map: the file's, else the one of the last import of this system, with the options over it."""
    from ivr.history.map_file import read_map
    from ivr.history.naming import Naming

    naming = read_map(file, desks) if file else history.naming(system or "old") if history else None
    if naming is None:
        if not desk:
            raise DeskError(
                "Nobody has said to which desk these calls belong.",
                "Give --map FILE (`--propose` prints one for your files), or --desk NAME to make each queue a line.",
            )
        naming = Naming(system or "old")
    if desk and desks and desk not in desks:
        raise DeskError(f"There is no desk {desk!r}.", f"Desks: {', '.join(desks)}.")
    given = {"desk": desk, "system": system, "zone": zone}
    naming = replace(naming, **{name: value for name, value in given.items() if value})
    zone_of(naming.zone)
    return naming


def _check_system(name: str) -> None:
    from ivr.history.naming import SYSTEM

    if name and not re.fullmatch(SYSTEM, name):
        raise DeskError(f"{name!r} cannot be the name of a system.", "Write small letters, digits and hyphens.")


def zone_of(name: str) -> ZoneInfo | None:
    """Return a time zone; None for ""."""
    from ivr.flows.spelling import time_zone

    try:
        return ZoneInfo(time_zone(name)) if name else None
    except ValueError as error:
        raise DeskError(f"{error}.", "Zones have names such as Europe/Moscow, America/Lima, UTC.") from error


def when(moment: int | None) -> str:
    """Return a time for programs, in UTC."""
    from datetime import UTC, datetime

    return "" if moment is None else datetime.fromtimestamp(moment / 1e6, UTC).isoformat()


def _propose(files: list[Path], kind: Kind | None, desks: Desks, zone: str, system: str) -> None:
    from ivr.history.propose import propose
    from ivr.history.rows import Row

    def rows() -> Iterator[Row]:
        for path in files:
            file = look(path, kind)
            # Names need no right times: any zone will do.
            found = file.rows(zone_of(zone or "UTC"), checked=False)
            yield from (one for one in found if isinstance(one, Row))

    print(propose(rows(), desks, system=system or "old", zone=zone), end="")


def _take(history: Any, naming: Naming, file: HistoryFile, as_json: bool) -> dict[str, Any]:
    from ivr.history.rows import one_line
    from ivr.history.tally import sentences
    from ivr.store.history import FileOf

    name = one_line(file.path.name, 200)
    if earlier := history.imported(naming.system, file.digest):
        if not as_json:
            also = "" if earlier == name else f", as {earlier}"
            print(f"{name}: this very file was imported before{also}; nothing was changed.")
        return {"file": name, "form": file.form.told, "before": True}
    if not as_json:
        print(f"{name}: {file.form.told}")
    rows = _with_progress(file.rows(zone_of(naming.zone)), quiet=as_json)
    taken = history.take(naming, FileOf(file.digest, name, file.form.told, file.size), rows)
    if not as_json:
        _tell(taken)
    return {
        "file": name,
        "form": file.form.told,
        "before": False,
        "rows": taken.rows,
        "there": taken.there,
        "aside": taken.aside,
        "calls": taken.calls,
        "changed": taken.changed,
        "of agents": taken.of_agents,
        "from": when(taken.first_at),
        "to": when(taken.last_at),
        "cannot tell": sentences(taken.doubts),
        "set aside": [{"line": one.line, "reason": one.reason} for one in taken.asides[:100]],
    }


def _with_progress(rows: Iterator[Row | Aside], *, quiet: bool) -> Iterator[Row | Aside]:
    show = not quiet and sys.stderr.isatty()
    for count, row in enumerate(rows, 1):
        if show and count % 50_000 == 0:
            print(f"\r  {count} rows read", end="", file=sys.stderr, flush=True)
        yield row
    if show:
        print("\r", end="", file=sys.stderr)


def _tell(taken: Taken) -> None:
    from ivr.history.read import TORN
    from ivr.history.rows import one_line
    from ivr.history.tally import sentences

    there = f", {taken.there} were there already" if taken.there else ""
    span = f", {when(taken.first_at)[:19]} to {when(taken.last_at)[:19]} UTC" if taken.first_at is not None else ""
    print(f"  {taken.rows} rows taken{there}, {taken.aside} set aside{span}")
    made = taken.calls - taken.changed
    again = f", {taken.changed} made again with what this file adds" if taken.changed else ""
    print(f"  {made} new call{'' if made == 1 else 's'}{again}" if taken.rows else "  nothing new: no call was changed")
    for one in taken.asides[:5]:
        print(f"  line {one.line}: {one.reason}: {one_line(one.raw, 60)}")
    if taken.aside > 5:
        print(f"  … and {taken.aside - 5} more")
    if any(one.reason == TORN for one in taken.asides):
        print("  The last line is not whole: copy the file again and import it; what is in is not taken twice.")
    if taken.of_agents:
        print(
            f"  {taken.of_agents} rows tell of agents' pauses and sign-ins: kept, but no agent's time is made of them"
        )
    if taken.doubts:
        print("  What this file cannot tell:")
        for sentence in sentences(taken.doubts):
            print(f"    {sentence}")
