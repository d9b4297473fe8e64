"""`ivr staffing`: how many agents and telephone lines a load needs, by Erlang C and A and B."""

from __future__ import annotations

import json
import math
import re
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ivr.cli.options import Json
from ivr.errors import DeskError

if TYPE_CHECKING:
    from ivr.reports.erlang import Load
    from ivr.reports.staffing import Target

_TARGET = re.compile(r"(\d{1,2}(?:\.\d{1,3})?)/(\d{1,4}(?:\.\d{1,3})?)", re.ASCII)


def staffing(
    calls: Annotated[float, typer.Option(min=0, help="Calls that come in the interval.")],
    handle: Annotated[str, typer.Option(help="Mean handle time: talk, hold and wrap-up; 3m, 180s.")],
    per: Annotated[str, typer.Option(help="The interval: 30m, 1h.")] = "30m",
    target: Annotated[str, typer.Option(help="Per cent answered / within seconds.")] = "80/20",
    patience: Annotated[str, typer.Option(help="Mean time until a caller gives up; without end when left out.")] = "",
    agents: Annotated[int | None, typer.Option(min=0, help="What so many agents would reach.")] = None,
    shrinkage: Annotated[float, typer.Option(help="Share of rostered time that goes to breaks and illness.")] = 0.3,
    before: Annotated[str, typer.Option(help="Mean time of a call on a telephone line before the talk.")] = "30s",
    blocked: Annotated[float, typer.Option(help="Share of calls that may find all telephone lines busy.")] = 0.01,
    reserve: Annotated[float, typer.Option(help="Factor on the telephone lines; 1.5 or more.")] = 1.5,
    as_json: Json = False,
) -> None:
    """Work out agents, roster and telephone lines for a load, or what a number of agents would reach."""
    from ivr.reports.erlang import Load
    from ivr.reports.staffing import agents_for, rostered, trunks_for

    wanted = _target(target)
    mean, rate = _seconds(handle, "--handle"), calls / _seconds(per, "--per")
    load = Load(rate, mean, 0, _seconds(patience, "--patience") if patience else math.inf)
    need = agents_for(rate, mean, wanted, patience=load.patience)
    told = {
        "erlangs": round(load.traffic, 3),
        "agents": need,
        "rostered": rostered(need, shrinkage),
        "telephone_lines": trunks_for(rate * (mean + _seconds(before, "--before")), blocked=blocked, reserve=reserve),
        "forecasts": [_row(load, number, wanted) for number in _numbers(need, agents, load.traffic)],
    }
    if as_json:
        print(json.dumps(told, indent=1))
    else:
        _show(told, wanted, shrinkage, math.isinf(load.patience))


def _numbers(need: int, asked: int | None, traffic: float) -> list[int]:
    near = range(max(1, need - 2), need + 3) if traffic else range(0)
    return sorted({*near, *([] if asked is None else [asked])})


def _row(load: Load, agents: int, target: Target) -> dict[str, Any]:
    from dataclasses import replace

    from ivr.reports.erlang import forecast

    found = forecast(replace(load, agents=agents), target.within)
    return {
        "agents": agents,
        "waits": round(found.waits, 6),
        "within": round(found.within, 6),
        "mean_wait": None if math.isinf(found.mean_wait) else round(found.mean_wait, 3),
        "abandoned": round(found.abandoned, 6),
        "occupancy": round(found.occupancy, 6),
    }


def _show(told: dict[str, Any], target: Target, shrinkage: float, endless: bool) -> None:
    from rich.console import Console
    from rich.table import Table

    model = "Erlang C" if endless else "Erlang A"
    aim = f"{100 * target.share:g} % within {target.within:g} s"
    lines = told["telephone_lines"]
    print(f"{told['erlangs']:g} erlangs: {told['agents']} agents for {aim} ({model}),")
    print(f"{told['rostered']} on the roster at {100 * shrinkage:g} % shrinkage, {lines} telephone lines.")
    if not told["forecasts"]:
        return
    table = Table(box=None, pad_edge=False)
    for name in ("agents", "wait at all", f"within {target.within:g} s", "mean wait", "give up", "occupancy"):
        table.add_column(name, justify="right")
    for row in told["forecasts"]:
        shares = (f"{100 * row[name]:.1f} %" for name in ("waits", "within", "abandoned", "occupancy"))
        waits, within, abandoned, occupancy = shares
        mean = "without end" if row["mean_wait"] is None else f"{row['mean_wait']:.1f} s"
        table.add_row(str(row["agents"]), waits, within, mean, "–" if endless else abandoned, occupancy)
    Console().print(table, markup=False)


def _target(text: str) -> Target:
    from ivr.reports.staffing import Target

    match = _TARGET.fullmatch(text)
    if match is None:
        raise DeskError(f"{text!r} is no target.", "Write per cent / seconds: 80/20.")
    return Target(float(match[1]) / 100, float(match[2]))


def _seconds(text: str, option: str) -> float:
    from ivr.flows.spelling import duration

    try:
        seconds = float(duration(text).total_seconds())
    except ValueError as error:
        raise DeskError(f"{option}: {text!r} is no duration.", "Write 180s, 3m or 1h30m.") from error
    if not seconds:
        raise DeskError(f"{option} cannot be nothing.", "Write 180s, 3m or 1h30m.")
    return seconds
