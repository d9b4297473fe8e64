"""Calls of real journals, and small ones made by hand."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from ivr.ledger.call import Call, CallFact, Leg
from ivr.ledger.fold import fold
from ivr.ledger.parse import parse
from ivr.telephony.facts import Fact

JOURNALS = Path(__file__).with_name("journals")
SECOND = 1_000_000
MORNING = 1_795_000_500 * SECOND
"""The beginning of a quarter of an hour, UTC."""


def real_calls(journal: bytes) -> list[Call]:
    """Return the calls of a journal."""
    records, _, _ = parse(journal, 0)
    stories = defaultdict(list)
    for record in records:
        stories[record.linkedid].append(record)
    return [fold(story) for story in stories.values()]


def golden(name: str) -> Call:
    """Return the call of a recorded journal that holds one."""
    (call,) = real_calls((JOURNALS / f"{name}.csv").read_bytes())
    return call


def leg(kind, began, ended, reason="", *, line="", agent="", answered=None) -> Leg:
    """Return a leg; times in seconds from `MORNING`."""
    return Leg(
        kind,
        f"{kind}-{agent or 'caller'}",
        line,
        agent,
        MORNING + round(began * SECOND),
        None if answered is None else MORNING + round(answered * SECOND),
        MORNING + round(ended * SECOND),
        reason,
    )


def told(at, name, **values) -> CallFact:
    """Return a fact, `at` seconds from `MORNING`."""
    return CallFact(0, 0, MORNING + round(at * SECOND), Fact(name, values))


def made_call(*legs: Leg, facts=(), **changed) -> Call:
    """Return a call to a desk with these legs; it spans them."""
    talks = [one for one in legs if one.kind == "talk"]
    lines = [one.line for one in legs if one.kind == "queue"]
    call = Call(
        id="desk1-1.1",
        node="desk1",
        began_at=min(one.began_at for one in legs),
        ended_at=max(one.ended_at for one in legs),
        desk="shop",
        number="100",
        caller="+78125550100",
        caller_name="",
        category="",
        source="",
        source_how="",
        language="",
        version="v1",
        known=False,
        outcome="answered" if talks else "abandoned in a line",
        end_reason=legs[-1].reason,
        first_line=lines[0] if lines else "",
        last_line=lines[-1] if lines else "",
        answered_by=talks[0].agent if talks else "",
        connected_at=talks[0].began_at if talks else None,
        talked=sum(one.ended_at - one.began_at for one in talks),
        fallback="",
        crashed=False,
        direction="in" if changed.get("desk", "shop") else "internal",
        agent="",
        transfers=sum(one.kind == "transfer" for one in legs),
        held=sum(one.ended_at - one.began_at for one in legs if one.kind == "hold"),
        closed_by="journal",
        evidence=9,
        reopened=0,
        first_record=1,
        last_record=9,
        legs=legs,
        facts=tuple(facts),
        recordings=(),
    )
    return call._replace(**changed)


def between_agents() -> Call:
    """Return a call of agent 202 to agent 201."""
    return made_call(leg("talk", 5, 65, agent="201"), direction="internal", caller="202", number="201", desk="")
