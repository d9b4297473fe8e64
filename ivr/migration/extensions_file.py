"""extensions.conf -> the neutral middle: its numbers, and what they reach."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from ivr.errors import DeskError
from ivr.migration.conf import Section
from ivr.migration.dialplan import At, Dialplan
from ivr.migration.dialplan_places import Places
from ivr.migration.queues_file import people, queues_of
from ivr.migration.shape import Announcement, Caller, Number, OldSystem, Queue, Way, moved, redirected, who_of
from ivr.migration.walk import Walker

_FROM_OUTSIDE = re.compile(
    r"trunk|pstn|incoming|inbound|extern|public|provider|^from-|^in$|^did|^default$", re.IGNORECASE
)
_FROM_INSIDE = re.compile(r"intern|local|outbound|outgoing|users|phones|agents|features", re.IGNORECASE)
_NUMBER = re.compile(r"\+?[0-9]{2,20}", re.ASCII)
_OF_FREEPBX = frozenset({"ext-did-0002", "from-did-direct", "macro-dialout-trunk", "sub-record-check"})
_TARGETS = ("goto", "gotoif", "gotoiftime", "gosub", "gosubif")


def read_extensions(
    sections: Mapping[str, Section],
    queues: Mapping[str, Section],
    mailboxes: Mapping[str, Section],
    system: OldSystem,
    contexts: tuple[str, ...] = (),
) -> OldSystem:
    """Add what the files say to the system.

    `contexts`: those in which calls from outside begin; found by themselves when left out. Raises `DeskError`.
    """
    if _OF_FREEPBX & set(sections):
        raise DeskError(
            "A FreePBX has made this dialplan.", "Give its backup, or its database, to `ivr import freepbx`."
        )
    dialplan = Dialplan(sections, system.findings)
    if unknown := next((name for name in contexts if name not in dialplan.contexts), None):
        known = ", ".join(sorted(dialplan.contexts)[:20]) or "none"
        raise DeskError(f"There is no context [{unknown}].", f"Contexts: {known}.")
    found = queues_of(queues)
    system.people = people(found.values(), mailboxes)
    walker = Walker(dialplan, system.findings)
    places = Places(walker, system, found)
    for name in contexts or _entries(dialplan):
        system.numbers += _numbers(system, walker, name)
    read: set[str] = set()
    while walker.met:
        at = walker.met.pop(0)
        if at.key in read:
            continue
        read.add(at.key)
        if place := places.read(at):
            system.places[at.key] = place
    _join(system)
    for place in system.places.values():
        for agent in place.agents if isinstance(place, Queue) else ():
            system.people.setdefault(agent, f"Agent {agent}")
    return system


def _numbers(system: OldSystem, walker: Walker, context: str) -> Iterator[Number]:
    dialplan = walker.dialplan
    found: list[Number] = []
    for name in dialplan.reach(context):
        for exten, steps in dialplan.contexts[name].extens.items():
            if "/" in exten:
                _add_caller(system, walker, At(name, exten, 1))
                continue
            any_number = exten == "s" or exten.startswith("_")
            if not any_number and not _NUMBER.fullmatch(exten):
                continue
            where = next(iter(steps.values())).where
            way = walker.follow(At(name, exten, 1, "" if any_number else exten), where)
            if not way.lost and way.to in ("hang up", "voicemail"):
                continue
            found.append(Number("" if any_number else exten, "", where, way))
    certain = [number for number in found if number.number]
    yield from certain or found


def _add_caller(system: OldSystem, walker: Walker, at: At) -> None:
    """Take `74951234567/79210000001`: a number, for these callers alone."""
    number, _, caller = at.exten.partition("/")
    steps = walker.dialplan.steps(at)
    where = next(iter(steps.values())).where
    if not (who := who_of(caller)) or (number.startswith("_") and not re.fullmatch(r"_[X.!]+", number)):
        cure = "add them to `callers` by hand"
        system.findings.lose(where, f"`{at.exten}`: not what a rule of `callers` can say", cure)
        return
    dialled = number if _NUMBER.fullmatch(number) else ""
    system.callers.append(Caller(who, dialled, where, walker.follow(at, where)))


def _entries(dialplan: Dialplan) -> tuple[str, ...]:
    """Return the contexts in which calls from outside seem to begin."""
    named: set[str] = set()
    for context in dialplan.contexts.values():
        named |= {name for name in context.includes if name != context.name}
        for steps in context.extens.values():
            for step in steps.values():
                if step.app in _TARGETS:
                    words = set(re.findall(r"[\w-]+", step.arguments)) - {context.name}
                    named |= words & set(dialplan.contexts)
    free = [name for name in dialplan.contexts if name not in named and not _FROM_INSIDE.search(name)]
    outside = [name for name in free if _FROM_OUTSIDE.search(name)]
    return tuple(outside or free or [name for name, one in dialplan.contexts.items() if "s" in one.extens])


def _join(system: OldSystem) -> None:
    """Make one line of a queue, or a person, to whom several ways lead; leave out what only passes a call on."""
    first: dict[tuple[str, tuple[str, ...]], tuple[str, Queue]] = {}
    ways: dict[str, Way] = {}
    for key, place in system.places.items():
        if isinstance(place, Announcement) and not place.prompt:
            ways[key] = place.then
        elif isinstance(place, Queue):
            name = "" if place.person else place.name
            kept, one = first.setdefault((name, place.agents), (key, place))
            if kept == key:
                continue
            ways[key] = Way(kept)
            if one.then.to != place.then.to:
                what = f"callers of `{place.name}` whom nobody took went on another way than at {one.where}"
                system.findings.lose(place.where, what, "a line has one `then`")
    system.places = {key: moved(place, ways) for key, place in system.places.items() if key not in ways}
    system.callers = [one._replace(to=redirected(one.to, ways)) for one in system.callers]
    system.numbers = [number._replace(to=redirected(number.to, ways)) for number in system.numbers]
