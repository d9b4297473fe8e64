"""Whether a call finds its way through a desk: keys, dead ends, rings, places that no call reaches."""

from __future__ import annotations

from collections.abc import Iterator

from ivr.flows.model import HANG_UP, VOICEMAIL, Desk, Menu, Say, Script, Split, When
from ivr.flows.names import ways_in
from ivr.flows.times import WEEKDAYS, read_days
from ivr.flows.when import never
from ivr.written.mistake import Mistake


def way_mistakes(desk: Desk) -> Iterator[Mistake]:
    """Walk over what is wrong within single menus and hours."""
    for name, node in desk.flow.items():
        if isinstance(node, Menu):
            yield from _menu(name, node)
        elif isinstance(node, When):
            yield from _when(name, node)
    if desk.source:
        for key in desk.source.options:
            if len(key) > 1:
                wrong = f"the source question is answered by one key, and `{key}` has {len(key)}"
                yield Mistake(("source", key), wrong, "write one key", at_key=True)
    if desk.hours:
        yield from _days(desk)


def flow_mistakes(desk: Desk) -> Iterator[Mistake]:
    """Walk over what is wrong with the flow as a whole."""
    rings = tuple(_rings(desk))
    yield from rings
    known = {*desk.flow, *desk.lines, HANG_UP, VOICEMAIL}
    if rings or any(way.then not in known for _, way in ways_in(desk)):
        return  # what lies behind a wrong target is not unreachable by a mistake of its own
    reached = _reached(desk)
    for name in desk.flow:
        if name not in reached:
            cure = "lead a way there, or delete it"
            yield Mistake(("flow", name), f"no call reaches the node `{name}`", cure, at_key=True)
    for name in desk.lines:
        if name not in reached:
            cure = "lead a way there, or delete it"
            yield Mistake(("lines", name), f"no call reaches the line `{name}`", cure, "warning", at_key=True)
    if desk.voicemail and not desk.voicemail.instead_of_sorry and VOICEMAIL not in reached:
        cure = "lead a way there, or delete it"
        yield Mistake((VOICEMAIL,), "no call reaches the voicemail", cure, "warning", at_key=True)


def _menu(name: str, node: Menu) -> Iterator[Mistake]:
    path = ("flow", name)
    if node.no_answer is None:
        wrong = f"the menu `{name}` has no way for a caller who presses nothing"
        yield Mistake(path, wrong, "add `no answer:` with a line or a node", at_key=True)
    for key in node.options:
        for shorter in node.options:
            if key != shorter and key.startswith(shorter):
                wrong = f"the key `{key}` can never be pressed, `{shorter}` is taken before"
                yield Mistake((*path, key), wrong, "change one of them", at_key=True)


def _when(name: str, node: When) -> Iterator[Mistake]:
    idle, always = never(node)
    for span in idle:
        wrong = f"`{span}` never counts, all of it is taken before"
        yield Mistake(("flow", name, "when", span), wrong, "put it first, or delete it", "warning", at_key=True)
    if always:
        wrong = f"the times of `{name}` are the whole week, so `otherwise` never counts"
        yield Mistake(("flow", name, "otherwise"), wrong, "leave out the last of them", "warning", at_key=True)


def _days(desk: Desk) -> Iterator[Mistake]:
    taken: dict[int, str] = {}
    for written in desk.hours.days if desk.hours else ():
        twice = [day for day in read_days(written) if taken.setdefault(day, written) != written]
        if twice:
            day = WEEKDAYS[twice[0]]
            wrong = f"`{written}` gives `{day}` again, which `{taken[twice[0]]}` gave"
            yield Mistake(("hours", written), wrong, "name each day once, several times by commas", at_key=True)


def _rings(desk: Desk) -> Iterator[Mistake]:
    """Find calls that go round for ever while their caller presses nothing."""
    done: set[str] = set()
    for start in desk.flow:
        walked = {start: _without_a_key(desk, start)} if start not in done else {}
        while walked:
            last = next(reversed(walked))
            name = next(walked[last], None)
            if name is None:
                done.add(last)
                del walked[last]
            elif name in walked:
                ring = [*walked][[*walked].index(name) :]
                wrong = f"a caller who presses nothing goes round for ever: {' → '.join((*ring, name))}"
                yield Mistake(("flow", ring[-1]), wrong, "lead one of them to a line or to `hang up`", at_key=True)
            elif name in desk.flow and name not in done:
                walked[name] = _without_a_key(desk, name)


def _without_a_key(desk: Desk, name: str) -> Iterator[str]:
    match desk.flow[name]:
        case Say(then=then):
            yield then
        case Menu(no_answer=way):
            yield way.then if way else ""
        case Script(otherwise=way):
            yield way.then
        case Split() | When() as node:
            yield from node.targets


def _reached(desk: Desk) -> set[str]:
    ways: dict[str, list[str]] = {}
    for path, way in ways_in(desk):
        ways.setdefault(path[1], []).append(way.then)
    reached: set[str] = set()
    ahead = [desk.first_node, *ways.pop("closed", [])] if desk.hours else [desk.first_node]
    ahead += [rule.then for rule in desk.callers if rule.then]
    while ahead:
        name = ahead.pop()
        if name not in reached:
            reached.add(name)
            ahead += ways.get(name, ())
    return reached
