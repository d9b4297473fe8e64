"""B5: a desk's flow, regained from the rendered files alone and held against the desk's own."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from ivr.asterisk.steps import Step
from ivr.asterisk.ways import Ways
from ivr.flows.model import HANG_UP
from ivr.flows.told import Told, Wanted

_ADDED = re.compile(r"Local/([0-9]+)@agents/n,([0-9]+)")
_RULE = re.compile(r"(?:blocked|caller)[0-9]+")
_LAST = re.compile(r"\$\{IVR_(?:DIGITS|KEY|RULE)\}$")
_NUMBER = re.compile(r"\$\[\$\{IVR_(TRIES|PLACE)\} >?[<=] ([0-9]+)\]")
_BETWEEN = re.compile(r"\$\[\$\{IVR_WEEK\} >= ([0-9]+) & \$\{IVR_WEEK\} < ([0-9]+)\]")
_FILE = re.compile(r"(?:\$\{IVR_SAY\})?([^/$]*)/\$\{CHANNEL\(language\)\}/([^&/]+)&?")
_SHOWN = 5
"""Differences of one desk that are told; one mistake of ours often makes hundreds."""


def flow_findings(ways: Ways, queues: str, one: Wanted) -> Iterator[str]:
    """Walk over the ways that a desk has and its dialplan has not, or has otherwise. `queues`: queues.conf."""
    wanted, found = one.flow, _Regained(ways, queues, one.edition).flow()
    if wanted != found:
        wrong = [place for place in {**wanted, **found} if wanted.get(place) != found.get(place)]
        for place in wrong[:_SHOWN]:
            yield f"{one.desk}, {place}: {wanted.get(place, 'nothing')}, but {found.get(place, 'nothing')}"
        if len(wrong) > _SHOWN:
            yield f"{one.desk}: {len(wrong) - _SHOWN} more ways differ"


class _Regained:
    """Reads one edition's contexts."""

    def __init__(self, ways: Ways, queues: str, name: str) -> None:
        self._ways, self._name = ways, name
        self._desk = name.partition("_")[0]
        self._queues = queues
        self._joined = [
            step.arguments for step in ways.known.values() if step.app == "AddQueueMember" and len(step.arguments) > 1
        ]

    def flow(self) -> dict[str, Told]:
        """Return every way, by its place as `ivr.flows.told` names it."""
        found = dict(self._ways_in())
        flow = f"flow-{self._name}"
        for name in self._ways.sections[flow].extensions if flow in self._ways.sections else ():
            found |= self._entry(name, self._steps(flow, name))
        for context in self._ways.sections:
            kind, _, rest = context.partition("-")
            edition, _, name = rest.partition(self._name)
            if edition or not rest.startswith(self._name):
                continue
            if kind == "node" and name[:1] == ".":
                found |= {
                    f"node {name[1:]} {extension}": self._told(extension, self._steps(context, extension))
                    for extension in self._ways.sections[context].extensions
                }
            elif kind == "to" and name[:1] == ".":
                found[f"to {name[1:]}"] = self._told("s", self._steps(context, "s"))
            elif kind == "line" and name[:1] == "-":
                found[f"line {name[1:]}"] = self._line(name[1:], self._steps(context, "s"))
        own = self._ways.sections.get(f"desk-{self._name}")
        for name in own.extensions if own else ():
            found[name] = self._told(name, self._steps(f"desk-{self._name}", name))
        return found

    def _steps(self, context: str, extension: str) -> list[Step]:
        section = self._ways.sections.get(context)
        own = section.extensions.get(extension) if section else None
        return [self._ways.known[text] for text in own.steps] if own else []

    def _ways_in(self) -> Iterator[tuple[str, Told]]:
        inbound = self._ways.sections.get("inbound")
        for number in inbound.extensions if inbound else ():
            steps = self._steps("inbound", number)
            if steps[-1].arguments == (f"desk-{self._name}", "arrive", "1"):
                told = any(step.arguments == (f"IVR_NUMBER={number}",) for step in steps)
                yield f"number {number}", Told(self._desk if told else "nobody")
        for name in ("arrive", "went"):
            door = self._steps(f"desk-{self._desk}", name)
            target = door[-1].arguments if door else ()
            yield f"door {name}", Told(target[1] if target[:1] == (f"desk-{self._name}",) else ",".join(target))
        out = f"out-{self._desk}"
        for pattern in self._ways.sections[out].extensions if out in self._ways.sections else ():
            target = self._steps(out, pattern)[-1].arguments
            wanted = (f"outside-{self._desk}", "s", "1")
            yield f"outside {pattern[1:-1]}", Told(self._desk if target == wanted else ",".join(target))

    def _entry(self, name: str, steps: list[Step]) -> dict[str, Told]:
        """Return the ways of one extension of the flow's entry."""
        told = self._told(name, steps)
        if name == "line":
            ready = told.then.split()
            return {"asked before the line": Told("source" if ready[:-1] == ["source"] else " ".join(ready[:-1]))}
        if name in {"begin", "closed", "limit"}:
            return {name: told}
        return {name if _RULE.fullmatch(name) else f"source {name}": told}

    def _told(self, extension: str, steps: list[Step]) -> Told:
        """Read what an extension does: what it sets and speaks, and where it goes, place by place."""
        places: list[str] = []
        values: dict[str, str] = {}
        says: list[str] = []
        for step in steps:
            match step.app:
                case "Set" | "MSet":
                    given = dict(value.removeprefix("__").partition("=")[::2] for value in step.arguments)
                    values |= given
                    says += [self._prompt(given["IVR_SAY"])] if given.get("IVR_SAY") else []
                case "Read" if step.arguments[1]:
                    says.append(f"{self._prompt(step.arguments[1])} wait {step.arguments[5]}")
                case "GotoIf" if number := _NUMBER.fullmatch(step.arguments[0]):
                    says.append(f"{'tries' if number[1] == 'TRIES' else 'below'} {number[2]}")
                case "GotoIf" if span := _BETWEEN.fullmatch(step.arguments[0]):
                    says.append(f"from {span[1]} below {span[2]}")
                case "Hangup":
                    places.append(HANG_UP)
            if step.app in {"Goto", "GotoIf", "Gosub"}:
                places += [self._place(jump.context, jump.extension) for jump in step.jumps if jump.label == "1"]
        places = [values.get("IVR_GO", "") if place == "line" and "IVR_GO" in values else place for place in places]
        if "IVR_SOURCE" in values and extension.startswith("key"):
            says.append(values["IVR_SOURCE"])
        category, language = values.get("IVR_CATEGORY", ""), values.get("CHANNEL(language)", "")
        return Told(" ".join(places), category, language, " ".join(says))

    def _place(self, context: str, extension: str) -> str:
        """Return where a jump leads, as a desk names it."""
        kind, _, name = context.partition(f"-{self._name}")
        place = f"{context},{extension}"
        match kind, name, extension:
            case "", "", _:
                place = _LAST.sub("", extension)
            case ("flow", "", "line" | "limit" | "begin") | ("desk", "", "voicemail" | "sorry"):
                place = extension
            case ("flow", "", "again") | ("node", ".${IVR_AT}", "again"):
                place = "source asked" if kind == "flow" else "asked"
            case "node", _, _ if name[:1] == "." and (extension == "enter" or extension.startswith("to-")):
                place = name[1:] if extension == "enter" else f"{name[1:]} {extension}"
            case "line", _, "s" if name[:1] == "-":
                place = f"in {name[1:]}"
            case "to", ".${IVR_GO}", "s":
                place = "line"
            case "hours" | "week" | "callers", "", "s":
                place = kind
        return _MEANT.get(place, place)

    def _prompt(self, file: str) -> str:
        shape = _FILE.fullmatch(file)
        return shape[2] if shape and shape[1] == self._name else file

    def _line(self, name: str, steps: list[Step]) -> Told:
        told = self._told("s", steps)
        entered, _, behind = told.then.partition(" ")
        over, _, then = behind.partition(" ")
        values = dict(value.partition("=")[::2] for step in steps[:1] for value in step.arguments)
        back = [value.removeprefix("IVR_BACK=") for step in steps for value in step.arguments if "IVR_BACK=" in value]
        if back:  # a node: the controller goes on there, or the dialplan
            then = back[0] if then == f"{back[0]} desk-{self._name},went" else f"{back[0]}, then {then}"
        then = {"sorry": HANG_UP}.get(then, then) if (entered, over) == ("line,enter", "sorry") else told.then
        kept = [f"{what} {values.get(key)}" for what, key in _KEPT.items() if values.get("__IVR_LINE") == name]
        return Told(then, says=" ".join((*kept, *self._members(f"{self._desk}-{name}"))))

    def _members(self, queue: str) -> tuple[str, ...]:
        section = self._queues.partition(f"\n[{queue}](line)\n")[2].partition("\n[")[0]
        joining = [",".join(arguments[1:3]) for arguments in self._joined if arguments[0] == queue]
        found = _ADDED.findall("\n".join((section, *joining)))
        return tuple(dict.fromkeys(agent if penalty == "0" else f"{agent}/{penalty}" for agent, penalty in found))


_MEANT: Mapping[str, str] = {"in ${IVR_GO}": "handed", "${IVR_BACK}": "back"}
"""Variables that name a node or line, and what is meant by them."""
_KEPT: Mapping[str, str] = {"tier": "IVR_TIER", "wait": "IVR_WAIT", "ring": "__IVR_RING"}
