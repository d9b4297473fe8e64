"""The dialplan as a graph: from each place where a call may stand, every place to which it may go from there.

Rather too many ways than too few: a variable in a name stands for anything, every condition may hold and not hold.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from functools import cache
from typing import NamedTuple, TypeAlias

from ivr.asterisk.reread import Extension, Section, UnreadableError
from ivr.asterisk.steps import Jump, Kind, Step, Text, read_step, text_of

Place: TypeAlias = tuple[str, str, str]
"""Context, extension, and `1` or a label: where calls come in. What stands there ends before the next such place."""
WAITS = frozenset({"Dial", "Queue", "Read", "Record", "Wait"})
"""Applications that take their time, or count."""
LINE = ("line", "enter", "1")
"""The subroutine of the lines, which waits in a queue; `ivr.asterisk.rings` proves that."""
OTHERS = frozenset({"parkedcalls"})
"""Contexts that Asterisk makes itself."""
_EVENTS = ("T", "h")
"""Extensions to which a call goes by itself: its time is over, it was hung up."""


class Edge(NamedTuple):
    """One way on."""

    kind: Kind
    to: Place
    waited: bool
    """Whether something that takes its time stands before it."""
    step: Step | None = None
    """Whose way it is; None where a call goes on to the next label, or goes by itself."""


class Ways:
    """All ways of a dialplan. Raises `UnreadableError` when a step is none that we write."""

    def __init__(self, sections: Mapping[str, Section], members: Collection[str] = ()) -> None:
        """`members`: whom the queues ring, as `Local/201@agents/n`."""
        self.sections = sections
        self.steps: dict[Place, list[Step]] = {}
        self.edges: dict[Place, list[Edge]] = {}
        self.missing: list[tuple[Place, Jump]] = []
        """Jumps to what is not there."""
        self.loose: list[Place] = []
        """Places behind whose last step nothing stands."""
        self.known: dict[str, Step] = {}
        """Every step, by its text."""
        self._texts: dict[str, Text] = {}
        for context in sections:
            self._including(context, ())
        for context, section in sections.items():
            for name, extension in section.extensions.items():
                self._read(context, name, extension)
        done = (one for step in self.known.values() for one in (step, *step.inner))
        joining = {one.arguments[1] for one in done if one.app == "AddQueueMember"}
        self.members: list[Place] = []
        """Where the calls of queues' members come to."""
        self.nobody: list[str] = []
        """Members who are not there."""
        for member in sorted({*members, *joining}):
            self.members += self._called(member)
        with_events = [name for name, section in sections.items() if not section.extensions.keys().isdisjoint(_EVENTS)]
        events = {context: tuple(self._events(context, with_events)) for context in sections}
        for place, steps in self.steps.items():
            self._link(place, steps, events[place[0]])

    def _including(self, context: str, way: tuple[str, ...]) -> None:
        """Refuse contexts that include themselves; everybody else may walk through them."""
        if context in way:
            raise UnreadableError(f"contexts include each other: {' → '.join((*way, context))}")
        if section := self.sections.get(context):
            for other in section.includes:
                self._including(other, (*way, context))

    def _called(self, interface: str) -> list[Place]:
        """Return where a call to `Local/201@agents/n` comes to."""
        name, _, context = interface.removeprefix("Local/").removesuffix("/n").partition("@")
        if not interface.startswith("Local/") or not context:
            raise UnreadableError(f"`{interface}` rings no agent")
        names = self.text(name)
        there = [(*found, "1") for found in self._find(context, name if names.texts else None, names)]
        if not there:
            self.nobody.append(interface)
        return there

    def starts(self, context: str) -> Iterator[Place]:
        """Walk over the places where who comes into a context may begin."""
        if section := self.sections.get(context):
            yield from ((context, extension, "1") for extension in section.extensions)
            for other in section.includes:
                yield from self.starts(other)

    def reached(
        self, starts: Iterable[Place], on: Callable[[Edge], bool] = lambda _: True
    ) -> dict[Place, Place | None]:
        """Return every place that may be reached, each with the one before it on a shortest way."""
        reached: dict[Place, Place | None] = dict.fromkeys(starts)
        ahead = list(reached)
        for place in ahead:
            for edge in self.edges.get(place, ()):
                if edge.to not in reached and on(edge):
                    reached[edge.to] = place
                    ahead.append(edge.to)
        return reached

    def text(self, written: str) -> Text:
        """Return what a text may become."""
        if written not in self._texts:
            self._texts[written] = text_of(written)
        return self._texts[written]

    def _read(self, context: str, name: str, extension: Extension) -> None:
        labels = {place: label for label, place in extension.labels.items()}
        here = self.steps.setdefault((context, name, "1"), [])
        for number, written in enumerate(extension.steps):
            if number in labels:
                here = self.steps.setdefault((context, name, labels[number]), [])
            if (step := self.known.get(written)) is None:
                step = self.known[written] = read_step(written)
            here.append(step)

    def _events(self, context: str, with_events: Iterable[str]) -> Iterator[Edge]:
        """Walk over the ways that a call goes by itself, in a context or in one that includes it."""
        for name in with_events:
            if name == context or context in self.sections[name].includes:
                for extension in _EVENTS:
                    if extension in self.sections[name].extensions:
                        yield Edge("goto", (name, extension, "1"), waited=True)

    def _link(self, place: Place, steps: Sequence[Step], events: Iterable[Edge]) -> None:
        found = self.edges[place] = list(events)
        waited = False
        for step in steps:
            for jump in step.jumps:
                found += [Edge(jump.kind, target, waited, step) for target in self.targets(place, jump, step)]
                waited = waited or jump[1:] == LINE
            for ring in step.rings:
                found += [Edge("moved", to, waited) for to in self._called(ring)] if ring.startswith("Local/") else ()
            if step.app == "Queue" or (step.inner and any(one.app == "Queue" for one in step.inner)):
                found += [Edge("moved", member, waited=True) for member in self.members]
            waited = waited or step.app in WAITS
        if following := self.following(place):
            found.append(Edge("goto", following, waited))
        elif not steps[-1].ends and place[1] != "h":
            self.loose.append(place)

    def following(self, place: Place) -> Place | None:
        """Return the next label of its extension, where a call goes on when no step ends it before."""
        if any(step.ends for step in self.steps[place]):
            return None
        context, name, label = place
        labels = ["1", *self.sections[context].extensions[name].labels]
        behind = labels[labels.index(label) + 1 :]
        return (context, name, behind[0]) if behind else None

    def targets(self, place: Place, jump: Jump, step: Step) -> list[Place]:
        """Return where a jump of a step at a place may lead."""
        context, extension = jump.context or place[0], jump.extension or place[1]
        if "$" not in context + extension and (section := self.sections.get(context)):
            there = section.extensions.get(extension)
            if there and (jump.label == "1" or jump.label in there.labels):
                return [(context, extension, jump.label)]
        return self._shaped(place, jump, step)

    def _shaped(self, place: Place, jump: Jump, step: Step) -> list[Place]:
        """Return where a jump may lead whose place is not told in letters."""
        contexts, names = self.text(jump.context or place[0]), self.text(jump.extension or place[1])
        found: list[Place] = []
        for context in contexts.texts or filter(contexts.shape.fullmatch, self.sections):
            for name in names.texts or (None,):
                there = [
                    (section, extension, jump.label)
                    for section, extension in self._find(context, name, names)
                    if jump.label == "1" or jump.label in self.sections[section].extensions[extension].labels
                ]
                if not there and contexts.texts and names.texts:
                    self.missing.append((place, jump))
                found += there
        asked = step.app == "GotoIf" and "${DIALPLAN_EXISTS(" in step.arguments[0]
        if not found and not (contexts.texts and names.texts) and not asked:
            self.missing.append((place, jump))
        return found

    def _find(self, context: str, name: str | None, names: Text) -> Iterator[tuple[str, str]]:
        """Walk over the extensions that a name may mean; without a name, over all of that shape."""
        section = self.sections.get(context)
        if section is None:
            return
        if name in section.extensions:
            yield context, str(name)
            return
        looks = names.shape
        for extension in section.extensions:
            shape, written = (_pattern(extension), name) if extension[0] == "_" else (looks, extension)
            if written is None or shape.fullmatch(written):
                yield context, extension
        for other in section.includes:
            yield from self._find(other, name, names)


@cache
def _pattern(extension: str) -> re.Pattern[str]:
    """Return which numbers an extension like `_*46X` or `_+7!` takes."""
    classes = {"X": "[0-9]", "Z": "[1-9]", "N": "[2-9]", ".": ".+", "!": ".*"}
    parts = re.findall(r"\[[^\]]*\]|.", extension[1:])
    return re.compile("".join(part if len(part) > 1 else classes.get(part, re.escape(part)) for part in parts))


def way_of(reached: Mapping[Place, Place | None], place: Place) -> tuple[Place, ...]:
    """Return the way by which a place was reached, from its start."""
    way = [place]
    while (before := reached[way[-1]]) is not None:
        way.append(before)
    return tuple(reversed(way))
