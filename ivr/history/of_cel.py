"""CEL rows of one call: waits by the application Queue, talks by bridges."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from ivr.history.naming import Naming, extension
from ivr.history.parts import UNTOLD, Parts
from ivr.history.rows import SECOND, Row
from ivr.ledger.call import Leg

_SAME = SECOND
"""Microseconds in which an agent's talk on two channels after each other is one talk: Local channels melt away."""


class _Channel:
    """A channel of the call, being put together."""

    def __init__(self, row: Row) -> None:
        self.uniqueid, self.name, self.began_at = row.uniqueid, row.get("channame"), row.at
        self.number, self.caller_name, self.exten = row.get("cid_num"), row.get("cid_name"), row.get("exten")
        self.answered_at: int | None = None
        self.ended_at: int | None = None
        self.source = ""
        """The channel that hung up."""
        self.stays: list[tuple[str, int, int]] = []
        self._inside: dict[str, int] = {}

    def take(self, row: Row) -> None:
        if row.event == "ANSWER":
            self.answered_at = self.answered_at or row.at
        elif row.event in ("HANGUP", "CHAN_END"):
            self.ended_at = row.at
            self.source = str(_told(row).get("hangupsource") or self.source)
            for bridge in list(self._inside):
                self._leave(bridge, row.at)
        elif row.event in ("BRIDGE_ENTER", "BRIDGE_START"):
            self._inside.setdefault(_bridge(row), row.at)
        elif row.event in ("BRIDGE_EXIT", "BRIDGE_END"):
            self._leave(_bridge(row), row.at)

    def _leave(self, bridge: str, at: int) -> None:
        if bridge in self._inside:
            began = self._inside.pop(bridge)
            self.stays.append((bridge, began, max(at, began)))

    def cut(self, last: int) -> None:
        """End what has no end."""
        for bridge in list(self._inside):
            self._leave(bridge, last)


def parts_of_cel(rows: Sequence[Row], naming: Naming) -> Parts:
    """Return what the rows of one call tell; at least one row, in their order."""
    channels: dict[str, _Channel] = {}
    for row in rows:
        if row.event != "LINKEDID_END":
            channels.setdefault(row.uniqueid, _Channel(row)).take(row)
    last = rows[-1].at
    for channel in channels.values():
        channel.cut(last)
    caller = channels.get(rows[0].story) or next(iter(channels.values()), None)
    if caller is None:
        return Parts()
    others = [channel for channel in channels.values() if channel is not caller]
    parts = Parts(
        began_at=caller.began_at,
        ended_at=caller.ended_at or last,
        channel=caller.name,
        caller=caller.number,
        caller_name=caller.caller_name,
        number=caller.exten,
    )
    if caller.ended_at is None:
        parts.doubts.add("no end")
    if all(row.at % SECOND == 0 for row in rows):
        parts.doubts.add("coarse")
    if any(bridge == "" for bridge, _, _ in caller.stays):
        parts.doubts.add("no bridge")
    parts.talks = _talks(caller, others, naming)
    _add_waits(parts, caller, [row for row in rows if row.uniqueid == caller.uniqueid], naming)
    _add_offers(parts, caller, others, naming)
    return parts


def _talks(caller: _Channel, others: Sequence[_Channel], naming: Naming) -> list[Leg]:
    found = []
    for bridge, entered, left in caller.stays:
        for other in others:
            # Before Asterisk 12 a bridge had no channels of its own: its row names the other one.
            if bridge == other.name:
                found.append(_talk(caller, other, entered, left, naming))
            for theirs, began, ended in other.stays:
                if theirs == bridge and max(entered, began) < min(left, ended):
                    found.append(_talk(caller, other, max(entered, began), min(left, ended), naming))
    return _joined(sorted(found, key=lambda leg: (leg.began_at, leg.party)))


def _talk(caller: _Channel, other: _Channel, began: int, ended: int, naming: Naming) -> Leg:
    return Leg(
        "talk", other.uniqueid, "", naming.agent(other.name), began, began, ended, _talk_end(caller, other, ended)
    )


def _talk_end(caller: _Channel, other: _Channel, ended: int) -> str:
    if caller.ended_at is None or caller.ended_at - ended > 2 * _SAME:
        return "moved on"
    for source in (caller.source, other.source):
        if source in (caller.name, other.name):
            return "caller hung up" if source == caller.name else "agent hung up"
    return UNTOLD


def _joined(talks: list[Leg]) -> list[Leg]:
    kept: list[Leg] = []
    for talk in talks:
        before = kept[-1] if kept else None
        if before and before.agent == talk.agent and talk.began_at - (before.ended_at or 0) < _SAME:
            kept[-1] = before._replace(ended_at=max(before.ended_at or 0, talk.ended_at or 0), reason=talk.reason)
        else:
            kept.append(talk)
    return kept


def _add_waits(parts: Parts, caller: _Channel, rows: Sequence[Row], naming: Naming) -> None:
    for place, row in enumerate(rows):
        if row.event != "APP_START" or row.get("appname") != "Queue":
            continue
        queue = row.get("appdata").partition(",")[0]
        parts.named.add(queue)
        line = naming.place(queue).line
        end, reason = _wait_end(rows[place + 1 :], caller)
        answered = end if reason == "answered" else None
        parts.queues.append(Leg("queue", caller.uniqueid, line, "", row.at, answered, end, reason))
        if reason == "answered":
            parts.talks = [
                talk._replace(line=line) if abs(talk.began_at - end) < _SAME else talk for talk in parts.talks
            ]


def _wait_end(after: Sequence[Row], caller: _Channel) -> tuple[int, str]:
    for row in after:
        if row.event in ("BRIDGE_ENTER", "BRIDGE_START"):
            return row.at, "answered"
        if row.event == "APP_END" and row.get("appname") == "Queue":
            gone = caller.ended_at is not None and caller.ended_at - row.at < _SAME
            return row.at, "abandoned" if gone else "moved on"
        if row.event in ("HANGUP", "CHAN_END"):
            return row.at, "abandoned"
    last = after[-1].at if after else caller.began_at
    return last, "cut off"


def _add_offers(parts: Parts, caller: _Channel, others: Sequence[_Channel], naming: Naming) -> None:
    phones = [other for other in others if extension(other.name) and not other.name.startswith("Local/")]
    for wait in parts.queues:
        end = wait.ended_at or wait.began_at
        for other in phones:
            if not wait.began_at <= other.began_at <= end:
                continue
            agent = naming.agent(other.name)
            taken = [talk for talk in parts.talks if talk.agent == agent and talk.began_at >= other.began_at]
            over = other.ended_at if other.ended_at is not None else end
            if taken and taken[0].began_at <= over:
                leg = ("answered", taken[0].began_at)
            elif any(abs(talk.began_at - over) < _SAME for talk in parts.talks):
                leg = ("taken by another", over)
            elif caller.ended_at is not None and abs(caller.ended_at - over) < _SAME:
                leg = ("cancelled", over)
            else:
                leg = ("refused" if other.answered_at else "missed", over)
            reason, ended = leg
            parts.offers.append(
                Leg("offer", other.uniqueid, wait.line, agent, other.began_at, other.answered_at, ended, reason)
            )


def _bridge(row: Row) -> str:
    named = _told(row).get("bridge_id")
    return str(named or (row.get("peer") if row.event in ("BRIDGE_START", "BRIDGE_END") else ""))


def _told(row: Row) -> dict[str, Any]:
    """Return a row's `extra`; whatever is no JSON object counts as empty."""
    try:
        told = json.loads(row.get("extra") or "{}")
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}
