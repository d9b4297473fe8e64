"""What is different between two versions of a desk, in words that a caller, an agent or an admin would use."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from ivr.flows.budget import Durations, Route, routes_of
from ivr.flows.line import Line
from ivr.flows.model import Desk, Menu, Node, Say, Script, Split, Way, When
from ivr.flows.prompts import prompts_of

LEAST = 0.1
"""Seconds by which a prompt or a path is longer or shorter before anybody is told."""
_KINDS: Mapping[type, str] = {
    Say: "says something",
    Menu: "asks for a key",
    Script: "runs a script",
    Split: "sends callers several ways",
    When: "sends callers by the clock",
}


@dataclass(frozen=True, slots=True)
class Change:
    """One difference."""

    subject: str
    """Whom it concerns: `caller`, `agent` or `desk`."""
    sentence: str


@dataclass(frozen=True, slots=True)
class Version:
    """A desk, and how its prompts sound."""

    desk: Desk
    lasts: Durations
    audio: Mapping[str, str] = field(default_factory=dict)
    """`<language>/<id>` → what changes with that prompt's audio."""


def changes(old: Version, new: Version) -> tuple[Change, ...]:
    """Return all differences, what callers feel first; nothing is left out that makes the two behave otherwise."""
    found = [
        *(Change("caller", told) for told in _numbers(old.desk, new.desk)),
        *(Change("caller", told) for told in _flow(old.desk, new.desk)),
        *(Change("caller", told) for told in _prompts(old, new)),
        *(Change("caller", told) for told in _paths(old, new)),
        *(Change("caller", told) for told in _lines(old.desk, new.desk)),
        *(Change("agent", told) for told in _agents(old.desk, new.desk)),
        *(Change("desk", told) for told in _parts(old.desk, new.desk)),
    ]
    return tuple(dict.fromkeys(found))


def _numbers(old: Desk, new: Desk) -> Iterator[str]:
    for number in _less(new.numbers, old.numbers):
        yield f"{number} is answered"
    for number in _less(old.numbers, new.numbers):
        yield f"{number} is answered no more"


def _flow(old: Desk, new: Desk) -> Iterator[str]:
    if old.first_node != new.first_node:
        yield f"a call begins at `{new.first_node}`, no more at `{old.first_node}`"
    for name in _less(new.flow, old.flow):
        yield f"new: `{name}` {_KINDS[type(new.flow[name])]}"
    for name in _less(old.flow, new.flow):
        yield f"gone: `{name}`"
    for name, before in old.flow.items():
        if name in new.flow:
            yield from _node(name, before, new.flow[name])


def _node(name: str, old: Node, new: Node) -> Iterator[str]:
    if type(old) is not type(new):
        yield f"`{name}` {_KINDS[type(new)]}, and no more {_KINDS[type(old)]}"
    elif isinstance(old, Menu) and isinstance(new, Menu):
        yield from _ways(f"`{name}`, key", old.options, new.options)
        yield from _ways(f"`{name}`", {"no answer": old.no_answer}, {"no answer": new.no_answer})
        yield from _fields(f"`{name}`", old, new, ("wait", "tries"))
    elif isinstance(old, Script) and isinstance(new, Script):
        yield from _ways(f"`{name}`, answer", old.answers, new.answers)
        yield from _ways(f"`{name}`", {"otherwise": old.otherwise}, {"otherwise": new.otherwise})
        yield from _fields(f"`{name}`", old, new, ("script", "limit"))
    elif isinstance(old, Say) and isinstance(new, Say):
        yield from _fields(f"`{name}`", old, new, ("then",))
    elif isinstance(old, Split) and isinstance(new, Split):
        yield from _fields(f"`{name}`", old, new, ("split",))
    elif isinstance(old, When) and isinstance(new, When):
        if list(old.when.items()) != list(new.when.items()):  # their order counts
            yield f"`{name}`: `when` is {_shown(new.when)}, no more {_shown(old.when)}"
        yield from _fields(f"`{name}`", old, new, ("otherwise",))


def _ways(where: str, old: Mapping[str, Way | None], new: Mapping[str, Way | None]) -> Iterator[str]:
    for key in dict.fromkeys((*old, *new)):
        before, after = old.get(key), new.get(key)
        if before is None and after is not None:
            yield f"{where} {key}: new, {_way(after)}"
        elif after is None and before is not None:
            yield f"{where} {key}: gone, it led {_way(before)}"
        elif before and after and _way(before) != _way(after):
            yield f"{where} {key}: {_way(after)}, no more {_way(before)}"


def _way(way: Way) -> str:
    words = [f"to `{way.then}`"]
    if way.category:
        words.append(f"as {way.category}")
    if way.language:
        words.append(f"in {way.language}")
    return " ".join(words)


def _prompts(old: Version, new: Version) -> Iterator[str]:
    before = {(prompt.id, prompt.language): prompt.text for prompt in prompts_of(old.desk)}
    after = {(prompt.id, prompt.language): prompt.text for prompt in prompts_of(new.desk)}
    for place, text in after.items():
        name = place[0] if len(new.desk.languages) == 1 else f"{place[0]} ({place[1]})"
        if place not in before:
            continue  # it belongs to something new, which is told
        longer = (
            (new.lasts(*place) or 0.0) - (old.lasts(*place) or 0.0) if new.lasts(*place) and old.lasts(*place) else 0.0
        )
        key = f"{place[1]}/{place[0]}"
        same = old.audio.get(key) == new.audio.get(key)
        how = f", {abs(longer):.1f} s {'longer' if longer > 0 else 'shorter'}" if abs(longer) >= LEAST else ""
        if text != before[place] and same and key in new.audio:
            yield f"`{name}` is to say: {_cut(text)}, and its audio is the old one"
        elif text != before[place]:
            yield f"`{name}` says: {_cut(text)}{how}"
        elif how or not same:
            yield f"`{name}` is spoken anew{how}"


def _paths(old: Version, new: Version) -> Iterator[str]:
    before, after = ({_key(route): route for route in routes_of(one.desk, one.lasts)} for one in (old, new))
    for key, route in after.items():
        was = before.get(key)
        if was is not None and abs(route.seconds - was.seconds) >= LEAST:
            who = "presses nothing" if route.silent else f"presses {' '.join(route.keys) or 'nothing'}"
            later = f"after {route.seconds:.1f} s, no more after {was.seconds:.1f} s"
            yield f"a caller who {who}: a telephone of `{route.line}` rings {later}"


def _key(route: Route) -> tuple[tuple[str, ...], bool]:
    return route.keys, route.silent


def _lines(old: Desk, new: Desk) -> Iterator[str]:
    for name in _less(new.lines, old.lines):
        yield f"new line `{name}`"
    for name in _less(old.lines, new.lines):
        yield f"the line `{name}` is gone"
    both = [name for name in old.lines if name in new.lines]
    for name in both:
        yield from _fields(
            f"line `{name}`",
            old.lines[name],
            new.lines[name],
            tuple(field for field in Line.model_fields if field != "agents"),
        )
    if [name for name in new.lines if name in old.lines] != both:
        yield f"the lines' order is {', '.join(new.lines)}"


def _agents(old: Desk, new: Desk) -> Iterator[str]:
    for number in _less(new.agents, old.agents):
        yield f"agent {number} ({new.agents[number]}) is new"
    for number in _less(old.agents, new.agents):
        yield f"agent {number} ({old.agents[number]}) is gone"
    for number, name in new.agents.items():
        if old.agents.get(number, name) != name:
            yield f"agent {number} is {name}, no more {old.agents[number]}"
    for line in new.lines:
        before: Iterable[str] = old.lines[line].agents if line in old.lines else ()
        after = new.lines[line].agents
        for agent in _less(after, before):
            yield f"agent {agent} joins the line `{line}`"
        for agent in _less(before, after):
            yield f"agent {agent} leaves the line `{line}`"


def _parts(old: Desk, new: Desk) -> Iterator[str]:
    told = ("numbers", "agents", "lines", "flow", "phrases", "desk")
    for name in type(new).model_fields:
        if name in told:
            continue
        before, after = (_plain(getattr(one, name)) for one in (old, new))
        yield from _inside(name.replace("_", " "), before, after)


def _inside(where: str, old: Any, new: Any) -> Iterator[str]:
    """Walk down to what differs; spoken texts are told as prompts."""
    if old == new or where.rpartition(" → ")[2] in {"say", "menu"}:
        return
    if isinstance(old, dict) and isinstance(new, dict):
        for key in dict.fromkeys((*old, *new)):
            yield from _inside(f"{where} → {key}", old.get(key), new.get(key))
    else:
        yield f"{where}: {_shown(new)}, no more {_shown(old)}"


def _plain(value: Any) -> Any:
    return value.model_dump(by_alias=True) if hasattr(value, "model_dump") else value


def _fields(where: str, old: Any, new: Any, names: Iterable[str]) -> Iterator[str]:
    for name in names:
        before, after = getattr(old, name), getattr(new, name)
        if before != after:
            yield f"{where}: `{name}` is {_shown(after)}, no more {_shown(before)}"


def _shown(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, timedelta):
        return f"{value.total_seconds():g} s"
    if isinstance(value, bool):
        return "on" if value else "off"
    if isinstance(value, (tuple, list)):
        return ", ".join(map(str, value)) or "nobody"
    if isinstance(value, dict):
        return ", ".join(f"{key} {_shown(one)}" for key, one in value.items() if one is not None) or "nothing"
    return str(value)


def _cut(text: str) -> str:
    return f"“{text}”" if len(text) <= 70 else f"“{text[:69]}…”"


def _less(one: Iterable[str], other: Iterable[str]) -> list[str]:
    known = set(other)
    return [name for name in one if name not in known]


__all__ = ["Change", "Version", "changes"]
