"""What a closed call contributes to the totals. Runs in the loader for every call, so it makes each tally once."""

from __future__ import annotations

from ivr.ledger.call import Call, Leg
from ivr.ledger.origin import is_imported
from ivr.reports.bins import bin_of
from ivr.reports.journey import journey_of
from ivr.reports.nodes import node_tallies
from ivr.reports.split import overlap, split
from ivr.reports.tally import QUARTER, Tally, tally
from ivr.reports.way_in import Direction, direction_of

MISSED = frozenset({"abandoned in the menu", "abandoned in a line", "gave up", "voicemail", "failed", "closed"})
"""Outcomes of a call that came in and in which nobody spoke with the caller though he wanted it. `goodbye` is none:
the flow said all there was to say."""
_GONE_ON = frozenset({"timeout", "full", "empty", "moved on"})
"""Reasons of a queue leg's end with which the call went on, to another line or to nobody."""


def tallies(call: Call) -> list[Tally]:
    """Return what the call contributes; nothing while it goes on."""
    if call.ended_at is None:
        return []
    direction = direction_of(call)
    found: list[Tally] = []
    _call(found, call, direction)
    holds = [(leg.began_at, leg.ended_at or leg.began_at) for leg in call.legs if _kind(leg) == "hold"]
    for leg in call.legs:
        if leg.kind == "queue":
            _visit(found, call, leg)
        elif leg.kind == "offer" and leg.agent:
            _offer(found, (leg.agent, direction, call.desk, leg.line), leg)
        elif leg.kind == "talk":
            _talk(found, call, direction, leg, holds)
        elif _kind(leg) == "hold":
            _hold(found, call, direction, leg)
    if direction == "in":
        found += node_tallies(call)
    return found


def _call(found: list[Tally], call: Call, direction: Direction) -> None:
    bucket = call.began_at - call.began_at % QUARTER
    # Whom an agent called is no number of ours: it would make a cell of its own for every call.
    number = call.number if direction == "in" else ""
    keys = (direction, call.desk, number, call.version, call.category, call.source, call.source_how)
    counted = [("calls", 1), (f"outcome.{call.outcome}", 1)]
    if call.talked:
        counted.append(("talked", call.talked))
    if call.crashed:
        counted.append(("crashed", 1))
    if direction == "in":
        counted += _contact(call)
    found += [tally(("call", bucket, keys, measure, value)) for measure, value in counted]


def _contact(call: Call) -> list[tuple[str, int]]:
    """Return what only a call from outside has."""
    counted = [("missed", 1)] if call.outcome in MISSED else []
    if call.fallback:
        counted.append((f"fallback.{call.fallback}", 1))
    journey = journey_of(call)
    if journey.sources:
        counted.append(("sources_told_twice", 1))
        counted.append(("sources_disagree", int(journey.disagree)))
    if journey.to_record:
        counted.append(("to_record", journey.to_record))
    if journey.transfers:
        counted += [("transfers", journey.transfers), ("transferred", 1)]
        counted.append(("transferred_again", int(journey.transfers > 1)))
    if call.connected_at is not None:
        waited = call.connected_at - call.began_at
        counted += [("connected", 1), ("to_human", waited), (f"to_human.{bin_of(waited)}", 1)]
        counted.append(("tier_unknown" if is_imported(call) else f"closed_tier.{journey.tier}", 1))
        counted += [(f"stage.{stage}", length) for stage, length in journey.stages if length]
    return counted


def _visit(found: list[Tally], call: Call, leg: Leg) -> None:
    bucket = leg.began_at - leg.began_at % QUARTER
    keys = (call.desk, leg.line, call.category, call.source)
    found.append(tally(("line", bucket, keys, "offered", 1)))
    wait = max(0, (leg.ended_at or leg.began_at) - leg.began_at)
    kind = leg.reason if leg.reason in ("answered", "abandoned") else "gone_on" if leg.reason in _GONE_ON else "cut"
    found += (
        tally(("line", bucket, keys, kind, 1)),
        tally(("line", bucket, keys, f"{kind}_wait", wait)),
        tally(("line", bucket, keys, f"{kind}_wait.{bin_of(wait)}", 1)),
    )
    if kind == "answered":
        found.append(tally(("line", bucket, keys, "agent_wait", _picked_up(call, leg) - leg.began_at)))
    elif kind == "gone_on":
        found.append(tally(("line", bucket, keys, f"gone_on.{leg.reason}", 1)))


def _picked_up(call: Call, visit: Leg) -> int:
    """Return when the agent of the talk that ended this wait had answered his telephone."""
    connected = visit.ended_at or visit.began_at
    for leg in call.legs:
        if leg.kind == "offer" and leg.reason == "answered" and leg.line == visit.line:
            picked_up = leg.answered_at
            if picked_up is not None and visit.began_at <= picked_up <= connected and leg.ended_at == connected:
                return picked_up
    return connected


def _offer(found: list[Tally], keys: tuple[str, ...], leg: Leg) -> None:
    bucket = leg.began_at - leg.began_at % QUARTER
    rang = (leg.answered_at or leg.ended_at or leg.began_at) - leg.began_at
    found += (
        tally(("agent", bucket, keys, "offers", 1)),
        tally(("agent", bucket, keys, f"offer.{leg.reason}", 1)),
        tally(("agent", bucket, keys, "ring", max(0, rang))),
    )


def _talk(found: list[Tally], call: Call, direction: Direction, leg: Leg, holds: list[tuple[int, int]]) -> None:
    ended = leg.ended_at or leg.began_at
    whole = 0
    keys = (leg.agent, direction, call.desk, leg.line)
    visit = (call.desk, leg.line, call.category, call.source)
    for bucket, length in split(leg.began_at, ended):
        begin = max(leg.began_at, bucket)
        spoken = length - overlap(begin, begin + length, holds) if holds else length
        whole += spoken
        found.append(tally(("agent", bucket, keys, "talk", spoken)))
        if leg.line:
            found.append(tally(("line", bucket, visit, "talk", spoken)))
    bucket = leg.began_at - leg.began_at % QUARTER
    found.append(tally(("agent", bucket, keys, "talks", 1)))
    found.append(tally(("agent", bucket, keys, f"talk_length.{bin_of(whole)}", 1)))
    if leg.line:
        found.append(tally(("line", bucket, visit, "talks", 1)))


def _hold(found: list[Tally], call: Call, direction: Direction, leg: Leg) -> None:
    keys = (leg.agent, direction, call.desk, leg.line)
    visit = (call.desk, leg.line, call.category, call.source)
    for bucket, length in split(leg.began_at, leg.ended_at or leg.began_at):
        found.append(tally(("agent", bucket, keys, "hold", length)))
        if leg.line:
            found.append(tally(("line", bucket, visit, "hold", length)))


def _kind(leg: Leg) -> str:
    return leg.kind
