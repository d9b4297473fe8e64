"""An agent's day as a table: his spans, and how long he was what."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from rich.console import Console
from rich.table import Table

from ivr.errors import DeskError
from ivr.flows.reader import read_desks
from ivr.ledger.agents import Span
from ivr.store.times import Times
from ivr.written.mistake import nearest

if TYPE_CHECKING:
    from ivr.settings import Settings


def show_day(settings: Settings, day: str, agent: str, *, as_json: bool) -> None:
    """Print a day of one agent or all. The day is his own desk's: of the first desk that names him."""
    desks = read_desks(settings.desks)
    zones: dict[str, str] = {}
    names: dict[str, str] = {}
    for desk in desks.values():
        for number, name in desk.agents.items():
            zones.setdefault(number, desk.time_zone)
            names.setdefault(number, name)
    if agent and agent not in zones:
        raise DeskError(f"There is no agent {agent!r}.", f"{nearest(agent, zones).capitalize()}.")
    times = Times(settings.database_url)
    complete, now = times.complete_to(), int(datetime.now(UTC).timestamp() * 1e6)
    told = []
    for number, zone in zones.items():
        if agent in ("", number):
            since, until = _edges(day, ZoneInfo(zone))
            spans = times.between(since, min(until, now), number)
            told.append((number, names[number], zone, spans))
    if as_json:
        found = {"complete_to": _moment(complete), "agents": [_plain(*one) for one in told]}
        print(json.dumps(found, ensure_ascii=False, indent=1))
        return
    _show(told, complete)


def sums_of(spans: Sequence[Span]) -> dict[str, float]:
    """Return seconds by state, pauses by their reasons too, in the order of their first coming."""
    sums: dict[str, float] = {}
    for span in spans:
        if span.ended_at is not None:
            name = f"{span.state}: {span.reason}" if span.reason else span.state
            sums[name] = sums.get(name, 0.0) + (span.ended_at - span.began_at) / 1e6
    return sums


def lasts(seconds: float) -> str:
    """Return a length as `1:02:03`, or `2:03` below an hour."""
    whole = round(seconds)
    hours, minutes = divmod(whole // 60, 60)
    return f"{hours}:{minutes:02}:{whole % 60:02}" if hours else f"{minutes}:{whole % 60:02}"


def _edges(day: str, zone: ZoneInfo) -> tuple[int, int]:
    """Return a day's begin and end in microseconds: 23 or 25 hours when the clocks are changed."""
    try:
        first = date.fromisoformat(day) if day else datetime.now(zone).date()
        begin, end = (datetime(one.year, one.month, one.day, tzinfo=zone) for one in (first, first + timedelta(days=1)))
        return int(begin.timestamp() * 1e6), int(end.timestamp() * 1e6)
    except (ValueError, OverflowError) as error:
        raise DeskError(f"{day!r} is no day.", "Write it as 2026-11-21.") from error


def _show(told: Sequence[tuple[str, str, str, Sequence[Span]]], complete: int) -> None:
    console = Console()
    shown = [one for one in told if one[3]]
    for number, name, zone, spans in shown:
        table = Table("from", "to", "lasts", "state", "call", box=None, title=f"{number} {name}", title_justify="left")
        for span in spans:
            table.add_row(*_row(span, ZoneInfo(zone)))
        console.print(table)
        console.print(_sums(sums_of(spans)))
        console.print()
    if not shown:
        print("Nobody was here that day.")
    print(f"complete to {_moment(complete) or 'nothing yet'}")


def _row(span: Span, zone: ZoneInfo) -> tuple[str, ...]:
    edges = [
        datetime.fromtimestamp((at or 0) / 1e6, zone).strftime("%H:%M:%S") for at in (span.began_at, span.ended_at)
    ]
    seconds = ((span.ended_at or span.began_at) - span.began_at) / 1e6
    return *edges, lasts(seconds), f"{span.state}: {span.reason}" if span.reason else span.state, span.call_id


def _sums(sums: Mapping[str, float]) -> str:
    return ", ".join(f"{state} {lasts(seconds)}" for state, seconds in sums.items())


def _plain(number: str, name: str, zone: str, spans: Sequence[Span]) -> dict[str, Any]:
    return {
        "agent": number,
        "name": name,
        "time_zone": zone,
        "spans": [
            {
                "began_at": _moment(span.began_at),
                "ended_at": _moment(span.ended_at or 0),
                "state": span.state,
                "reason": span.reason,
                "call": span.call_id,
            }
            for span in spans
        ],
        "seconds": sums_of(spans),
    }


def _moment(at: int) -> str | None:
    return datetime.fromtimestamp(at / 1e6, UTC).isoformat(timespec="microseconds") if at else None
