"""All rows of one older call, of whatever files, to one call of the ledger."""

from __future__ import annotations

from collections.abc import Sequence

from ivr.history.naming import Naming, extension
from ivr.history.of_cdr import parts_of_cdr
from ivr.history.of_cel import parts_of_cel
from ivr.history.of_queue_log import parts_of_queue_log
from ivr.history.parts import Parts
from ivr.history.rows import Row, one_line
from ivr.history.tally import Doubts
from ivr.ledger.call import Call, Direction, Leg, Outcome
from ivr.telephony.number import clean_number

_OUTCOMES: dict[str, Outcome] = {"abandoned": "abandoned in a line", "cut off": "abandoned in a line"}
_LONGEST_NAME = 80
_LONGEST_EXTENSION = 5
"""Digits. A longer number was dialled to outside."""


def derive(story: str, rows: Sequence[Row], naming: Naming) -> tuple[Call | None, Doubts]:
    """Return the call that the rows tell of, in their order of time, and what they cannot tell; None = no call.

    The best witness wins: bridges of CEL for talks; CEL's queue application, else the queue_log, for waits and offers;
    CDR for who called which number, and for talks of which the others know nothing.
    """
    if not story:
        return None, frozenset()
    kinds = {kind: [row for row in rows if row.kind == kind] for kind in ("queue_log", "cdr", "cel")}
    parts = _put_together(kinds, naming)
    if parts is None:
        return None, frozenset()
    doubts = parts.doubts
    direction = _direction(parts)
    desk = _desk(parts, naming) if direction == "in" else ""
    if direction == "out":
        # The agent is who called; the other one is a line to outside.
        parts.talks = [talk._replace(agent=naming.agent(parts.channel)) for talk in parts.talks]
    if naming.queues and parts.named - set(naming.queues):
        doubts.add("unmapped queue")
    if not desk and direction == "in":
        doubts.add("no desk")
    caller = clean_number(parts.caller)
    if not caller:
        doubts.add("no caller")
    call = _call(naming, story, parts, desk, caller)
    placer = "" if direction == "in" else naming.agent(parts.channel)
    return call._replace(direction=direction, agent=placer), frozenset(doubts)


def _put_together(kinds: dict[str, list[Row]], naming: Naming) -> Parts | None:
    log = parts_of_queue_log(kinds["queue_log"], naming) if kinds["queue_log"] else Parts()
    cdr = parts_of_cdr(kinds["cdr"], naming) if kinds["cdr"] else Parts()
    cel = parts_of_cel(kinds["cel"], naming) if kinds["cel"] else Parts()
    told = [parts for parts in (cel, cdr, log) if parts.began_at is not None]
    if not told or not any(_is_call(parts) for parts in (cel, cdr, log)):
        return None
    waits = cel if cel.queues else log
    whole = Parts(
        began_at=min(parts.began_at for parts in told if parts.began_at is not None),
        ended_at=max(parts.ended_at for parts in told if parts.ended_at is not None),
        caller=next((parts.caller for parts in (cdr, cel, log) if parts.caller), ""),
        caller_name=next((parts.caller_name for parts in (cdr, cel) if parts.caller_name), ""),
        number=next((parts.number for parts in (log, cdr, cel) if parts.number), ""),
        channel=cdr.channel or cel.channel,
        queue=cdr.queue if not waits.queues else "",
        queues=waits.queues,
        offers=waits.offers,
        talks=_talks(cel, log, cdr),
        named=waits.named or cdr.named,
        in_menu=cdr.in_menu,
    )
    whole.doubts = _doubts(whole, kinds, cel, log, cdr)
    return whole


def _is_call(parts: Parts) -> bool:
    """Rows of agents (PAUSE, ADDMEMBER) are of no call, and neither is an end whose beginning stands elsewhere."""
    return bool(parts.queues or parts.talks or parts.caller or parts.number)


def _talks(cel: Parts, log: Parts, cdr: Parts) -> list[Leg]:
    if cel.talks:
        return [_on_line(talk, log) for talk in cel.talks]
    if not log.queues:
        return cdr.talks
    # After a transfer only the CDR knows more; before it the queue_log knows better.
    known = max((leg.ended_at or leg.began_at for leg in (*log.talks, *log.queues)), default=0)
    return log.talks + [talk for talk in cdr.talks if talk.began_at >= known - 1_000_000]


def _on_line(talk: Leg, log: Parts) -> Leg:
    """Return a talk with the line that the queue_log knows of it."""
    if talk.line:
        return talk
    own = [one for one in log.talks if one.agent == talk.agent and abs(one.began_at - talk.began_at) < 2_000_000]
    return talk._replace(line=own[0].line) if own else talk


def _doubts(whole: Parts, kinds: dict[str, list[Row]], cel: Parts, log: Parts, cdr: Parts) -> set[str]:
    if cel.talks:
        found = (cel.doubts | log.doubts) - {"talk after transfer", "consultation", "coarse"}
        found |= {"coarse"} & cel.doubts
    else:
        found = log.doubts | (cdr.doubts if not log.queues else cdr.doubts & {"recording"})
        if len(whole.talks) > len(log.talks):
            found.discard("talk after transfer")
    if cdr.ended_at is not None or cel.ended_at is not None:
        found -= {"no end"} - cel.doubts
    if whole.queue:
        found.add("wait unknown")
    if kinds["cdr"] and not (kinds["cel"] or kinds["queue_log"]) and whole.talks:
        found.add("no ring")
    return found


def _direction(parts: Parts) -> Direction:
    """Say which way the call went: an agent's telephone that calls a number of ours or of the world outside, or in."""
    if parts.named or not extension(parts.channel):
        return "in"
    others = [talk.agent for talk in parts.talks] or [parts.number]
    return "internal" if all(one.isdigit() and len(one) <= _LONGEST_EXTENSION for one in others) else "out"


def _desk(parts: Parts, naming: Naming) -> str:
    for queue in sorted(parts.named):
        if desk := naming.place(queue).desk:
            return desk
    return naming.numbers.get(parts.number, naming.desk)


def _call(naming: Naming, story: str, parts: Parts, desk: str, caller: str) -> Call:
    began = parts.began_at or 0
    legs = _legs(parts, story)
    ended = max([parts.ended_at or began, *(leg.ended_at or leg.began_at for leg in legs)])
    talks = [leg for leg in legs if leg.kind == "talk"]
    lines = [leg.line for leg in legs if leg.kind == "queue"]
    if not lines and parts.queue:
        lines = [naming.place(parts.queue).line]
    own = [leg for leg in legs if leg.kind != "offer"]
    return Call(
        id=naming.call_id(story),
        node=naming.node,
        began_at=began,
        ended_at=ended,
        desk=desk,
        number=clean_number(parts.number),
        caller=caller,
        caller_name=one_line(parts.caller_name, _LONGEST_NAME).strip(),
        category="",
        source="",
        source_how="",
        language="",
        version="",
        known=False,
        outcome=_outcome(parts, talks, desk),
        end_reason=own[-1].reason if own else "",
        first_line=lines[0] if lines else "",
        last_line=lines[-1] if lines else "",
        answered_by=talks[0].agent if talks else "",
        connected_at=talks[0].began_at if talks else None,
        talked=sum((leg.ended_at or leg.began_at) - leg.began_at for leg in talks),
        fallback="",
        crashed=False,
        direction="in" if desk else "internal",
        agent="",
        transfers=0,
        held=0,
        closed_by="journal",
        evidence=0,
        reopened=0,
        first_record=0,
        last_record=0,
        legs=legs,
        facts=(),
        recordings=(),
    )


def _legs(parts: Parts, story: str) -> tuple[Leg, ...]:
    legs = [*parts.queues, *parts.offers, *parts.talks]
    began = parts.began_at or 0
    if parts.queues and (first := min(leg.began_at for leg in parts.queues)) > began:
        legs.append(Leg("ivr", one_line(story, _LONGEST_NAME), "", "", began, began, first, "handed over"))
    order = {"ivr": 0, "queue": 1, "offer": 2, "talk": 3}
    return tuple(sorted(legs, key=lambda leg: (leg.began_at, order.get(leg.kind, 9))))


def _outcome(parts: Parts, talks: Sequence[Leg], desk: str) -> Outcome:
    if talks:
        return "answered"
    if parts.queues:
        return _OUTCOMES.get(parts.queues[-1].reason, "gave up")
    if parts.queue:
        return "abandoned in a line"
    if parts.in_menu and desk:
        return "abandoned in the menu"
    return "no talk"
