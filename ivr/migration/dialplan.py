"""A dialplan as values: contexts, extensions with their steps, includes, patterns."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from ivr.migration.conf import Section, filled, split_arguments
from ivr.migration.shape import Findings

_EXTEN = re.compile(r"([^,|]+)[,|]\s*(\w+)(?:\+\d+)?\s*(?:\(([^)]*)\))?\s*[,|]\s*(.*)", re.DOTALL)
_SAME = re.compile(r"(\w+)(?:\+\d+)?\s*(?:\(([^)]*)\))?\s*[,|]\s*(.*)", re.DOTALL)
_APP = re.compile(r"(\w+)\s*(?:\((.*)\)|[,|](.*))?", re.DOTALL)
_CLASSES = {"X": "[0-9]", "Z": "[1-9]", "N": "[2-9]", ".": ".+", "!": ".*"}
_NO_CONTEXTS = frozenset({"general", "globals"})


class Step(NamedTuple):
    """One application of an extension."""

    where: str
    label: str
    app: str
    """In small letters."""
    arguments: str

    @property
    def parts(self) -> list[str]:
        """Return the arguments one by one."""
        return split_arguments(self.arguments)

    def argument(self, place: int) -> str:
        """Return an argument, "" when it is left out."""
        parts = self.parts
        return parts[place] if place < len(parts) else ""


class At(NamedTuple):
    """A place in a dialplan. `dialled` is what `${EXTEN}` is there."""

    context: str
    exten: str
    step: int
    dialled: str = ""

    @property
    def key(self) -> str:
        """Return what names it."""
        return f"{self.context},{self.exten},{self.step}"


@dataclass(slots=True)
class Context:
    """A context: its extensions in the order of the file, each with its steps by their priorities."""

    name: str
    extens: dict[str, dict[int, Step]] = field(default_factory=dict)
    includes: list[str] = field(default_factory=list)


class Dialplan:
    """All contexts of a system."""

    def __init__(self, sections: Mapping[str, Section], findings: Findings) -> None:
        given = sections["globals"].settings if "globals" in sections else ()
        self._globals = {one.name: one.value for one in given}
        self._findings = findings
        self.contexts: dict[str, Context] = {}
        for section in sections.values():
            if section.name not in _NO_CONTEXTS and not section.template:
                self.contexts[section.name] = self._context(section)

    def steps(self, at: At) -> dict[int, Step]:
        """Return the steps of an extension; none when there is no such one."""
        found = self.contexts.get(at.context)
        return found.extens.get(at.exten, {}) if found else {}

    def step(self, at: At) -> Step | None:
        """Return a step with its variables put in, as far as they are known."""
        step = self.steps(at).get(at.step)
        if step is None:
            return None
        known = self._globals | {"exten": at.dialled or at.exten, "context": at.context}
        if at.exten.startswith("_") and not at.dialled:
            del known["exten"]
        return step._replace(arguments=filled(step.arguments, known))

    def find(self, context: str, exten: str) -> At | None:
        """Return where a dialled extension begins, also by a pattern or in an included context."""
        for name in self.reach(context):
            extens = self.contexts[name].extens
            if exten in extens:
                return At(name, exten, 1, exten)
            for pattern in extens:
                if pattern.startswith("_") and "/" not in pattern and matches(pattern, exten):
                    return At(name, pattern, 1, exten)
        return None

    def reach(self, context: str) -> Iterator[str]:
        """Walk over a context and those that it includes, each once."""
        ahead, seen = [context], set[str]()
        while ahead:
            name = ahead.pop(0)
            if name in seen or name not in self.contexts:
                continue
            seen.add(name)
            yield name
            ahead = [*self.contexts[name].includes, *ahead]

    def label(self, at: At, text: str) -> At | None:
        """Return a priority or a label of an extension."""
        steps = self.steps(at)
        for priority, step in steps.items():
            if step.label and step.label == text:
                return at._replace(step=priority)
        return at._replace(step=int(text[:6])) if text.isdigit() and int(text[:6]) in steps else None

    def _context(self, section: Section) -> Context:
        found = Context(section.name)
        last = ""
        for where, name, value in section.settings:
            if name == "include":
                included, *times = split_arguments(value)
                found.includes.append(included)
                if times:
                    what = f"`{included}` is included at some times only, and counts at all times here"
                    self._findings.lose(where, what, "write the times into `hours`")
                continue
            exten = _EXTEN.fullmatch(value) if name == "exten" else None
            same = _SAME.fullmatch(value) if name == "same" else None
            if exten:
                last = filled(exten[1].strip(), self._globals)
                self._add(found, last, where, exten[2], exten[3] or "", exten[4])
            elif same and last:
                self._add(found, last, where, same[1], same[2] or "", same[3])
            elif name in ("exten", "same"):
                self._findings.lose(where, f"`{name} => {value[:60]}`", "it is no step: look whether the line is whole")
            elif name not in ("ignorepat", "autohints"):
                self._findings.lose(where, f"`{name}`", "see what it does; a desk has nothing like it")
        return found

    def _add(self, context: Context, exten: str, where: str, priority: str, label: str, text: str) -> None:
        if priority.lower() == "hint":
            return
        if found := _APP.fullmatch(text.strip()):
            step = Step(where, label, found[1].lower(), (found[2] or found[3] or "").strip())
            # `s/79210000001` is `s` for these callers alone: an extension of its own, which nobody can dial.
            steps = context.extens.setdefault(exten, {})
            number = int(priority[:6]) if priority.isdigit() else max(steps, default=0) + 1
            steps[number] = step
        else:
            self._findings.lose(where, f"`{text[:60]}`", "it is no application: look whether the line is whole")


def matches(pattern: str, dialled: str) -> bool:
    """Say whether a pattern such as `_1XX` takes what was dialled."""
    source = ""
    for part in re.findall(r"\[[^\]]*\]|.", pattern[1:]):
        source += _CLASSES.get(part.upper()) or (
            part if part.startswith("[") else re.escape(part) if part != "-" else ""
        )
        if part in ".!":
            break
    try:
        return re.fullmatch(source, dialled) is not None
    except re.error:
        return False
