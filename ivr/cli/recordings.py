"""`ivr recordings`: which talks can be heard, and taking them out."""

from __future__ import annotations

import json
import math
import re
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ivr.cli.messages import again, recognize, said_told
from ivr.cli.moments import read_moment
from ivr.cli.options import Home, Json, running_settings
from ivr.errors import DeskError

if TYPE_CHECKING:
    from ivr.desk.recordings import State
    from ivr.settings import Settings
    from ivr.store.recordings import Recording, SqlRecordings, Talk

app = typer.Typer(help="Which talks and messages can be heard or read; taking them out.", no_args_is_help=True)
app.command()(again)
app.command()(recognize)
HEARD: tuple[State, ...] = ("ok", "partial", "recovered")
"""The states in which there is something to hear: what `last` may mean."""
SILENT: tuple[State, ...] = ("none", "expired")
"""The states in which there rightly is nothing to hear."""


@app.command("list")
def list_recordings(
    state: Annotated[
        list[str] | None, typer.Option(help="ok, partial, failed, recovered, expected, none, expired; again for more.")
    ] = None,
    kind: Annotated[str, typer.Option(help="talk, or voicemail; both when left out.")] = "",
    since: Annotated[str, typer.Option(help="2h, 3d, or a UTC date such as 2026-11-21.")] = "",
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the latest first.")] = 100,
    as_json: Json = False,
    home: Home = None,
) -> None:
    """List recordings, the latest call first, messages with their first words.

    Without --state those with nothing to hear by right are left out.
    """
    from ivr.desk.recordings import STATES
    from ivr.store.recordings import KINDS

    for given in state or ():
        if given not in STATES:
            raise DeskError(f"There is no state {given!r}.", f"Choose from {', '.join(STATES)}.")
    kinds = [known for known in KINDS if kind in ("", known)]
    if not kinds:
        raise DeskError(f"There is no kind {kind!r}.", f"Choose from {', '.join(KINDS)}.")
    states = [known for known in STATES if (known in state if state else known not in SILENT)]
    _, store = _open(home)
    after = read_moment(since).timestamp() if since else None
    found = store.listed(states, after, limit, kinds[0] if kind else None)
    if as_json:
        print(json.dumps([_plain(recording) for recording in found], ensure_ascii=False, indent=1))
        return
    for one in found:
        who = f"{one.desk} {_whose(one)}"
        told = "  ".join(word for word in (one.reason, _first_words(one)) if word)
        print(f"{_when(one.began_at)}  {one.state:9} {one.seconds:7.1f} s  {who:24} {one.name}  {told}".rstrip())
    if not found:
        print("No recordings.")


@app.command()
def show(
    wanted: Annotated[str, typer.Argument(metavar="ID", help="The recording's name, its call's id, or `last`.")],
    as_json: Json = False,
    home: Home = None,
) -> None:
    """Show a recording: its state, the talks that it covers, both sides' levels, and whether the file is untouched."""
    settings, store = _open(home)
    shown = [_shown(one, _spans(store, one), settings.recordings) for one in _found(store, wanted)]
    if as_json:
        print(json.dumps(shown, ensure_ascii=False, indent=1))
        return
    for one in shown:
        _print_one(one)


@app.command("export")
def export_recordings(
    wanted: Annotated[list[str], typer.Argument(metavar="ID...", help="Recordings' names, calls' ids, or `last`.")],
    to: Annotated[Path, typer.Option(help="The folder to write into.")],
    form: Annotated[str, typer.Option("--format", help="wav, flac or mp3.")] = "wav",
    with_number: Annotated[
        bool, typer.Option("--with-number", help="Put the caller's number into the file's name.")
    ] = False,
    as_json: Json = False,
    home: Home = None,
) -> None:
    """Copy recordings out under readable names; no file is ever written over."""
    from ivr.speech.export import FORMATS

    if form not in FORMATS:
        raise DeskError(f"There is no format {form!r}.", f"Choose one of {', '.join(FORMATS)}.")
    settings, store = _open(home)
    chosen = {one.name: one for each in wanted for one in _found(store, each)}
    for one in chosen.values():
        if not one.path:
            raise DeskError(
                f"Recording {one.name} is {one.state}: {one.reason or 'not finished yet'}.", "Leave it out."
            )
    targets = {name: to / f"{_title(one, with_number=with_number)}.{form}" for name, one in chosen.items()}
    for target in targets.values():
        if target.exists():
            raise DeskError(f"{target} is there already.", "Export to another folder, or remove it.")
    _write(chosen, targets, form, settings.recordings)
    if as_json:
        print(json.dumps([{"name": name, "file": str(target)} for name, target in targets.items()], indent=1))
    else:
        for target in targets.values():
            print(target)


def _write(chosen: dict[str, Recording], targets: dict[str, Path], form: str, root: Path) -> None:
    from ivr.desk.recording_path import open_recording
    from ivr.speech.export import export

    for name, one in chosen.items():
        with open_recording(root, one.path) as source:
            export(source, targets[name], form, one.sha256)


def _open(home: Path | None) -> tuple[Settings, SqlRecordings]:
    from sqlalchemy.engine import make_url

    from ivr.store.engine import open_database
    from ivr.store.migrate import told_errors
    from ivr.store.recordings import SqlRecordings

    settings = running_settings(home)
    url = settings.database_url
    file = make_url(url).database if url.startswith("sqlite") else None
    if file is not None and not Path(file).is_file():
        raise DeskError(f"There is no ledger in {settings.home}.", "Start the desk with `ivr up`, or give its --home.")
    store = SqlRecordings(open_database(url))
    with told_errors(url):
        store.listed(limit=1)
    return settings, store


def _found(store: SqlRecordings, wanted: str) -> list[Recording]:
    found = store.listed(HEARD, limit=1) if wanted == "last" else store.find(wanted)
    if not found:
        raise DeskError(f"There is no recording {wanted!r}.", "See `ivr recordings list`.")
    return found


def _shown(one: Recording, talks: list[Talk], root: Path) -> dict[str, Any]:
    return _plain(one) | {"covers": _covers(talks), "file": _file(one, root)}


def _spans(store: SqlRecordings, one: Recording) -> list[Talk]:
    return store.messages(one.call_id) if one.kind == "voicemail" else store.talks(one.call_id)


def _covers(talks: list[Talk]) -> list[dict[str, Any]]:
    """Return the talks with their place in the recording: it holds them one after the other."""
    rows = []
    at = 0.0
    for talk in talks:
        rows.append(asdict(talk) | {"began_at": _when(talk.began_at), "at": round(at, 3)})
        at += talk.seconds
    return rows


def _file(one: Recording, root: Path) -> dict[str, Any] | None:
    """Return what the file itself says now; None when there is none to hear."""
    from ivr.desk.recording_path import open_recording
    from ivr.speech.recording import measure

    if not one.path:
        return None
    try:
        with open_recording(root, one.path) as source:
            now = measure(source)
    except (DeskError, OSError, ValueError) as error:
        return {"untouched": False, "trouble": str(error)}
    return {
        "untouched": now.sha256 == one.sha256,
        "caller_peak_db": _decibels(now.peak_left),
        "agent_peak_db": _decibels(now.peak_right),
    }


def _print_one(one: dict[str, Any]) -> None:
    print(f"{one['name']}  {one['state']}{': ' + one['reason'] if one['reason'] else ''}")
    print(f"  call     {one['call_id']} on {one['desk']}, {one['began_at']}")
    said = "of talk" if one["kind"] == "talk" else "in the voicemail"
    print(f"  length   {one['seconds']:.1f} s for {one['talk_seconds']:.1f} s {said}")
    if one["state"] == "expired":
        print(f"  removed  {one['verified_at']}: its desk's time for recordings is over, there is nothing to hear")
    if one["said"]:
        print(f"  said     {said_told(one['said'])}")
    for talk in one["covers"] if one["kind"] == "talk" else ():
        print(f"  talk     at {talk['at']:.1f} s: {talk['line']} line, agent {talk['agent']}, {talk['seconds']:.1f} s")
    if (file := one["file"]) is None:
        return
    changed = file.get("trouble", "CHANGED since it was verified")
    print(f"  file     {one['path']}: {'as verified' if file['untouched'] else changed}")
    if "caller_peak_db" in file:
        caller, agent = _level(file["caller_peak_db"]), _level(file["agent_peak_db"])
        both = f"  levels   caller (left) {caller}, agent (right) {agent}"
        print(both if one["kind"] == "talk" else f"  level    {caller}")


def _whose(one: Recording) -> str:
    return "voicemail" if one.kind == "voicemail" else f"{one.line or '-'}/{one.agent or '-'}"


def _plain(one: Recording) -> dict[str, Any]:
    verified = None if one.verified_at is None else _when(one.verified_at)
    written = one.said and one.said.written_at
    said = one.said and one.said._asdict() | {"written_at": None if written is None else _when(written)}
    return asdict(one) | {"began_at": _when(one.began_at), "verified_at": verified, "said": said}


def _first_words(one: Recording) -> str:
    from ivr.desk.report_lists import first_words

    return f"“{first_words(one.said.text)}”" if one.said and one.said.text else ""


def _title(one: Recording, *, with_number: bool) -> str:
    when = datetime.fromtimestamp(one.began_at, UTC).strftime("%Y-%m-%d_%H-%M-%SZ")
    whose = ("voicemail",) if one.kind == "voicemail" else (one.line, one.agent)
    parts = [when, one.desk, *whose, one.caller if with_number else "", one.name]
    return "_".join(re.sub(r"[^A-Za-z0-9_.+-]", "-", part) for part in parts if part)


def _when(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _decibels(peak: float) -> float | None:
    return round(20 * math.log10(peak), 1) if peak > 0 else None


def _level(decibels: float | None) -> str:
    return "silent" if decibels is None else f"{decibels:.1f} dB"
