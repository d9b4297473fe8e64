"""Our calls beside those that other files tell of: line by line, each difference with its reason where one is known.

Two stamps of whole seconds are together up to one second off; and the other system takes its stamps at moments of its
own. Up to `TOLERANCE` a span counts as the same.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import NamedTuple
from zoneinfo import ZoneInfo

from ivr.history.gather import Gathered, Theirs
from ivr.history.rows import SECOND
from ivr.ledger.call import Call, Leg

TOLERANCE = 1_500_000
"""Microseconds."""
_AT_ONCE = 1_500_000
"""A wait that a queue ended so soon, for it had nobody or was full, may never have begun for Asterisk."""
_ENDS = {
    "answered": "answered",
    "abandoned": "abandoned",
    "cut off": "abandoned",
    "asterisk crash": "abandoned",
    "end lost": "abandoned",
}
_NOT_TAKEN = frozenset({"empty", "full"})

EXPLAINED = {
    "transfer": "the queue_log ends a talk at its transfer; the ledger counts it to its end",
    "with wait": "a CDR counts the talk from the moment that the system answered, menu and wait included",
    "not taken": "Asterisk's queue_log has no line of a call that a queue did not take (nobody there, or full)",
    "edge": "the file begins or ends in the middle of the call",
}


class Difference(NamedTuple):
    """One thing that the two say differently of one call. `why`: a key of `EXPLAINED`, or "" when it is not known."""

    call: str
    at: int
    what: str
    theirs: str
    ours: str
    why: str


@dataclass(slots=True)
class Sum:
    """What one side tells of a line on a day; times in microseconds."""

    offered: int = 0
    answered: int = 0
    abandoned: int = 0
    waited: int = 0
    """All waits of answered calls together."""
    talked: int = 0

    @property
    def mean_wait(self) -> float | None:
        """Seconds; None when nobody was answered."""
        return self.waited / self.answered / SECOND if self.answered else None


Place = tuple[str, str, str]
"""Day, desk and line."""


@dataclass(slots=True)
class Compared:
    """What a comparison found."""

    same: int = 0
    """Calls of which both say the same."""
    differences: list[Difference] = field(default_factory=list)
    sums: dict[Place, tuple[Sum, Sum]] = field(default_factory=dict)
    """Theirs and ours."""
    waits_told: bool = True
    """The files tell of waits: a CDR does not."""

    @property
    def unexplained(self) -> list[Difference]:
        """The differences of which no reason is known."""
        return [one for one in self.differences if not one.why]

    @property
    def explained(self) -> Counter[str]:
        """How many differences have each known reason."""
        return Counter(one.why for one in self.differences if one.why)


def compare(theirs: Gathered, ours: Iterable[Call], zone: ZoneInfo) -> Compared:
    """Return what the two tell differently of the calls that both could know: those of the files' time."""
    found = Compared(waits_told=any(leg.kind == "queue" for one in theirs.calls for leg in one.call.legs))
    mine = list(ours)
    known = {name: call for call in mine for name in _names(call)}
    met: set[str] = set()
    for one in theirs.calls:
        call = known.get(one.story)
        if call is None:
            if _begins_inside(one.call, theirs):
                found.differences.append(_difference(one.call, "call", "there", "not in the ledger", ""))
            continue
        met.add(call.id)
        differences = list(_of_call(one, call, theirs))
        found.differences += differences
        found.same += not differences
        _add(found, one.call._replace(desk=call.desk, last_line=one.call.last_line or call.last_line), zone, side=0)
        _add(found, call, zone, side=1)
    for call in mine:
        if call.id not in met and _should_be_there(call, theirs, waits_told=found.waits_told):
            why = "" if _taken(call.legs) else "not taken"
            found.differences.append(_difference(call, "call", "not in the files", "there", why))
            _add(found, call, zone, side=1)
    return found


def _names(call: Call) -> set[str]:
    """Return the ids by which another record may know the call: its own, and those of its callers' channels."""
    return {call.id, *(leg.party for leg in call.legs if leg.kind in ("queue", "ivr"))}


def _begins_inside(call: Call, theirs: Gathered) -> bool:
    return call.began_at >= theirs.first_at


def _should_be_there(call: Call, theirs: Gathered, *, waits_told: bool) -> bool:
    """Whether the files could have told of a call of ours: a queue_log knows only calls that came to a queue."""
    waits = [leg for leg in call.legs if leg.kind == "queue"]
    if waits_told and not waits:
        return False
    end = call.ended_at
    return end is not None and theirs.first_at <= call.began_at and end <= theirs.last_at


def _taken(legs: Sequence[Leg]) -> list[Leg]:
    """Return the waits that Asterisk's queue took on."""
    return [
        leg
        for leg in legs
        if leg.kind == "queue"
        and not (leg.reason in _NOT_TAKEN and (leg.ended_at or leg.began_at) - leg.began_at < _AT_ONCE)
    ]


def _of_call(one: Theirs, call: Call, theirs: Gathered) -> Iterable[Difference]:
    cut = (
        "no end" in one.doubts or call.began_at < theirs.first_at or (call.ended_at or theirs.last_at) > theirs.last_at
    )
    edge = "edge" if cut else ""
    their_waits, our_waits = _taken(one.call.legs), _taken(call.legs)
    if their_waits or "queue_log" in one.kinds:
        yield from _of_waits(call, their_waits, our_waits, edge)
    if _who(one.call) != _who(call):
        yield _difference(call, "answered by", _who(one.call) or "nobody", _who(call) or "nobody", edge)
    if abs(one.call.talked - call.talked) > TOLERANCE:
        why = "transfer" if one.doubts & {"talk after transfer", "consultation"} else edge
        why = "with wait" if "talk with wait" in one.doubts else why
        yield _difference(call, "talk", _seconds(one.call.talked), _seconds(call.talked), why)


def _of_waits(call: Call, theirs: Sequence[Leg], ours: Sequence[Leg], edge: str) -> Iterable[Difference]:
    if [leg.line for leg in theirs] != [leg.line for leg in ours]:
        yield _difference(call, "lines", _lines(theirs), _lines(ours), edge)
        return
    for their, our in zip(theirs, ours, strict=True):
        if _end(their) != _end(our):
            yield _difference(call, f"end of the wait on {our.line}", _end(their), _end(our), edge)
        if abs(_length(their) - _length(our)) > TOLERANCE:
            yield _difference(call, f"wait on {our.line}", _seconds(_length(their)), _seconds(_length(our)), edge)


def _add(found: Compared, call: Call, zone: ZoneInfo, *, side: int) -> None:
    for leg in (*_taken(call.legs), *(leg for leg in call.legs if leg.kind == "talk")):
        day = datetime.fromtimestamp(leg.began_at / SECOND, UTC).astimezone(zone).date().isoformat()
        line = leg.line or call.last_line
        sums = found.sums.setdefault((day, call.desk, line), (Sum(), Sum()))[side]
        if leg.kind == "talk":
            sums.talked += _length(leg)
            continue
        sums.offered += 1
        sums.answered += _end(leg) == "answered"
        sums.abandoned += _end(leg) == "abandoned"
        sums.waited += _length(leg) if _end(leg) == "answered" else 0


def _who(call: Call) -> str:
    return call.answered_by


def _end(leg: Leg) -> str:
    return _ENDS.get(leg.reason, "passed on")


def _length(leg: Leg) -> int:
    return (leg.ended_at or leg.began_at) - leg.began_at


def _lines(legs: Sequence[Leg]) -> str:
    return ", ".join(leg.line for leg in legs) or "none"


def _seconds(span: int) -> str:
    return f"{span / SECOND:.1f} s"


def _difference(call: Call, what: str, theirs: str, ours: str, why: str) -> Difference:
    return Difference(call.id, call.began_at, what, theirs, ours, why)
