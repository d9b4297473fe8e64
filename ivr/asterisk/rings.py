"""Whether every way through the dialplan ends: no call goes round for ever without waiting, pressing or counting."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping, Sequence

from ivr.asterisk.steps import Step
from ivr.asterisk.ways import LINE, Edge, Place, Ways

_COUNTED = re.compile(r"([A-Z_]+)=\$\[\$\{\1\} \+ 1\]")
_ONCE = re.compile(r'"\$\{([A-Z_]+)\}" != "1"')
_ASKED = ('$["${IVR_OVER}" = "1"]',)
"""What is asked behind the subroutine of the lines."""
_PATIENCE = "IVR_LEFT=$[${IVR_SINCE} + ${IVR_PATIENCE} - ${EPOCH}]"
_OVER = "$[${IVR_LEFT} <= 0 | ${IVR_EMPTY} >= ${IVR_LINES}]"
_PASSED = "IVR_EMPTY=$[${IVR_EMPTY} + 1]"
_TURN = "IVR_TURNS=$[0${IVR_TURNS} + 1]"
_TURNS = re.compile(r"\$\[\$\{IVR_TURNS\} >= [0-9]+\]")
_DEADLINE = re.compile(r"TIMEOUT\(absolute\)=[0-9]+")
_ASKING = frozenset({"AGI", "Read"})
_WHISPERED = "${IVR_SAY:0:-1}"
"""What an agent is asked once, behind the whisper."""


def ring_findings(ways: Ways) -> Iterator[str]:
    """Find the rings, each with its places, and what would let a call stay in one that waits."""
    yield from _lines(ways)
    for place, steps in ways.steps.items():
        if any(step.app in _ASKING for step in steps) and (wrong := _unlimited(steps)):
            yield f"{wrong}: {','.join(place)}"
    whole = _ring({place: [edge.to for edge in _onward(ways, place)] for place in ways.steps})
    if ring := _ring(_uncounted(ways, whole)):
        names = [f"{context},{extension}" for context, extension, _ in sorted(ring)]
        yield f"a call may go round for ever: {' ↔ '.join(names[:6])}{' …' if len(names) > 6 else ''}"


def _lines(ways: Ways) -> Iterator[str]:
    """Find lines left without a wait: their subroutine waits, or says IVR_OVER (asked for), or counts a line more."""
    for place, steps in ways.steps.items():
        if place[:2] == LINE[:2]:
            waits = any(step.app == "Queue" or {"IVR_OVER=1", _PASSED} & {*step.arguments} for step in steps)
            if not waits and any(step.app == "Return" for step in steps):
                yield f"a line is left without a wait: {','.join(place)}"
            if any(step.app == "Queue" for step in steps) and not _patient(steps):
                yield f"a line may keep a caller for ever: {','.join(place)}"
        for step, behind in zip(steps, [*steps[1:], None], strict=True):
            if step.jumps and step.jumps[0][1:] == LINE and (behind is None or behind.arguments != _ASKED):
                yield f"a line is not left when patience is over: {','.join(place)}"


def _patient(steps: Sequence[Step]) -> bool:
    """Say whether patience is reckoned and asked for before the queue, and empty lines are counted behind it."""
    before = [",".join(step.arguments) for step in steps[: [step.app for step in steps].index("Queue")]]
    behind = ",".join(",".join(step.arguments) for step in steps)
    return _PATIENCE in before and _OVER in before and "$[${IVR_EMPTY} + 1]" in behind


def _unlimited(steps: Sequence[Step]) -> str:
    """Return what is wrong when a question is asked without counting, or the controller without a deadline."""
    done: list[str] = []
    for step in steps:
        if step.app == "Read" and not (_TURN in done and any(_TURNS.fullmatch(one) for one in done)):
            return "" if step.arguments[1] == _WHISPERED else "a question is asked without counting"
        if step.app == "AGI" and not step.arguments[0].endswith("/whisper"):
            return "" if any(_DEADLINE.fullmatch(one) for one in done) else "the controller is asked without a deadline"
        done.append(",".join(step.arguments))
    return ""


def _onward(ways: Ways, place: Place) -> list[Edge]:
    """Return the ways on before which nothing takes its time."""
    return [edge for edge in ways.edges[place] if not edge.waited and edge.kind in {"goto", "gosub"}]


def _ring(on: Mapping[Place, Sequence[Place]]) -> set[Place]:
    """Return the places that lie on rings, or between them: take away what leads nowhere, and whereto nothing leads."""
    back: dict[Place, list[Place]] = {place: [] for place in on}
    for place, ahead in on.items():
        for to in ahead:
            back[to].append(place)
    left = set(on)
    for forth, other in ((on, back), (back, on)):
        degrees = {place: sum(to in left for to in forth[place]) for place in left}
        ready = [place for place, degree in degrees.items() if not degree]
        for place in ready:
            left.discard(place)
            for before in other[place]:
                if before in left:
                    degrees[before] -= 1
                    if not degrees[before]:
                        ready.append(before)
    return left


def _uncounted(ways: Ways, ring: Collection[Place]) -> dict[Place, list[Place]]:
    """Return where places of a ring lead on in it, but for what is done once, or so often as is counted there."""
    steps = [step for place in ring for step in ways.steps[place]]
    counts = {
        (place[:2], found[1])
        for place in ring
        for step in ways.steps[place]
        if step.app == "Set" and (found := _COUNTED.fullmatch(step.arguments[0]))
    }
    on: dict[Place, list[Place]] = {}
    for place in ring:
        on[place] = []
        for edge in _onward(ways, place):
            asked = edge.step.arguments[0] if edge.step and edge.step.app == "GotoIf" else ""
            if edge.to not in ring and any(here == place[:2] and f"${{{name}}} >" in asked for here, name in counts):
                break  # it leaves the ring when it is enough
            once = any(_sets(ways.steps[edge.to][0], name) and not _unset(steps, name) for name in _ONCE.findall(asked))
            if edge.to in ring and not once:
                on[place].append(edge.to)
    return on


def _sets(step: Step, name: str) -> bool:
    return step.app == "Set" and step.arguments == (f"{name}=1",)


def _unset(steps: Collection[Step], name: str) -> bool:
    values = [value for step in steps if step.app in {"Set", "MSet"} for value in step.arguments]
    return any(value.startswith(f"{name}=") and value != f"{name}=1" for value in values)
