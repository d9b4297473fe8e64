"""What a closed call contributes to the totals. Runs in the loader for every call, so it makes each tally once."""

from __future__ import annotations

from typing import NamedTuple

from ivr.ledger.call import Call, Direction, Leg
from ivr.ledger.origin import is_imported
from ivr.reports.bins import bin_of
from ivr.reports.called_back import callback_tallies
from ivr.reports.journey import journey_of
from ivr.reports.missed import MISSED
from ivr.reports.nodes import node_tallies
from ivr.reports.split import overlap, split
from ivr.reports.split_ways import split_tallies
from ivr.reports.tally import QUARTER, Tally, tally

_GONE_ON = frozenset({"timeout", "full", "empty", "moved on"})
"""Reasons of a queue leg's end with which the call went on, to another line or to nobody."""
_ENDINGS = frozenset({"answered", "abandoned", "callback"})
"""Reasons that are kinds of visits of their own."""
_RESUMED = frozenset({"held", "parked"})
"""Reasons of a talk's end after which the next talk with the same agent is the same conversation."""


class _Conversation(NamedTuple):
    """The talks with one agent between which he only asked somebody, or parked the caller."""

    bucket: int
    parties: list[tuple[str, ...]]
    length: int
    open: bool

    def counted(self) -> list[Tally]:
        """Return its one length."""
        measure = f"talk_length.{bin_of(self.length)}"
        return [tally(("agent", self.bucket, keys, measure, 1)) for keys in self.parties]


def tallies(call: Call) -> list[Tally]:
    """Return what the call contributes; nothing while it goes on."""
    if call.ended_at is None:
        return []
    direction = call.direction
    found: list[Tally] = []
    _call(found, call, direction)
    holds = [leg for leg in call.legs if leg.kind == "hold"]
    going: dict[str, _Conversation] = {}
    for leg in call.legs:
        if leg.kind == "queue" and not leg.agent:  # an agent who waits for a colleague is no caller of the line
            _visit(found, call, leg)
        elif leg.kind == "callback":
            found += callback_tallies(call, leg)
        elif leg.kind == "offer" and leg.agent:
            _offer(found, (leg.agent, direction, call.desk, leg.line), leg)
        elif leg.kind == "talk":
            _talk(found, call, leg, holds, going)
        elif leg.kind == "hold":
            _hold(found, call, leg)
    for conversation in going.values():
        found += conversation.counted()
    if direction == "in":
        found += node_tallies(call)
        found += split_tallies(call)
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
    kind = leg.reason if leg.reason in _ENDINGS else "gone_on" if leg.reason in _GONE_ON else "cut"
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


def _talk(found: list[Tally], call: Call, leg: Leg, holds: list[Leg], going: dict[str, _Conversation]) -> None:
    ended = leg.ended_at or leg.began_at
    held = [(one.began_at, one.ended_at or one.began_at) for one in holds if one.agent == leg.agent]
    visit = (call.desk, leg.line, call.category, call.source)
    parties = _parties(call, leg)
    whole = 0
    for bucket, length in split(leg.began_at, ended):
        begin = max(leg.began_at, bucket)
        spoken = length - overlap(begin, begin + length, held) if held else length
        whole += spoken
        found += [tally(("agent", bucket, (agent, *rest), "talk", spoken)) for agent, *rest in parties]
        if leg.line:
            found.append(tally(("line", bucket, visit, "talk", spoken)))
    begun = leg.began_at - leg.began_at % QUARTER
    before = going.get(leg.agent)
    if before is not None and before.open:
        going[leg.agent] = before._replace(length=before.length + whole, open=leg.reason in _RESUMED)
        return
    if before is not None:
        found += before.counted()
    going[leg.agent] = _Conversation(begun, parties, whole, leg.reason in _RESUMED)
    found += [tally(("agent", begun, keys, "talks", 1)) for keys in parties]
    if leg.line:
        found.append(tally(("line", begun, visit, "talks", 1)))


def _parties(call: Call, leg: Leg) -> list[tuple[str, ...]]:
    """Return the keys of the agents who talk: who answered, or who called out; in a call between agents, both."""
    placed = call.direction == "out" and not leg.agent.isdecimal()  # an older system's files may name the trunk there
    agents = [call.caller if placed else leg.agent]
    if call.direction == "internal" and call.caller != leg.agent:
        agents.append(call.caller)
    return [(agent, call.direction, call.desk, leg.line) for agent in agents]


def _hold(found: list[Tally], call: Call, leg: Leg) -> None:
    visit = (call.desk, leg.line, call.category, call.source)
    parties = _parties(call, leg)[:1]
    for bucket, length in split(leg.began_at, leg.ended_at or leg.began_at):
        found += [tally(("agent", bucket, keys, "hold", length)) for keys in parties]
        if leg.line:
            found.append(tally(("line", bucket, visit, "hold", length)))
