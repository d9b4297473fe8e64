"""What is proven of the dialplan before anybody calls: S4, S6, B1 and B3, and that every way leads on and ends.

It is proven of the rendered files, not of what rendered them. A finding is a mistake of ours, never of a desk's author.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence

from ivr.asterisk.compiled_callback import CUSTOMER, may_dial
from ivr.asterisk.endpoints import Endpoint, read_endpoints
from ivr.asterisk.given import given_findings
from ivr.asterisk.regained import flow_findings
from ivr.asterisk.reread import UnreadableError, read_dialplan
from ivr.asterisk.rings import ring_findings
from ivr.asterisk.steps import Step
from ivr.asterisk.vocabulary import vocabulary_findings
from ivr.asterisk.ways import OTHERS, Edge, Place, Ways, way_of
from ivr.flows.told import Wanted

_MEMBER = re.compile(r"^\s*member\s*=>?\s*([^,\n]*)", re.MULTILINE)
_LEAVES = re.compile(r"^\s*context\s*=>?\s*(\S+)", re.MULTILINE)
"""Of a queue: where a caller gets by a key."""
_OURS = ("acts", "selftest")
"""Contexts in which calls of our own begin."""


def read_ways(files: Mapping[str, str]) -> Ways:
    """Return the dialplan's ways. Raises `UnreadableError`."""
    plan = {name: files[name] for name in ("extensions.conf", "acts.conf")}
    return Ways(read_dialplan(plan), _MEMBER.findall(files["queues.conf"]))


def findings(files: Mapping[str, str], wanted: Sequence[Wanted]) -> tuple[str, ...]:
    """Return what is wrong with the files that were rendered for these desks, each with its way.

    `files`: text by name, those of `PROVEN` at least.
    """
    try:
        ways = read_ways(files)
    except UnreadableError as error:
        return (f"a line that cannot be read back: {error}",)
    them = read_endpoints(files["pjsip.conf"])
    strangers = [context for one in them.values() if not one.proven for context in one.contexts]
    callers = tuple(dict.fromkeys((*strangers, *_LEAVES.findall(files["queues.conf"]))))
    return (
        *_outside(ways, them, wanted, callers),
        *_places(ways, callers),
        *vocabulary_findings(ways),
        *given_findings(ways, [place for context in callers for place in ways.starts(context)]),
        *ring_findings(ways),
        *_returns(ways, them),
        *(text for one in wanted for text in flow_findings(ways, files["queues.conf"], one)),
    )


def _places(ways: Ways, callers: Collection[str]) -> Iterator[str]:
    """Find ways to what is not there, and steps behind which nothing comes."""
    for (context, extension, _), jump in ways.missing:
        target = ",".join(part for part in (jump.context, jump.extension, jump.label) if part)
        yield f"a way to nothing: {context},{extension} → {target}"
    for context, extension, _ in ways.loose:
        yield f"a way without an end: {context},{extension}"
    for name, section in ways.sections.items():
        yield from (
            f"a way to nothing: {name} includes {other}"
            for other in section.includes
            if other not in ways.sections and other not in OTHERS
        )
    yield from (f"a queue rings nobody: {member}" for member in ways.nobody)
    yield from (f"callers come to {name}, which is not there" for name in callers if name not in ways.sections)


def _outside(
    ways: Ways, them: Mapping[str, Endpoint], desks: Sequence[Wanted], callers: Collection[str]
) -> Iterator[str]:
    """Find every way to a telephone outside but those of agents whom a desk's `outbound` names (S4)."""
    for name, one in them.items():
        if not one.proven and one.may_transfer:
            yield f"who calls by the endpoint {name} may transfer himself"
    inside = {f"PJSIP/{name}" for name, one in them.items() if one.proven}
    outside = {
        place: ring
        for place, steps in ways.steps.items()
        for step in steps
        for ring in step.rings
        if not ring.startswith("Local/") and not inside.issuperset(ways.text(ring).texts or ("",))
    }
    yield from _callers_outside(ways, outside, callers)
    yield from _called_back(ways, outside, desks)
    named = {f"outside-{desk.desk}": desk.diallers for desk in desks}
    for place, ring in outside.items():
        behind = _behind(ways, place)
        for name, one in them.items():
            allowed = name.removesuffix("-web") in named.get(place[0], ())
            for context in one.contexts if one.proven and not allowed else ():
                if not behind.isdisjoint(starts := tuple(ways.starts(context))):
                    way = _told(context, ways.reached(starts, _of_himself), place)
                    yield f"the agent {name} gets outside: {way} → Dial({ring})"


def _callers_outside(ways: Ways, outside: Mapping[Place, str], callers: Collection[str]) -> Iterator[str]:
    for context in callers if outside else ():
        reached = ways.reached(ways.starts(context), _of_himself)
        for place, ring in outside.items():
            if place in reached:
                yield f"a caller gets outside: {_told(context, reached, place)} → Dial({ring})"


def _called_back(ways: Ways, outside: Mapping[Place, str], desks: Sequence[Wanted]) -> Iterator[str]:
    """Find placeholders that would call whom their desk's `outbound` does not allow."""
    placed = [edge.to for edges in ways.edges.values() for edge in edges if edge.kind == "placed"]
    reached = ways.reached(placed)
    backs = {f"callback-{desk.desk}": desk.back for desk in desks}
    for place, ring in outside.items():
        if place in reached and not _only_allowed(ways.steps[place], ring, backs.get(place[0], ())):
            yield f"a customer is called back who may not be: {_told(placed[0][0], reached, place)} → Dial({ring})"


def _of_himself(edge: Edge) -> bool:
    """Say whether who is at one end of a way gets to the other."""
    return edge.kind != "placed"


def _only_allowed(steps: Sequence[Step], ring: str, allow: Collection[str]) -> bool:
    """Say whether the number of a placeholder is held against its desk's `outbound` before it is dialled."""
    if not allow or ring != CUSTOMER:
        return False
    asked = f"GotoIf($[({may_dial(allow, 'IVR_BACK_TO')}) = 0]"
    dials = next(place for place, step in enumerate(steps) if step.rings)
    questions = [place for place, step in enumerate(steps[:dials]) if step.app == "GotoIf"]
    sets = [place for place, step in enumerate(steps[:dials]) if any("IVR_BACK_TO=" in one for one in step.arguments)]
    found = [place for place in questions if f"GotoIf({steps[place].arguments[0]}" == asked]
    return bool(found) and max(sets, default=0) < found[-1]


def _starts(ways: Ways, endpoint: Endpoint) -> Iterator[Place]:
    return (place for context in endpoint.contexts for place in ways.starts(context))


def _behind(ways: Ways, place: Place) -> frozenset[Place]:
    """Return every place from which one can be reached."""
    before: dict[Place, list[Place]] = {}
    for start, edges in ways.edges.items():
        for edge in filter(_of_himself, edges):
            before.setdefault(edge.to, []).append(start)
    found, ahead = {place}, [place]
    while ahead:
        for other in before.get(ahead.pop(), ()):
            if other not in found:
                found.add(other)
                ahead.append(other)
    return frozenset(found)


def _returns(ways: Ways, them: Mapping[str, Endpoint]) -> Iterator[str]:
    """Find a Return to which a call comes that nobody has sent there by Gosub: it would end there."""
    moved = [edge.to for edges in ways.edges.values() for edge in edges if edge.kind == "moved"]
    moved += [edge.to for edges in ways.edges.values() for edge in edges if edge.kind == "placed"]
    begun = [place for name in _OURS for place in ways.starts(name) if name != "acts" or _answers(ways, place)]
    starts = [*(place for one in them.values() for place in _starts(ways, one)), *moved, *begun]
    reached = ways.reached(starts, _goes)
    for place in reached:
        if any(step.app == "Return" for step in ways.steps[place]):
            way = way_of(reached, place)
            yield f"a Return from nowhere: {_told(way[0][0], reached, place)}"


def _goes(edge: Edge) -> bool:
    return edge.kind == "goto"


def _answers(ways: Ways, place: Place) -> bool:
    """Say whether an extension of the acts is one that our manager user calls: those end in `done`."""
    return ("acts", "done", "1") in ways.reached([place], _goes)


def _told(start: str, reached: Mapping[Place, Place | None], place: Place) -> str:
    """Return the way to a place in words: its contexts, from where the call came in."""
    contexts = [start, *(context for context, _, _ in way_of(reached, place))]
    passed = [context for number, context in enumerate(contexts) if not number or contexts[number - 1] != context]
    return " → ".join(passed if len(passed) < 10 else [*passed[:4], "…", *passed[-4:]])
