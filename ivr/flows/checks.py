"""All checks of a desk that is well-formed: its names, its ways, its texts, its promise to the caller."""

from __future__ import annotations

from collections.abc import Iterator

from ivr.flows.budget import Route, budget_mistakes
from ivr.flows.dialling import idle_callback, unreachable_caller_id
from ivr.flows.graph import flow_mistakes, way_mistakes
from ivr.flows.model import Desk
from ivr.flows.names import Names, name_mistakes, ways_in
from ivr.flows.texts import text_mistakes
from ivr.written.mistake import Mistake, Path

_USERS = ((("agents",), "agents"), (("categories",), "category"), (("numbers",), "by number"))
"""Parts that define names, and the step of the paths that use them."""


def check_desk(desk: Desk, routes: tuple[Route, ...]) -> Iterator[Mistake]:
    """Walk over what is wrong with a desk that can be opened: what nobody uses, and ways that keep callers too long.

    `routes` are all of the desk. Every mistake has its path in the file; `ivr.flows.reader.Source.locate` turns it
    into a line.
    """
    yield from _unused(desk)
    yield from budget_mistakes(desk, routes)


def structure_mistakes(desk: Desk) -> tuple[Mistake, ...]:
    """Return what keeps a call from finding its way; a desk with a mistake of these is never opened."""
    names = tuple(name_mistakes(desk, Names.of(desk)))
    return (*names, *way_mistakes(desk), *flow_mistakes(desk), *text_mistakes(desk))


def salvaged_mistakes(desk: Desk, names: Names, pruned: tuple[Path, ...]) -> Iterator[Mistake]:
    """Walk over the mistakes of what is left of a desk whose broken parts were taken out.

    `names` are those that stand in the file; what was taken out is not called missing.
    """
    for mistake in (*name_mistakes(desk, names), *way_mistakes(desk)):
        answered = any(path[: len(mistake.path) + 1] == (*mistake.path, "no answer") for path in pruned)
        unknown = any(lost in pruned and step in mistake.path for lost, step in _USERS)
        if not answered and not unknown:
            yield mistake


def _unused(desk: Desk) -> Iterator[Mistake]:
    yield from unreachable_caller_id(desk)
    yield from idle_callback(desk)
    cure = "use it, or delete it"
    categories = {way.category for _, way in ways_in(desk)}
    for name in desk.categories:
        if name not in categories:
            yield Mistake(("categories", name), f"no way gives the category `{name}`", cure, "warning", at_key=True)
    working = {agent for line in desk.lines.values() for agent in line.agents} | set(desk.diallers)
    for number in desk.agents:
        if number not in working:
            yield Mistake(("agents", number), f"agent `{number}` is in no line", cure, "warning", at_key=True)
    for name, line in desk.lines.items():
        if line.ring > line.wait:
            wrong = f"in `{name}` a telephone rings longer than a caller waits"
            yield Mistake(("lines", name, "ring"), wrong, "make `ring` shorter than `wait`", "warning")
