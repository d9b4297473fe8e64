"""CDR rows of one call: who called, and his talks as far as a CDR tells them.

A CDR is a pair of channels. Its `answer` is the moment in which the caller's own channel was answered, be it by a
menu; so a talk is told exactly only by the row of a Local channel's far half, which begins with the agent's telephone.
It has no waits: queue legs are never made of it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from ivr.history.naming import Naming, extension
from ivr.history.parts import UNTOLD, Parts
from ivr.history.rows import SECOND, Row, one_line
from ivr.ledger.call import Leg

_NAME = re.compile(r'\s*"?([^"<]*)"?\s*(?:<.*>)?\s*')
_MENUS = frozenset({"BackGround", "Background", "Playback", "WaitExten", "Read", "IVR", "Wait", "AGI", "Answer"})
_SERVICE = frozenset({"s", "t", "h", "i", ""})


def parts_of_cdr(rows: Sequence[Row], naming: Naming) -> Parts:
    """Return what the rows of one call tell; at least one row."""
    first = min(rows, key=lambda row: (row.uniqueid != row.story, row.at, row.number("sequence")))
    mine = [row for row in rows if row.get("channel") == first.get("channel")]
    parts = Parts(
        began_at=min(row.at for row in rows),
        ended_at=max(row.number("end_us") for row in rows),
        channel=first.get("channel"),
        caller=first.get("src") or first.get("cnum"),
        caller_name=first.get("cnam") or _name(first.get("clid")),
        number=next((row.get("did") for row in mine if row.get("did")), "") or _dialled(mine),
    )
    queued = [row for row in mine if row.get("lastapp") == "Queue"]
    if queued:
        parts.queue = queued[-1].get("lastdata").partition(",")[0]
        parts.named.add(parts.queue)
    far = [row for row in rows if row.get("channel").startswith("Local/") and row.get("dstchannel")]
    for row in mine:
        if talk := _talk(row, far, naming, parts):
            parts.talks.append(talk)
    parts.talks = _without_doubles(parts.talks)
    if parts.talks:
        parts.talks[-1] = parts.talks[-1]._replace(reason=UNTOLD)
    parts.in_menu = not parts.talks and mine[-1].get("lastapp") in _MENUS
    if any(row.get("recordingfile") for row in rows):
        parts.doubts.add("recording")
    if all(row.at % SECOND == 0 for row in rows):
        parts.doubts.add("coarse")
    if "@" in first.uniqueid and not first.linkedid:
        parts.doubts.add("no id")
    return parts


def _talk(row: Row, far: Sequence[Row], naming: Naming, parts: Parts) -> Leg | None:
    other = row.get("dstchannel")
    began = row.number("answer_us")
    if not (other and began and row.get("disposition") == "ANSWERED" and row.number("billsec")):
        return None
    agent = naming.agent(other)
    line = naming.place(row.get("lastdata").partition(",")[0]).line if row.get("lastapp") == "Queue" else ""
    end = row.number("end_us")
    if other.startswith("Local/"):
        own = [one for one in far if _half(one.get("channel")) == _half(other)]
        if own:
            taken = [one for one in own if one.get("disposition") == "ANSWERED" and one.number("answer_us")]
            if not taken:
                return None  # his telephone rang; `ANSWERED` says only that the queue had answered the caller
            began = max(began, taken[0].number("answer_us"))
            end = min(end, taken[0].number("end_us"))
            return Leg("talk", taken[0].uniqueid, line, agent, began, began, max(began, end), "moved on")
    if line or row.at < began:
        parts.doubts.add("talk with wait" if line else "no ring")
    return Leg("talk", one_line(other, 80), line, agent, began, began, max(began, end), "moved on")


def _half(channel: str) -> str:
    """`Local/201@from-queue-0000001a;2` → what both of its halves share."""
    return channel.rpartition(";")[0] or channel


def _without_doubles(talks: list[Leg]) -> list[Leg]:
    """Keep one of the rows that tell the same talk: the shortest, for the others have the wait in them."""
    kept: list[Leg] = []
    for talk in sorted(talks, key=_length):
        if not any(talk.agent == one.agent and _overlap(talk, one) for one in kept):
            kept.append(talk)
    return sorted(kept, key=lambda talk: talk.began_at)


def _length(talk: Leg) -> int:
    return (talk.ended_at or talk.began_at) - talk.began_at


def _overlap(one: Leg, two: Leg) -> bool:
    return one.began_at < (two.ended_at or 0) and two.began_at < (one.ended_at or 0)


def _dialled(mine: Sequence[Row]) -> str:
    return next((row.get("dst") for row in mine if row.get("dst") not in _SERVICE), "")


def _name(clid: str) -> str:
    found = _NAME.match(clid)
    name = found[1].strip() if found else ""
    return "" if extension(name) or name.replace("+", "").isdigit() else name
