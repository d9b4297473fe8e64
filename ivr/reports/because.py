"""What a call did, in words, as far as a metric looks at it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from ivr.ledger.call import Call
from ivr.reports.cell import Cell
from ivr.reports.metric import Metric
from ivr.reports.nodes import DROPPED
from ivr.reports.parts import Given
from ivr.reports.split_ways import ways_of

_BY_THRESHOLD = frozenset({"sl_answered", "sl_offered", "sl_removed", "sl_ex_short"})
_BY_SHORT = frozenset({"sl_ex_short", "abandon_rate_ex_short", "abandoned_short"})


def because(metric: Metric, call: Call, cell: Cell, given: Given) -> str:
    """Return what the call did that the metric looks at, in the cell's time."""
    said: list[str] = []
    for source in metric.sources:
        if tell := _TELL.get(source):
            said += tell(metric, call, cell, given)
    return "; ".join(dict.fromkeys(said)) or _outcome(call)


def _call(_metric: Metric, call: Call, _cell: Cell, _given: Given) -> Iterator[str]:
    yield _outcome(call)
    if call.connected_at is not None:
        yield f"a person after {_seconds(call.connected_at - call.began_at)}"


def _line(metric: Metric, call: Call, cell: Cell, given: Given) -> Iterator[str]:
    for leg in call.legs:
        if leg.kind == "callback" and _wanted(cell, line=leg.line):
            yield f"a callback of line {leg.line}: {_outcome(call)}"
        if leg.kind == "queue" and not leg.agent and _asked(leg.began_at, cell) and _wanted(cell, line=leg.line):
            wait = (leg.ended_at or leg.began_at) - leg.began_at
            note = ""
            if metric.id in _BY_THRESHOLD and leg.reason in ("answered", "abandoned"):
                note = f" ({'within' if wait <= given.within * 1_000_000 else 'beyond'} {given.within} s)"
            if metric.id in _BY_SHORT and leg.reason == "abandoned" and wait <= given.short * 1_000_000:
                note = f" (short: at most {given.short} s)"
            yield f"line {leg.line} {leg.reason or 'goes on'} after {_seconds(wait)}{note}"


def _agent(metric: Metric, call: Call, cell: Cell, _given: Given) -> Iterator[str]:
    offers = metric.id.startswith(("offer", "ring"))
    for leg in call.legs:
        if not _wanted(cell, line=leg.line, agent=leg.agent):
            continue
        ended = leg.ended_at or leg.began_at
        if offers and leg.kind == "offer" and _asked(leg.began_at, cell):
            rang = (leg.answered_at or ended) - leg.began_at
            yield f"offer to {leg.agent} on {leg.line or 'no line'} {leg.reason}, rang {_seconds(rang)}"
        elif not offers and leg.kind in ("talk", "hold") and leg.began_at < cell.ended and ended > cell.began:
            inside = min(ended, cell.ended) - max(leg.began_at, cell.began)
            part = "" if inside == ended - leg.began_at else f", {_seconds(inside)} of it in the time asked for"
            yield f"{leg.kind} with {leg.agent or 'somebody'} of {_seconds(ended - leg.began_at)}{part}"


def _node(_metric: Metric, call: Call, cell: Cell, _given: Given) -> Iterator[str]:
    last = ""
    for told in call.facts:
        name, node = told.fact.name, told.fact.values.get("node", "")
        if name == "entered":
            last = node
        if name in ("entered", "key", "wrong", "silent") and _asked(told.at, cell) and _wanted(cell, node=node):
            key = told.fact.values.get("key", "")
            yield f"{name} {node}{f' by {key}' if key else ''}"
    if last and not call.first_line and call.end_reason in DROPPED:
        yield f"ended at {last}: {call.end_reason}"


def _split(_metric: Metric, call: Call, cell: Cell, _given: Given) -> Iterator[str]:
    for desk, name, way in ways_of(call):
        if _wanted(cell, desk=desk, split=name, way=way):
            yield f"{name} sent him to {way}, {_outcome(call)}"


_TELL: Mapping[str, Callable[[Metric, Call, Cell, Given], Iterator[str]]] = {
    "call": _call,
    "line": _line,
    "agent": _agent,
    "node": _node,
    "split": _split,
}


def _outcome(call: Call) -> str:
    return call.outcome or "goes on"


def _asked(at: int, cell: Cell) -> bool:
    return cell.began <= at < cell.ended


def _wanted(cell: Cell, **had: str) -> bool:
    return all(value in cell.keys[name] for name, value in had.items() if name in cell.keys)


def _seconds(length: int) -> str:
    return f"{length / 1e6:.1f} s"
