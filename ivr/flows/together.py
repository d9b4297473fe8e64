"""Whether desks can run side by side on one Asterisk: each number, name and agent belongs to one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path as File

from ivr.flows.inside import hidden_numbers
from ivr.flows.model import Desk
from ivr.written.mistake import Mistake


def clashes(desks: Mapping[File, Desk]) -> Iterator[tuple[File, Mistake]]:
    """Walk over what two desks both claim: the file that comes second, and the mistake in it."""
    for check in (_names, _numbers, _agents, _hidden):
        yield from check(desks)


def _names(desks: Mapping[File, Desk]) -> Iterator[tuple[File, Mistake]]:
    seen: dict[str, File] = {}
    for file, desk in desks.items():
        first = seen.setdefault(desk.desk, file)
        if first != file:
            yield file, Mistake(("desk",), f"`{desk.desk}` is the name of {first.name} too", "rename one of the desks")
        elif desk.desk != file.stem:
            cure = f"rename the file to {desk.desk}.yaml, because prompts and scripts are looked for by this name"
            yield file, Mistake(("desk",), f"the desk `{desk.desk}` stands in {file.name}", cure)


def _numbers(desks: Mapping[File, Desk]) -> Iterator[tuple[File, Mistake]]:
    seen: dict[str, File] = {}
    for file, desk in desks.items():
        for index, number in enumerate(desk.numbers):
            first = seen.setdefault(number, file)
            if first != file:
                wrong = f"`{number}` is a number of {first.name} too"
                yield file, Mistake(("numbers", str(index)), wrong, "give each number to one desk")
    for file, desk in desks.items():
        for agent in desk.agents:
            if seen.get(agent, file) != file:
                wrong = f"agent `{agent}` has a number of {seen[agent].name}"
                yield file, Mistake(("agents", agent), wrong, "give the agent another number", at_key=True)


def _agents(desks: Mapping[File, Desk]) -> Iterator[tuple[File, Mistake]]:
    people: dict[str, tuple[str, File]] = {}
    numbers: dict[str, tuple[str, File]] = {}
    for file, desk in desks.items():
        for number, person in desk.agents.items():
            first, where = people.setdefault(number, (person, file))
            if first != person:
                wrong = f"agent `{number}` is {first} in {where.name}, and {person} here"
                yield file, Mistake(("agents", number), wrong, "use one name, or another number")
                continue
            other, where = numbers.setdefault(person.casefold(), (number, file))
            if other != number and where != file:
                wrong = f"{person} is agent `{other}` in {where.name}, and `{number}` here"
                yield file, Mistake(("agents", number), wrong, "use one number, or tell the two people apart by name")


def _hidden(desks: Mapping[File, Desk]) -> Iterator[tuple[File, Mistake]]:
    for file, desk in desks.items():
        others = {number for other in desks.values() for number in (*other.agents, *other.numbers)}
        for mistake in hidden_numbers(desk, others - {*desk.agents, *desk.numbers}):
            yield file, mistake
