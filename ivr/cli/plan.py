"""`ivr plan`: what `ivr apply` would change."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ivr.cli.options import Home, Json, running_settings, settings_from
from ivr.errors import DeskError

if TYPE_CHECKING:
    from ivr.app.planned import Planned
    from ivr.flows.changes import Change

_STYLES: Mapping[str, Mapping[str, Any]] = {
    "green": {"fg": "green"},
    "red": {"fg": "red"},
    "yellow": {"fg": "yellow"},
    "bold": {"bold": True},
    "bold yellow": {"bold": True, "fg": "yellow"},
    "dim": {"dim": True},
}
_CONTROL = dict.fromkeys({*range(32), 127} - {9, 10})
"""What somebody wrote into a file by hand must not steer the terminal."""
_WHOM = {"caller": "callers", "agent": "agents", "desk": "the desk"}


def plan(
    desks: Annotated[
        Path | None, typer.Option("--desks", help="The folder of the desk files.", show_default="dialplans")
    ] = None,
    files: Annotated[bool, typer.Option("--files", help="Show how Asterisk's files would change, too.")] = False,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Say what `ivr apply` would change, in the words of callers and agents, and what was changed by hand."""
    from ivr.app.planned import plan as make_plan

    served = running_settings(home)
    if not (served.home / "settings.json").exists():
        raise DeskError(f"{served.home} has not served any desk yet.", "Start it once with `make run`.")
    folder = settings_from(home=home, desks=desks).desks
    planned = make_plan(served, folder)
    calls = _calls_now(served.home) if planned.changed or planned.gone else 0
    if as_json:
        print(json.dumps(asdict(planned) | {"calls": calls}, ensure_ascii=False, indent=1))
        return
    _show(planned, calls, files=files)


def _show(planned: Planned, calls: int, *, files: bool) -> None:
    # Rich would do this too; its import takes longer than to render all of Asterisk's files.
    plain = "NO_COLOR" in os.environ or os.environ.get("TERM") == "dumb"
    for line, style in _lines(planned, calls, files=files):
        typer.secho(line.translate(_CONTROL), color=False if plain else None, **_STYLES.get(style, {}))


def _lines(planned: Planned, calls: int, *, files: bool) -> Iterator[tuple[str, str]]:
    """Yield each line with its style."""
    if planned.empty:
        yield "Nothing would change.", ""
    yield from ((f"{name}: a new desk", "green") for name in planned.new)
    yield from ((f"{name}: served no more", "red") for name in planned.gone)
    for name, found in planned.changed.items():
        yield name, "bold"
        yield from ((line, "") for line in change_lines(found))
    if calls:
        going = "A call goes on now: it ends in the version that it began."
        yield going if calls == 1 else f"{calls} calls go on now: they end in the version that they began.", "yellow"
        yield from ((one, "yellow") for one in planned.felt)
    yield from ((f"`ivr apply` will refuse this: {why}", "red") for why in planned.hindered)
    for name, text in planned.drift.items():
        yield f"{name} was changed by hand; a start, or `ivr apply --overwrite`, writes over it:", "bold yellow"
        yield text, ""
    if planned.anew:
        yield f"This program makes {', '.join(planned.anew)} otherwise than the one that wrote it.", "yellow"
    if files:
        yield from ((text, "") for text in (*planned.anew.values(), *planned.files.values()))
    elif planned.files:
        yield f"Asterisk's files that change: {', '.join(planned.files)} (--files shows how)", "dim"


def change_lines(found: Iterable[Change]) -> Iterator[str]:
    """Yield a line a change: whom it concerns, and what it is."""
    return (f"  {_WHOM[change.subject]:<9} {change.sentence}" for change in found)


def _calls_now(home: Path) -> int:
    """Return how many calls go on; none where nothing runs."""
    from ivr.asterisk.console import busy
    from ivr.asterisk.control import control_dir

    now = busy(control_dir(home))
    return now.calls if now else 0
