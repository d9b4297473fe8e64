"""Agents' time: what each agent did at every moment, from his acts and from the legs of calls. Pure.

His acts (sign in, pause, …) say what he is while no call holds him: his standing. A leg of his (an offer, a talk, a
hold) covers it. When a talk of a line with a wrap-up time ends and he stands ready, the wrap-up covers it until it
expires, until the next offer, or until his next act. So the spans of an agent are a function of his acts and legs
alone, whatever the order in which a loader learned of them.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import zip_longest
from typing import Literal, NamedTuple

from ivr.ledger.call import CUTS, Call
from ivr.ledger.record import Record
from ivr.telephony.facts import EVENT_NAME, Fact, read_facts
from ivr.telephony.number import is_agent

ACTS = "acts"
"""The dialplan context in which acts are done and noted; its channels are nobody's call."""

State = Literal["signed out", "unreachable", "ready", "offered", "talking", "hold", "wrap-up", "paused"]
STANDINGS: frozenset[State] = frozenset({"signed out", "unreachable", "ready", "paused"})
"""The states in which no call holds an agent, nor the wrap-up of one."""
PRESENCES = ("signed_in", "signed_out", "ready", "paused", "present")
REACHES = ("reachable", "unreachable")
NAMES = frozenset({*PRESENCES, *REACHES})
"""The facts that are acts, or stand for one."""
_COVERS: Mapping[str, tuple[int, State]] = {"offer": (1, "offered"), "talk": (2, "talking"), "hold": (3, "hold")}
"""What a leg makes of its agent, and which one counts when several go on."""


class Act(NamedTuple):
    """One act of an agent, or news of his telephone."""

    agent: str
    at: int
    """UTC, microseconds since 1970."""
    record: int
    place: int
    name: str
    reason: str
    """Why he paused; empty for the others."""


class Stay(NamedTuple):
    """The time in which a leg holds an agent."""

    began_at: int
    ended_at: int | None
    rank: int
    state: State
    call: str
    wrap: int
    """Microseconds of wrap-up behind it; 0 = none."""


class Standing(NamedTuple):
    """What an agent is while no call holds him."""

    begun: bool = False
    """Whether he has ever been here; before that he has no time at all."""
    out: bool = False
    gone: bool = False
    """His telephone is not registered, or does not answer."""
    pause: str | None = None
    """Why he pauses; None = he does not."""

    def after(self, act: Act) -> Standing:
        """Return what he is after an act. Who only turns out to be away has not come yet."""
        match act.name:
            case "signed_in" | "ready":
                return self._replace(begun=True, out=False, pause=None)
            case "present":  # Asterisk was started anew and knows of no pause or sign-out of his
                return self._replace(out=False, pause=None)
            case "signed_out":
                return self._replace(out=True, pause=None)
            case "paused":
                return self._replace(begun=True, out=False, pause=act.reason)
            case "reachable" | "unreachable":
                gone = act.name == "unreachable"
                return self._replace(begun=self.begun or not gone, gone=gone)
        return self

    @property
    def shown(self) -> tuple[State, str]:
        """Return state and reason. Who pauses may put his telephone away: he pauses still."""
        if self.out:
            return "signed out", ""
        if self.pause is not None:
            return "paused", self.pause
        return ("unreachable" if self.gone else "ready"), ""


NOBODY = Standing()


class Span(NamedTuple):
    """A time in which an agent was one thing. It may begin in the future, when a wrap-up is to expire."""

    agent: str
    began_at: int
    ended_at: int | None
    """None = it goes on."""
    state: State
    reason: str
    """Why he paused."""
    call_id: str
    """The call that holds him, or whose wrap-up it is."""


def acts_in(records: Iterable[Record]) -> list[Act]:
    """Return the acts that the records tell of, in the journal's order."""
    found = []
    # By place, for this looks at every record of the journal.
    for record in [one for one in records if one[9] == ACTS and one[1] == EVENT_NAME]:
        for place, fact in enumerate(_facts(record.extra)):
            agent = fact.values.get("agent", "")
            if fact.name in NAMES and agent:
                found.append(Act(agent, record.at, record.id, place, fact.name, fact.values.get("reason", "")))
    return found


def _facts(extra: str) -> tuple[Fact, ...]:
    try:
        return read_facts(str(json.loads(extra)["extra"]))
    except (ValueError, LookupError, TypeError, RecursionError):
        return ()  # no act of ours, whoever wrote it


def stays_of(call: Call) -> dict[str, tuple[Stay, ...]]:
    """Return the time in which this call holds each agent, by agent."""
    found: dict[str, list[Stay]] = {}
    wraps = _wraps(call)
    # Who reaches no desk is an agent who dialled: the trunk's callers reach desks alone.
    dialled_by = "" if call.desk or not is_agent(call.caller) else call.caller
    for leg in call.legs:
        covers = _COVERS.get(leg.kind)
        if covers is None:
            continue
        rank, state = covers
        wrap = wraps.get((leg.agent, leg.line), 0) if rank > 1 and leg.reason not in CUTS else 0
        if leg.agent.isdecimal():  # an outside party is no agent
            found.setdefault(leg.agent, []).append(Stay(leg.began_at, leg.ended_at, rank, state, call.id, wrap))
        if dialled_by and rank > 1 and leg.agent != dialled_by:
            found.setdefault(dialled_by, []).append(Stay(leg.began_at, leg.ended_at, rank, state, call.id, 0))
    return {agent: tuple(stays) for agent, stays in found.items()}


def _wraps(call: Call) -> dict[tuple[str, str], int]:
    """Return the wrap-up time by agent and line: the offer's fact tells what Asterisk was told."""
    found = {}
    for _, _, _, fact in call.facts:
        if fact.name == "offer" and (wrap := fact.values.get("wrap", "")).isdecimal():
            found[fact.values.get("agent", ""), fact.values.get("line", "")] = int(wrap[:6]) * 1_000_000
    return found


def first_change(was: Sequence[Stay], now: Sequence[Stay]) -> int:
    """Return the first moment at which a call's stays, which differ, say something else of an agent than before."""
    return min(_difference(old, new) for old, new in zip_longest(was, now) if old != new)


def _difference(old: Stay | None, new: Stay | None) -> int:
    if old and new and old._replace(ended_at=None, wrap=0) == new._replace(ended_at=None, wrap=0):
        return min((one.ended_at for one in (old, new) if one.ended_at is not None), default=old.began_at)
    return min(one.began_at for one in (old, new) if one)


def spans_of(
    agent: str, acts: Iterable[Act], stays: Iterable[Stay], *, since: int | None = None, standing: Standing = NOBODY
) -> list[Span]:
    """Return the agent's spans, in order: they never overlap, leave no hole, and the last one goes on.

    With `since` the walk begins there, where a span began that is no wrap-up: `standing` is what he was before the acts
    of that moment, and the acts are those from then on; stays that were over are passed over. It gives the spans that
    the whole walk gives from there.
    """
    walk = _Walk(agent, standing)
    if since is not None:
        walk.meet(since, ())
    for at, news in _moments(acts, stays, since or 0):
        walk.meet(at, news)
    return walk.end()


def _moments(
    acts: Iterable[Act], stays: Iterable[Stay], since: int
) -> Iterator[tuple[int, list[Act | tuple[bool, Stay]]]]:
    """Yield each moment with all that happens in it: acts, stays that begin (True), then those that end (False)."""
    events: list[tuple[int, int, tuple[object, ...], Act | tuple[bool, Stay]]]
    events = [(act.at, 0, (act.record, act.place), act) for act in acts]
    for stay in stays:
        if stay.began_at < since and stay.ended_at is not None and stay.ended_at <= since:
            continue
        order = (stay.wrap, stay.call, stay.rank, stay.began_at)
        events.append((max(stay.began_at, since), 1, order, (True, stay)))
        if stay.ended_at is not None:
            events.append((max(stay.began_at, stay.ended_at), 2, order, (False, stay)))
    events.sort(key=lambda event: event[:3])
    news: list[Act | tuple[bool, Stay]] = []
    for place, (at, _, _, event) in enumerate(events):
        news.append(event)
        if place + 1 == len(events) or events[place + 1][0] != at:
            yield at, news
            news = []


def _weight(stay: Stay) -> tuple[int, int, str]:
    return stay.rank, stay.began_at, stay.call


class _Walk:
    """The walk over one agent's moments."""

    __slots__ = ("_active", "_agent", "_spans", "_standing", "_wrap_call", "_wrap_until")

    def __init__(self, agent: str, standing: Standing) -> None:
        self._agent = agent
        self._standing = standing
        self._active: list[Stay] = []
        self._wrap_until: int | None = None
        self._wrap_call = ""
        self._spans: list[Span] = []

    def meet(self, at: int, news: Sequence[Act | tuple[bool, Stay]]) -> None:
        self._expire(at)
        ended: Stay | None = None
        for one in news:
            if isinstance(one, Act):
                self._standing = self._standing.after(one)
                self._wrap_until = None
            elif one[0]:
                self._standing = self._standing._replace(begun=True)
                self._wrap_until = None
                self._active.append(one[1])
            else:
                self._active.remove(one[1])
                ended = one[1]  # the longest wrap-up comes last
        if ended and ended.wrap and not self._active and self._standing.shown[0] == "ready":
            self._wrap_until, self._wrap_call = at + ended.wrap, ended.call
        self._show(at)

    def end(self) -> list[Span]:
        self._expire(None)
        return self._spans

    def _expire(self, before: int | None) -> None:
        """Let the wrap-up expire when it does so before the next moment."""
        until = self._wrap_until
        if until is not None and (before is None or until < before):
            self._wrap_until = None
            self._show(until)
        elif until is not None and until == before:
            self._wrap_until = None

    def _show(self, at: int) -> None:
        if not self._standing.begun:
            return
        if self._active:
            stay = max(self._active, key=_weight) if len(self._active) > 1 else self._active[0]
            shown: tuple[State, str, str] = stay.state, "", stay.call
        elif self._wrap_until is not None:
            shown = "wrap-up", "", self._wrap_call
        else:
            shown = *self._standing.shown, ""
        spans = self._spans
        if spans and spans[-1].began_at == at:
            spans.pop()
        if spans:
            last = spans[-1]
            goes_on = (last.state, last.reason, last.call_id) == shown
            spans[-1] = last._replace(ended_at=None if goes_on else at)
            if goes_on:
                return
        spans.append(Span(self._agent, at, None, *shown))
