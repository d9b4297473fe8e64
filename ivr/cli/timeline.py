"""Calls drawn in the terminal: a list, and one call's legs on a time line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from ivr.cli.messages import said_told
from ivr.ledger.gap import Freshness
from ivr.ledger.origin import IMPORTED
from ivr.store.queries import CallStory

_COLOURS = {
    "ivr": "cyan",
    "queue": "yellow",
    "offer": "magenta",
    "talk": "green",
    "hold": "red",
    "transfer": "white",
    "voicemail": "blue",
    "callback": "yellow",
}
_WIDE = 120
"""Columns from which the list shows everything."""
_FIXED = 78
"""Columns of the terminal that everything beside the bars takes."""


def print_calls(rows: Sequence[Mapping[str, Any]], fresh: Freshness) -> None:
    """Print one line a call, and how far the ledger is complete."""
    console = Console()
    wide = console.width >= _WIDE
    table = Table(box=None, pad_edge=False)
    for name in ("call", "began (UTC)", *(("desk", "category", "source") if wide else ()), "caller", "agent", "talk"):
        table.add_column(name, no_wrap=True)
    table.add_column("outcome")
    for row in rows:
        more = (row["desk"], row["category"], row["source"]) if wide else ()
        table.add_row(
            row["id"],
            _clock(row["began_at"], "%m-%d %H:%M:%S"),
            *more,
            escape(_dialled(row)),
            row["answered_by"] or row["agent"],
            _seconds(row["talked"]) if row["talked"] else "",
            row["outcome"] or "[green]goes on[/]",
        )
    console.print(table if rows else "No calls.")
    console.print(f"[dim]{fresh.told()}[/]")


def print_story(story: CallStory) -> None:
    """Print one call: a head, a row with a bar to scale for each leg, then facts and recordings."""
    console = Console()
    call = story.call
    begin = call["began_at"]
    console.print(f"[bold]{call['id']}[/]  {_clock(begin, '%Y-%m-%d %H:%M:%S')} UTC  {escape(_who(call))}")
    console.print("  ".join(f"[dim]{name}[/] {escape(value)}" for name, value in _head(call) if value))
    console.print(_legs(story, max(10, console.width - _FIXED)))
    for fact in story.facts:
        values = " ".join(f"{key}={value}" for key, value in fact["details"].items())
        console.print(f"[dim]{_seconds(fact['at'] - begin):>9}[/]  {escape(fact['name'])} [dim]{escape(values)}[/]")
    for recording in story.recordings:
        reason = f": {recording['reason']}" if recording["reason"] else ""
        console.print(f"recording {escape(recording['name'])}  {recording['state']}{escape(reason)}")
        if text := recording["text"]:
            console.print(f"said  {escape(said_told(text))}")
    if card := story.card:
        codes = (f"{code}{f' ({kind})' if kind else ''}" for code, kind in card.codes.items())
        told = ", ".join([*codes, *(f"{name} {value}" for name, value in card.fields.items())])
        console.print(f"card  {escape(told)} [dim]{escape(f'{card.project} {card.agent}'.strip())}[/]")


def _legs(story: CallStory, width: int) -> Table:
    begin = story.call["began_at"]
    ends = [leg["ended_at"] or leg["began_at"] for leg in story.legs]
    whole = max([story.call["ended_at"] or begin, *ends]) - begin or 1
    table = Table("leg", "line", "agent", "from", "to", "", "end", box=None, pad_edge=False)
    for leg in story.legs:
        colour = _COLOURS.get(leg["kind"], "white")
        table.add_row(
            f"[{colour}]{leg['kind']}[/]",
            leg["line"],
            leg["agent"],
            _seconds(leg["began_at"] - begin),
            _seconds(leg["ended_at"] - begin) if leg["ended_at"] else "",
            f"[{colour}]{bar(leg['began_at'] - begin, (leg['ended_at'] or begin + whole) - begin, whole, width)}[/]",
            _end_of(leg),
        )
    return table


def _end_of(leg: Mapping[str, Any]) -> str:
    """Say how a leg ended, and of a transfer or a hold what it was: `blind to 202: answered`."""
    what = " to ".join(word for word in (leg["how"], leg["target"]) if word)
    return ": ".join(word for word in (escape(what), leg["reason"] or "goes on") if word)


def bar(begin: int, end: int, whole: int, width: int) -> str:
    """Return a bar of `width` characters that shows the stretch from begin to end of the whole; never an empty one."""
    first = min(width - 1, begin * width // whole)
    length = max(1, -(-end * width // whole) - first)
    return (" " * first + "█" * min(length, width - first)).ljust(width)


def _dialled(row: Mapping[str, Any]) -> str:
    """Return who called; of a call that an agent placed, whom he called."""
    return f"→ {row['number']}" if row["direction"] == "out" else row["caller"] or "withheld"


def _who(call: Mapping[str, Any]) -> str:
    name = f" ({call['caller_name']})" if call["caller_name"] else ""
    return f"{call['caller'] or 'withheld'}{name} → {call['number']}"


def _head(call: Mapping[str, Any]) -> list[tuple[str, str]]:
    source = f"{call['source']} ({call['source_how']})" if call["source"] else ""
    return [
        ("imported from", call["node"].removeprefix(IMPORTED) if call["node"].startswith(IMPORTED) else ""),
        ("desk", call["desk"]),
        ("placed by", call["agent"]),
        ("category", call["category"]),
        ("source", source),
        ("outcome", call["outcome"] or "goes on"),
        ("end", call["end_reason"]),
        ("talk", _seconds(call["talked"]) if call["talked"] else ""),
        ("held", _seconds(call["held"]) if call["held"] else ""),
        ("transfers", str(call["transfers"]) if call["transfers"] else ""),
        ("without controller", call["fallback"]),
        ("closed by", "" if call["closed_by"] in ("", "journal") else call["closed_by"]),
        ("records after its end", str(call["reopened"]) if call["reopened"] else ""),
    ]


def _clock(moment: int, form: str) -> str:
    return datetime.fromtimestamp(moment / 1e6, UTC).strftime(form)


def _seconds(span: int) -> str:
    return f"{span / 1e6:.2f} s"
