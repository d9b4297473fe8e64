"""Whether every name of a desk means something: targets, agents, categories, sources, numbers, languages."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ivr.flows.dialling import dialling_mistakes
from ivr.flows.inside import inside_mistakes
from ivr.flows.model import HANG_UP, VOICEMAIL, Desk, Say, Way
from ivr.flows.prompts import reserved, ways_of
from ivr.flows.scalars import possible
from ivr.flows.split import way_name
from ivr.written.mistake import Mistake, Path, nearest

TOGETHER = 60
"""Letters of a desk's and a node's or line's name: they stand in one name of Asterisk's, of 79 at most."""


_HANG_UP = way_name(HANG_UP)


@dataclass(frozen=True, slots=True)
class Names:
    """What a desk's targets, agents and categories may be."""

    nodes: frozenset[str]
    lines: frozenset[str]
    agents: frozenset[str]
    categories: frozenset[str]
    mailbox: bool

    @classmethod
    def of(cls, desk: Desk) -> Names:
        """Return the names of a desk."""
        return cls(
            nodes=frozenset(desk.flow),
            lines=frozenset(desk.lines),
            agents=frozenset(desk.agents),
            categories=frozenset(desk.categories),
            mailbox=desk.voicemail is not None,
        )

    @classmethod
    def written(cls, value: dict[str, Any]) -> Names:
        """Return the names that stand in a file, even where what they name is broken."""
        parts = (value.get(key) for key in ("flow", "lines", "agents", "categories"))
        nodes, lines, agents, categories = (
            frozenset[str](part) if isinstance(part, dict) else frozenset[str]() for part in parts
        )
        return cls(nodes, lines, agents, categories, VOICEMAIL in value)


def name_mistakes(desk: Desk, names: Names) -> Iterator[Mistake]:
    """Walk over the names that mean nothing, or two things."""
    yield from _targets(desk, names)
    yield from _callers(desk)
    yield from _doubles(desk, names)
    yield from _lengths(desk)
    yield from _staff(desk, names)
    yield from _people(desk)
    yield from _numbers(desk)
    yield from dialling_mistakes(desk, names.agents)
    yield from inside_mistakes(desk)


def ways_in(desk: Desk) -> Iterator[tuple[Path, Way]]:
    """Walk over all ways of a desk with their paths in the file."""
    for place, rule in enumerate(desk.callers):
        if rule.way:
            yield ("callers", str(place)), rule.way
    if desk.hours:
        yield ("hours", "closed"), desk.hours.closed
    for name, node in desk.flow.items():
        if isinstance(node, Say):
            yield ("flow", name), Way(then=node.then)
        for _, way, path in ways_of(name, node):
            yield path, way
    for name, line in desk.lines.items():
        yield ("lines", name), Way(then=line.then)


def _targets(desk: Desk, names: Names) -> Iterator[Mistake]:
    known = names.nodes | names.lines | {HANG_UP} | ({VOICEMAIL} if names.mailbox else set())
    for path, way in ways_in(desk):
        own = path if path[2:3] in {("split",), ("when",)} else (*path, "then")
        if way.then == VOICEMAIL and way.then not in known:
            yield Mistake(own, "the desk has no voicemail", "add `voicemail: {limit: 2m}` to the desk")
        elif way.then not in known:
            wrong = f"`{way.then}` is neither a node of the flow nor a line"
            yield Mistake(own, wrong, nearest(way.then, known))
        if way.category is not None and way.category not in names.categories:
            wrong = f"`{way.category}` is not in `categories`"
            yield Mistake((*path, "category"), wrong, nearest(way.category, names.categories))
        if way.language is not None and way.language not in desk.languages:
            wrong = f"the desk does not speak `{way.language}`"
            yield Mistake((*path, "language"), wrong, "add it to `languages`, or leave it out")


def _callers(desk: Desk) -> Iterator[Mistake]:
    seen: dict[str, str] = {}
    for place, rule in enumerate(desk.callers):
        path = ("callers", str(place))
        if rule.language is not None and rule.language not in desk.languages:
            wrong = f"the desk does not speak `{rule.language}`"
            yield Mistake((*path, "language"), wrong, "add it to `languages`, or leave it out")
        for index, who in enumerate(rule.who):
            if who in rule.who[:index]:
                yield Mistake((*path, "who", str(index)), f"`{who}` stands here twice", "delete one")
            elif rule.then is not None and seen.setdefault(who, str(place)) != str(place):
                wrong = f"the way of `{who}` is given already, by the rule {int(seen[who]) + 1}"
                yield Mistake((*path, "who", str(index)), wrong, "delete one of them")


def _doubles(desk: Desk, names: Names) -> Iterator[Mistake]:
    for name in desk.flow:
        if name in names.lines:
            yield Mistake(("flow", name), f"`{name}` names both a node and a line", "rename one", at_key=True)
        if name in reserved(desk):
            wrong = f"`{name}` is the name of a prompt of the house"
            yield Mistake(("flow", name), wrong, "give the node another name", at_key=True)
    for part in ("flow", "lines"):
        if _HANG_UP in getattr(desk, part):
            wrong = f"`{_HANG_UP}` reads as `{HANG_UP}` in the journal"
            yield Mistake((part, _HANG_UP), wrong, "give it another name", at_key=True)
    if VOICEMAIL in desk.lines:
        wrong = "`voicemail` is where callers leave messages, and no line"
        yield Mistake(("lines", VOICEMAIL), wrong, "give the line another name", at_key=True)
    for index, language in enumerate(desk.languages):
        if language in desk.languages[:index]:
            yield Mistake(("languages", str(index)), f"`{language}` stands here twice", "delete one")


def _lengths(desk: Desk) -> Iterator[Mistake]:
    """Find names of which Asterisk would cut off the end, so that two of them might become one."""
    for part, names in (("flow", desk.flow), ("lines", desk.lines)):
        for name in names:
            if len(desk.desk) + len(name) > TOGETHER:
                wrong = f"`{name}` and the desk's name have over {TOGETHER} letters together"
                yield Mistake((part, name), wrong, "shorten one of them", at_key=True)


def _staff(desk: Desk, names: Names) -> Iterator[Mistake]:
    for name, line in desk.lines.items():
        for index, agent in enumerate(line.agents):
            path = ("lines", name, "agents", str(index))
            if agent not in names.agents:
                yield Mistake(path, f"`{agent}` is not in `agents`", nearest(agent, names.agents, "add him"))
            elif agent in line.agents[:index]:
                yield Mistake(path, f"`{agent}` is in this line twice", "delete one")
        if line.own_agent_first and line.wrap:
            wrong = "who rings his own agent knows nothing of a wrap-up"
            yield Mistake(("lines", name, "own agent first"), wrong, "leave out `wrap`, or this", at_key=True)
        for agent in line.rank:
            if agent not in line.agents:
                wrong = f"`{agent}` has a rank in a line that he is not in"
                yield Mistake(("lines", name, "rank", agent), wrong, nearest(agent, line.agents), at_key=True)
        if line.agents and all(line.rank.get(agent, 1) > 1 for agent in line.agents):
            wrong = f"in `{name}` nobody has the rank 1"
            yield Mistake(("lines", name, "rank"), wrong, "begin with 1", "warning", at_key=True)


def _people(desk: Desk) -> Iterator[Mistake]:
    for index, reason in enumerate(desk.pauses):
        if reason in desk.pauses[:index]:
            yield Mistake(("pauses", str(index)), f"`{reason}` stands here twice", "delete one")
    seen: dict[str, str] = {}
    for number, person in desk.agents.items():
        first = seen.setdefault(person.casefold(), number)
        if first != number:
            wrong = f"{person} is the name of {first} too"
            yield Mistake(("agents", number), wrong, "add a letter of the family name, so that reports tell them apart")
        if number in desk.numbers:
            wrong = f"`{number}` is the desk's own number too"
            yield Mistake(("agents", number), wrong, "give the agent another number", at_key=True)


def _numbers(desk: Desk) -> Iterator[Mistake]:
    for index, number in enumerate(desk.numbers):
        path = ("numbers", str(index))
        if number in desk.numbers[:index]:
            yield Mistake(path, f"`{number}` stands here twice", "delete one")
        elif not possible(number):
            wrong = f"no telephone can have the number `{number}`"
            yield Mistake(path, wrong, "check its digits; a number without + is taken as it is dialled")
    if desk.source:
        for number in desk.source.by_number:
            if number not in desk.numbers:
                wrong = f"nobody can dial `{number}` to reach this desk"
                yield Mistake(
                    ("source", "by number", number), wrong, nearest(number, desk.numbers, "add it to `numbers`"),
                    at_key=True,
                )  # fmt: skip
