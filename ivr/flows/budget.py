"""How long a caller listens before a person's telephone rings, added up prompt by prompt on every way."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import TypeAlias

from ivr.flows.model import Desk, Menu, Say, Split, Way, When
from ivr.flows.prompts import Prompt, prompts_of, tells_notice, ways_of
from ivr.written.mistake import Mistake

Durations: TypeAlias = Callable[[str, str], float | None]
"""Seconds of a prompt's audio, by prompt id and language; None when there is no audio yet."""
CHARACTERS_PER_SECOND = 14.0
"""An unhurried voice, for prompts without audio."""
MOST_ROUTES = 1000


@dataclass(frozen=True, slots=True)
class Spent:
    """Time on a route: a prompt, a silence or a script."""

    what: str
    seconds: float
    estimated: bool = False

    def __str__(self) -> str:
        return f"{self.what} {'~' if self.estimated else ''}{self.seconds:.1f} s"


@dataclass(frozen=True, slots=True)
class Route:
    """One way from the answer to a line. `silent`: the caller presses nothing, and every wait runs out."""

    keys: tuple[str, ...]
    line: str
    spent: tuple[Spent, ...]
    silent: bool

    @property
    def seconds(self) -> float:
        """Return the whole time."""
        return sum(part.seconds for part in self.spent)

    @property
    def estimated(self) -> bool:
        """Say whether a prompt without audio is among them."""
        return any(part.estimated for part in self.spent)


def routes_of(desk: Desk, durations: Durations) -> tuple[Route, ...]:
    """Return every way to a line with valid keys pressed at the end of each prompt, and last the silent caller's.

    Keys that lead the same way are one route. At most 1000 are returned.
    """
    walk = _Walk(desk, durations)
    return (*islice(walk.pressing(), MOST_ROUTES), *walk.silent())


def budget_mistakes(desk: Desk, routes: tuple[Route, ...]) -> Iterator[Mistake]:
    """Walk over the routes that take longer than the desk promises; the silent one is only warned of."""
    if desk.budget is None:
        cure = "add `budget: {time to human: 20s}`"
        yield Mistake((), "the desk promises no time to a human", cure, "warning")
        return
    limit = desk.budget.time_to_human.total_seconds()
    if len(routes) >= MOST_ROUTES:
        yield Mistake(("flow",), f"there are over {MOST_ROUTES} ways to a line, and only these were added up",
                      "make the menus fewer", "warning", at_key=True)  # fmt: skip
    for route in routes:
        # A tenth of a second is what is shown; a difference that cannot be seen is no mistake.
        if round(route.seconds, 1) > limit:
            longest = max(route.spent, key=lambda part: part.seconds)
            note = " (~ estimated from the text, no audio yet)" if route.estimated else ""
            total = f"{' + '.join(map(str, route.spent))} = {route.seconds:.1f} s > {limit:g} s{note}"
            wrong = f"{_title(route)} is over the budget: {total}"
            yield Mistake(
                ("budget", "time to human"), wrong, f"shorten `{longest.what}` first, or promise less",
                "warning" if route.silent else "mistake",
            )  # fmt: skip


def _title(route: Route) -> str:
    if route.silent:
        return f"a caller who presses nothing, to the line `{route.line}`,"
    return f"the way {', '.join((*route.keys, 'to the line'))} `{route.line}`"


class _Walk:
    """Walks a desk's ways and adds up their times."""

    def __init__(self, desk: Desk, durations: Durations) -> None:
        self._desk = desk
        self._durations = durations
        self._prompts: dict[tuple[str, str], Prompt] = {(p.id, p.language): p for p in prompts_of(desk)}

    def pressing(self) -> Iterator[Route]:
        """Walk over the routes of callers who press a key."""
        yield from self._from(Way(then=self._desk.first_node), self._desk.languages[0], (), (), frozenset())

    def silent(self) -> Iterator[Route]:
        """Walk the one route of a caller who presses nothing, when it leads to a line and differs from the others."""
        yield from self._without_a_key(self._desk.first_node, self._desk.languages[0], (), frozenset())

    def _without_a_key(
        self, name: str, language: str, spent: tuple[Spent, ...], seen: frozenset[str]
    ) -> Iterator[Route]:
        asked = any(part.what == "silence" for part in spent)
        while name in self._desk.flow and name not in seen:
            seen |= {name}
            node = self._desk.flow[name]
            if isinstance(node, Split | When):
                for target in node.targets:
                    yield from self._without_a_key(target, language, spent, seen)
                return
            if isinstance(node, Menu):
                asked = True
                spent += (self._prompt(name, language), Spent("silence", node.wait.total_seconds())) * node.tries
                prompt, way = f"{name}.no-answer", node.no_answer
            elif isinstance(node, Say):
                spent += (self._prompt(name, language),)
                prompt, way = "", Way(then=node.then)
            else:
                spent += (Spent(f"script {name}", node.limit.total_seconds()),)
                prompt, way = f"{name}.otherwise", node.otherwise
            if way is None:
                return
            language = way.language or language
            spent += self._said(way, prompt, language)
            name = way.then
        if name in self._desk.lines:
            before = self._before_line(name, language, silent=True)
            if asked or any(part.what == "silence" for part in before):
                yield Route((), name, spent + before, silent=True)

    def _from(
        self, way: Way, language: str, keys: tuple[str, ...], spent: tuple[Spent, ...], seen: frozenset[str]
    ) -> Iterator[Route]:
        name = way.then
        if name in self._desk.lines:
            yield Route(keys, name, spent + self._before_line(name, language, silent=False), silent=False)
        node = self._desk.flow.get(name)
        if node is None or name in seen:
            return  # hung up, or a caller who goes back by his own will
        seen |= {name}
        if isinstance(node, Say):
            yield from self._from(Way(then=node.then), language, keys, (*spent, self._prompt(name, language)), seen)
            return
        if isinstance(node, Split | When):
            for target in node.targets:
                yield from self._from(Way(then=target), language, (*keys, f"{name} {target}"), spent, seen)
            return
        own = self._prompt(name, language) if isinstance(node, Menu) else Spent(
            f"script {name}", node.limit.total_seconds()
        )  # fmt: skip
        for pressed, prompt, onward in self._ways(name):
            next_language = onward.language or language
            said = self._said(onward, prompt, next_language)
            yield from self._from(onward, next_language, (*keys, f"{name} {pressed}"), (*spent, own, *said), seen)

    def _ways(self, name: str) -> Iterator[tuple[str, str, Way]]:
        """Walk over a node's ways, those that cost the same joined: keys, a prompt id, the way."""
        node = self._desk.flow[name]
        joined: dict[tuple[str, str | None, str | None], list[tuple[str, str, Way]]] = {}
        for prompt, way, path in ways_of(name, node):
            if path[-1] != "no answer":
                unlike = prompt if way.say else None
                joined.setdefault((way.then, way.language, unlike), []).append((path[-1], prompt, way))
        for same in joined.values():
            yield "/".join(key for key, _, _ in same), same[0][1], same[0][2]

    def _said(self, way: Way, prompt: str, language: str) -> tuple[Spent, ...]:
        return (self._prompt(prompt, language),) if way.say else ()

    def _before_line(self, line: str, language: str, *, silent: bool) -> tuple[Spent, ...]:
        desk, spent = self._desk, []
        source = desk.source
        if source and source.ask == "before the line" and source.menu:
            spent.append(self._prompt("source", language))
            if silent:
                spent.append(Spent("silence", source.wait.total_seconds()))
        if tells_notice(desk, line):
            spent.append(self._prompt("notice", language))
        return tuple(spent)

    def _prompt(self, prompt: str, language: str) -> Spent:
        seconds = self._durations(prompt, language)
        if seconds is not None:
            return Spent(prompt, seconds)
        known = self._prompts.get((prompt, language))
        return Spent(prompt, len(known.text) / CHARACTERS_PER_SECOND if known else 0.0, estimated=True)
