"""`ivr calls`: the calls that the ledger knows, and the legs of one."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ivr.cli.moments import read_moment
from ivr.cli.options import Home, Json, running_settings
from ivr.cli.outcome import outcome
from ivr.errors import DeskError

if TYPE_CHECKING:
    from ivr.ledger.card import Card
    from ivr.ledger.gap import Freshness
    from ivr.store.queries import Calls

app = typer.Typer(help="The calls, and the legs of each.", invoke_without_command=True)
app.command()(outcome)


@app.callback()
def calls(
    context: typer.Context,
    desk: Annotated[str, typer.Option(help="Only this desk's calls.")] = "",
    since: Annotated[str, typer.Option(help="2h, 3d, or a UTC date such as 2026-11-21.")] = "",
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the newest first.")] = 20,
    as_json: Json = False,
    home: Home = None,
) -> None:
    """List the latest calls; `ivr calls show ID` shows one."""
    if context.invoked_subcommand:
        return
    ledger = _open(home)
    if desk and desk not in (known := ledger.desks()):
        raise DeskError(f"No call came to a desk {desk!r}.", f"Desks with calls: {', '.join(known) or 'none yet'}.")
    rows = ledger.latest(desk=desk, since=int(read_moment(since).timestamp() * 1_000_000) if since else 0, limit=limit)
    _print(rows, ledger.freshness(), as_json=as_json)


@app.command()
def show(
    wanted: Annotated[str, typer.Argument(metavar="ID", help="A call's id, its beginning or end, or `last`.")],
    as_json: Json = False,
    home: Home = None,
) -> None:
    """Show a call: its legs on a time line, its facts, its recordings, and what was said into the voicemail."""
    story = _open(home).story(wanted)
    if as_json:
        told = _told(story.call) | {
            "legs": [_told(leg) for leg in story.legs],
            "facts": [_told(fact) for fact in story.facts],
            "recordings": [_recording(one) for one in story.recordings],
            "card": _card(story.card),
        }
        print(json.dumps(told, ensure_ascii=False, indent=1))
        return
    from ivr.cli.timeline import print_story

    print_story(story)


@app.command()
def find(
    number: Annotated[str, typer.Argument(metavar="NUMBER", help="The caller's number; blanks are left out.")],
    limit: Annotated[int, typer.Option(min=1, help="At most so many, the newest first.")] = 20,
    as_json: Json = False,
    home: Home = None,
) -> None:
    """List the calls of a caller's number, the newest first."""
    from ivr.telephony.number import clean_number

    wanted = clean_number(number)
    if not any(letter.isdecimal() for letter in wanted):
        raise DeskError(f"{number!r} is no number.", "Write it as the list of calls shows it: +79210000002.")
    ledger = _open(home)
    rows = ledger.of_number(wanted, limit=limit)
    _print(rows, ledger.freshness(), as_json=as_json)


def _print(rows: list[dict[str, Any]], fresh: Freshness, *, as_json: bool) -> None:
    if as_json:
        told = {
            "complete_to": _when(fresh.complete_to),
            "gaps_open": len(fresh.open),
            "calls": [_told(row) for row in rows],
        }
        print(json.dumps(told, ensure_ascii=False, indent=1))
        return
    from ivr.cli.timeline import print_calls

    print_calls(rows, fresh)


def _open(home: Home) -> Calls:
    from ivr.store.queries import Calls

    return Calls(running_settings(home).database_url)


def _told(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a row for programs: times in ISO form (UTC), the talk in seconds."""
    told = {name: _when(value) if name == "at" or name.endswith("_at") else value for name, value in row.items()}
    if "talked" in told:
        told["talked"] = row["talked"] / 1e6
    return told


def _recording(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return a recording with what was said in it."""
    text = row["text"]
    return _told(row) | {"text": _told({name: text[name] for name in text if name != "name"}) if text else None}


def _card(card: Card | None) -> dict[str, Any] | None:
    if card is None:
        return None
    written = {"agent": card.agent, "at": _when(card.at), "project": card.project}
    return written | {"codes": dict(card.codes), "fields": dict(card.fields)}


def _when(moment: int | None) -> str | None:
    return None if moment is None else datetime.fromtimestamp(moment / 1e6, UTC).isoformat(timespec="microseconds")
