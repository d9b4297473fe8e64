"""An older system as it was read -> its desks: one for each place to which numbers lead."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from ivr.errors import DeskError
from ivr.flows.scalars import possible
from ivr.migration.draft import Draft, draft
from ivr.migration.naming import Namer
from ivr.migration.shape import Number, OldSystem, Queue, Way
from ivr.migration.write import desk_text
from ivr.telephony.codes import PLACES
from ivr.telephony.number import is_number

MOST_DESKS = 50


class Made(NamedTuple):
    """A desk file to be."""

    draft: Draft
    text: str


def desks_of(system: OldSystem, *, source: str, language: str, name: str = "", only: str = "") -> tuple[Made, ...]:
    """Return the desks. `only`: the desk of this number alone. Raises `DeskError` when there is none."""
    groups: dict[Way, list[Number]] = {}
    for number in system.numbers:
        if not number.to.lost:
            groups.setdefault(number.to, []).append(number)
    if only:
        groups = _only(groups, only)
    if len(groups) > MOST_DESKS:
        cure = "Say --number for one of them."
        raise DeskError(f"Its numbers lead to {len(groups)} different places, and each would be a desk.", cure)
    _tell_callers(system, groups)
    namer, found, lines = Namer(), list[Made](), dict[str, str]()
    for entry, group in _served(system, groups).items():
        numbers = list(_numbers(system, group))
        wanted = name if name and not found else _label(system, entry, numbers)
        dialled = {number.number for number in group} | {""}
        callers = [caller for caller in system.callers if caller.number in dialled]
        one = draft(system, namer.name(wanted, "desk"), numbers, callers, language)
        if one is None:
            for number in numbers:
                cure = "write its flow by hand"
                system.findings.lose(
                    number.where, f"the number {number.number}: it leads nowhere that is carried", cure
                )
            continue
        _tell_shared(system, one, lines)
        found.append(Made(one, desk_text(one, source)))
    if not found:
        raise DeskError(
            "No number in it leads to a menu, a queue or an announcement that could be carried.",
            "Is it the whole system? Give all its tables or files; the list above says what was met.",
        )
    return tuple(found)


def _only(groups: dict[Way, list[Number]], only: str) -> dict[Way, list[Number]]:
    found = {way: group for way, group in groups.items() if only in {number.number for number in group}}
    if not found:
        known = ", ".join(sorted(number.number for group in groups.values() for number in group if number.number))
        raise DeskError(f"No flow in it begins with the number {only!r}.", f"Numbers: {known or 'none'}.")
    return found


def _tell_callers(system: OldSystem, groups: dict[Way, list[Number]]) -> None:
    dialled = {number.number for group in groups.values() for number in group} | {""}
    for one in system.callers:
        if one.number not in dialled and not one.to.lost:
            what = f"callers with the number {one.who}: others who dial {one.number} reach no desk"
            system.findings.lose(one.where, what, "add them to the `callers` of a desk that has this number")


def _tell_shared(system: OldSystem, one: Draft, lines: dict[str, str]) -> None:
    for key, line in one.lines.items():
        if lines.setdefault(key, one.name) != one.name:
            what = f"`{line.name}` is a line of {lines[key]} and of {one.name}: callers wait in two queues"
            system.findings.change(line.where, what, "its agents are offered the calls of both")


def _served(system: OldSystem, groups: dict[Way, list[Number]]) -> dict[Way, list[Number]]:
    """Leave out numbers of single persons, unless there are no others."""
    own = [entry for entry in groups if isinstance(place := system.places.get(entry.to), Queue) and place.person]
    if len(own) == len(groups):
        return groups
    for entry in own:
        for number in groups[entry]:
            what = f"the number {number.number} rings one person: a desk has no personal numbers"
            system.findings.lose(number.where, what, "add it to a desk's `numbers`, or write a desk for it")
    return {entry: group for entry, group in groups.items() if entry not in own}


def _numbers(system: OldSystem, group: list[Number]) -> Iterator[Number]:
    """Walk over the numbers as a desk has them; one that says "any" becomes a number to be replaced."""
    sound = []
    for number in group:
        if (wrong := _wrong(system, number.number)) and number.number:
            system.findings.lose(
                number.where, f"the number {number.number}: {wrong}", "write it into `numbers` by hand"
            )
        elif number.number:
            sound.append(number)
    if sound:
        yield from {number.number: number for number in sound}.values()
        return
    taken = {number.number for number in system.numbers}
    free = next(str(one) for one in range(100, 10**6) if str(one) not in taken and not _wrong(system, str(one)))
    taken_by = group[0]
    what = f"which number is dialled: it takes every number; {free} stands in for yours"
    system.findings.lose(taken_by.where, what, "write the numbers that your provider sends")
    # The next desk must not have the same one.
    stand_in = taken_by._replace(number=free)
    system.numbers.append(stand_in)
    yield stand_in


def _wrong(system: OldSystem, number: str) -> str:
    if not is_number(number) or not 2 <= len(number.removeprefix("+")) <= 20 or set(number) & set("*#"):
        return "it is a pattern, or no number"
    if number in PLACES:
        return "callers are parked there"
    if number in system.people:
        return "an agent has it"
    return "" if possible(number) else "no telephone can have it"


def _label(system: OldSystem, entry: Way, numbers: list[Number]) -> str:
    place = system.places.get(entry.to)
    return next((number.label for number in numbers if number.label), place.name if place else "")
