"""One desk as it will be written: what its numbers reach, with names, and without what a desk cannot have."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace

from ivr.flows.model import HANG_UP, VOICEMAIL
from ivr.migration.clocks import clock_of
from ivr.migration.naming import Namer
from ivr.migration.opening import Opening, is_exception, open_hours
from ivr.migration.rings import break_rings
from ivr.migration.shape import (
    BYE,
    Announcement,
    Caller,
    Clock,
    Findings,
    Hours,
    Menu,
    Node,
    Number,
    OldSystem,
    Queue,
    Way,
)

START = "the first word"
"""The key of the sentence that a desk begins with when the old system said nothing."""
NOBODY = "nobody"
"""The key of the line of a desk that reaches none."""
_MOST_RULES, _MOST_CALLERS = 50, 200


@dataclass(slots=True)
class Draft:
    """A desk. Nodes and lines are under their keys of the old system; `names` are those of the file."""

    name: str
    numbers: list[Number]
    languages: list[str]
    zone: str
    people: dict[str, str]
    opening: Opening | None = None
    callers: list[tuple[Way, list[str]]] = field(default_factory=list)
    """Ways of some callers, and how their numbers begin; the first that fits counts."""
    nodes: dict[str, Node] = field(default_factory=dict)
    lines: dict[str, Queue] = field(default_factory=dict)
    names: dict[str, str] = field(default_factory=dict)
    categories: dict[str, str] = field(default_factory=dict)
    """By the key of the line that stands for it."""

    @property
    def mailbox(self) -> bool:
        """Say whether a way leads to the voicemail."""
        return any(way.to == VOICEMAIL for way in self.ways())

    def line_behind(self, way: Way) -> str:
        """Return the key of the line to which a way leads, past what is said on it; "" when it leads to none."""
        key, seen = way.to, set[str]()
        while isinstance(node := self.nodes.get(key), Announcement) and key not in seen:
            seen.add(key)
            key = node.then.to
        return key if key in self.lines else ""

    def ways(self) -> Iterator[Way]:
        """Walk over all ways."""
        if self.opening:
            yield self.opening.closed
        yield from (way for way, _ in self.callers)
        for node in self.nodes.values():
            yield from _ways_of(node)
        for line in self.lines.values():
            yield line.then


def draft(
    system: OldSystem, name: str, numbers: list[Number], callers: Iterable[Caller], language: str
) -> Draft | None:
    """Return the desk of these numbers, which all lead to one place; None when they lead nowhere.

    `callers`: those who dial one of the numbers and go ways of their own.
    """
    opening, way, zone = open_hours(system, numbers[0].to)
    if way.lost or way.to == HANG_UP:
        return None
    found = Draft(name, numbers, [way.language or language], zone, {}, opening)
    _Walk(system, found).walk(way, callers)
    return found


class _Walk:
    """Walks over what a desk reaches and puts it into the draft."""

    def __init__(self, system: OldSystem, desk: Draft) -> None:
        self._system = system
        self._findings: Findings = system.findings
        self._desk = desk

    def walk(self, way: Way, callers: Iterable[Caller]) -> None:
        """Fill the draft from the first place on that a call comes to when the desk is open."""
        desk = self._desk
        first = self._through(way)
        if not isinstance(self._system.places.get(first.to), Announcement | Menu):
            where = desk.numbers[0].where
            what = "callers came to people without a word: a desk begins with a sentence"
            self._findings.change(where, what, "write what they hear first")
            desk.nodes[START] = Announcement("welcome", where, (), first)
            self._take(first)
        else:
            self._take(first._replace(language=""))
        if desk.opening:
            closed = self._through(desk.opening.closed)
            desk.opening = desk.opening._replace(closed=closed)
            self._take(closed)
        self._add_callers(callers, first)
        break_rings(desk.nodes, self._findings)
        self._drop_unreached()
        self._someone()
        self._name()
        self._languages()
        numbers = dict.fromkeys(agent for line in desk.lines.values() for agent in line.agents)
        desk.people = {number: self._system.people.get(number, f"Agent {number}") for number in sorted(numbers)}

    def _add_callers(self, callers: Iterable[Caller], first: Way) -> None:
        """Take the callers who begin elsewhere, or are hung up on."""
        found = [(self._of_caller(one), one) for one in callers if one.to != self._desk.numbers[0].to]
        rules = self._desk.callers
        # The longer beginning says more, and comes first.
        for way, one in sorted(found, key=lambda pair: (-len(pair[1].who), pair[0].to, pair[1].who)):
            if way.lost or way == first or any(one.who in who for _, who in rules):
                continue
            if not rules or rules[-1][0] != way or len(rules[-1][1]) >= _MOST_CALLERS:
                if len(rules) == _MOST_RULES:
                    what = f"callers with the number {one.who}: a desk has {_MOST_RULES} rules of `callers` at most"
                    self._findings.lose(one.where, what, "join some of them")
                    continue
                rules.append((way, []))
            rules[-1][1].append(one.who)
            self._take(way)

    def _of_caller(self, one: Caller) -> Way:
        """Return the way of a rule, which holds in the hours of the desk; only who is hung up on is so at any time."""
        way, clock = one.to, False
        while isinstance(place := self._system.places.get(way.to), Hours) and not clock:
            way, clock = (place.otherwise if is_exception(place, self._system) else place.during), True
        way = self._through(way)
        if one.number and len(self._desk.numbers) > 1 and not way.lost:
            what = f"callers with the number {one.who} went this way when they dialled {one.number}"
            self._findings.change(one.where, what, "here they do so by every number of the desk")
        if self._desk.opening and not clock and not way.lost and way.to != HANG_UP:
            what = f"callers with the number {one.who} went their way at night too"
            self._findings.change(one.where, what, "a rule of `callers` holds while the desk is open")
        return way

    def _through(self, way: Way) -> Way:
        """Return the way past clocks that are no nodes of a desk."""
        seen: set[str] = set()
        while isinstance(place := self._system.places.get(way.to), Hours):
            after = clock_of(place, self._system)
            if isinstance(after, Clock):
                break
            if way.to in seen:
                cure = "lead the way before it somewhere else"
                return self._findings.lose(place.where, "time conditions that lead to each other for ever", cure)
            seen.add(way.to)
            way = after._replace(language=after.language or way.language)
        if place is None and way.to not in (HANG_UP, VOICEMAIL):
            cure = "give it a target, in what leads there"
            return self._findings.lose(self._desk.numbers[0].where, f"a way to `{way.to}`: nothing is there", cure)
        return way

    def _take(self, way: Way) -> None:
        """Put what a way reaches into the desk, in the order of the keys."""
        ahead = [way.to]
        while ahead:
            key = ahead.pop()
            place = self._system.places.get(key)
            if place is None or key in self._desk.nodes or key in self._desk.lines:
                continue
            if isinstance(place, Queue):
                line = replace(place, then=self._plain(place.then, place.where))
                self._desk.lines[key] = line
                ahead.append(line.then.to)
            else:
                node = self._clock(place) if isinstance(place, Hours) else self._node(place)
                if node is None:
                    continue
                self._desk.nodes[key] = node
                ahead += [one.to for one in reversed(list(_ways_of(node)))]

    def _clock(self, place: Hours) -> Clock | None:
        """Return the node of a clock; None of one that all ways go past."""
        clock, zone = clock_of(place, self._system), self._desk.zone
        if not isinstance(clock, Clock):
            return None
        if place.zone and zone and place.zone != zone:
            self._findings.lose(place.where, f"its time zone {place.zone}", f"all hours are those of {zone}")
        self._desk.zone = zone or place.zone
        during, otherwise = self._plain(clock.during, place.where), self._plain(clock.otherwise, place.where)
        return replace(clock, during=during, otherwise=otherwise)

    def _node(self, place: Announcement | Menu) -> Node:
        if isinstance(place, Announcement):
            return replace(place, then=self._plain(place.then, place.where))
        keys = {key: self._through(way) for key, way in place.keys.items()}
        keys = {key: way for key, way in keys.items() if not way.lost}
        for key in sorted(keys, key=len, reverse=True):
            if shorter := next((other for other in keys if other != key and key.startswith(other)), None):
                what = f"the key {key} of `{place.name}`: it begins with the key {shorter}, so nobody could press it"
                self._findings.lose(place.where, what, "give it another key")
                del keys[key]
        if not keys:
            what = f"the menu `{place.name}` has no key that leads anywhere: it only speaks"
            self._findings.change(place.where, what, "give it keys, or shorten its text")
            return Announcement(place.name, place.where, place.prompt, self._plain(place.silent, place.where))
        return replace(place, keys=keys, silent=self._through(place.silent))

    def _plain(self, way: Way, where: str) -> Way:
        """Return a way on which the language does not change: only a key's can."""
        way = self._through(way)
        if way.language and way.language not in self._desk.languages:
            what = f"the language {way.language} without a key being pressed"
            self._findings.lose(where, what, "give the key before it `language:`")
        return way._replace(language="")

    def _drop_unreached(self) -> None:
        """Leave out what is reached no more, now that rings are broken."""
        desk = self._desk
        reached: set[str] = set()
        ahead = [next(iter(desk.nodes)), *([desk.opening.closed.to] if desk.opening else [])]
        ahead += [way.to for way, _ in desk.callers]
        while ahead:
            key = ahead.pop()
            if key in reached:
                continue
            reached.add(key)
            if key in desk.nodes:
                ahead += [way.to for way in _ways_of(desk.nodes[key])]
            elif key in desk.lines:
                ahead.append(desk.lines[key].then.to)
        desk.nodes = {key: node for key, node in desk.nodes.items() if key in reached}
        desk.lines = {key: line for key, line in desk.lines.items() if key in reached}

    def _someone(self) -> None:
        """See that there is a line, and somebody on each one: a desk without people cannot be written."""
        desk = self._desk
        anybody = next(iter(sorted(self._system.people)), "") or _free_number("201", desk.numbers)
        if not desk.lines:
            where = desk.numbers[0].where
            self._findings.change(
                where, "its callers reach nobody: the line `first` is there for you", "lead ways there"
            )
            desk.lines[NOBODY] = Queue("first", where, (anybody,), BYE, 15, 60)
        for key, line in desk.lines.items():
            if not line.agents:
                what = f"who answers in `{line.name}`: agent {anybody} stands in for them"
                self._findings.lose(line.where, what, "write its `agents`")
                desk.lines[key] = replace(line, agents=(anybody,))

    def _name(self) -> None:
        desk, namer = self._desk, Namer()
        for key, line in desk.lines.items():
            desk.names[key] = namer.name(line.name, f"line-{_id_of(key)}")
        for key, node in desk.nodes.items():
            desk.names[key] = namer.name(node.name, f"{type(node).__name__.lower()}-{_id_of(key)}")
        for node in desk.nodes.values():
            for way in node.keys.values() if isinstance(node, Menu) else ():
                if key := desk.line_behind(way):
                    name = desk.lines[key].name
                    told = any(letter.isalnum() for letter in name)
                    desk.categories[key] = name if told else desk.names[key]

    def _languages(self) -> None:
        for way in self._desk.ways():
            if way.language and way.language not in self._desk.languages:
                self._desk.languages.append(way.language)


def _id_of(key: str) -> str:
    """Return what tells the place from others of its kind in the old system."""
    numbers = re.findall(r"\d+", key)
    return numbers[0] if numbers else "1"


def _ways_of(node: Node) -> Iterable[Way]:
    if isinstance(node, Clock):
        return node.during, node.otherwise
    return (*node.keys.values(), node.silent) if isinstance(node, Menu) else (node.then,)


def _free_number(wanted: str, numbers: Iterable[Number]) -> str:
    taken = {number.number for number in numbers}
    return next(str(number) for number in range(int(wanted), 10**7) if str(number) not in taken)
