"""Which recording holds a talk, and where in it: from the facts on the caller's channel."""

from __future__ import annotations

from ivr.ledger.call import CallFact
from ivr.ledger.channels import Channel


class Taping:
    """When the caller's channel was recorded, and when there was something to record: it is, while it is in a bridge.

    So the recording is the caller's times in bridges, one behind the other; a `line` fact that says `record=0` switches
    it off, one with `record=1` on again, in the same files.
    """

    __slots__ = ("_pieces", "_turns")

    def __init__(self, caller: Channel) -> None:
        self._turns: list[tuple[int, str]] = []
        """(moment, name) from which that recording goes on; an empty name: none."""
        self._pieces: list[tuple[int, int | None]] = []
        inside: dict[str, int] = {}
        for step in caller.steps:
            if isinstance(step, CallFact):
                self._told(step)
            elif step.kind == "enter":
                inside.setdefault(step.word, step.at)
            elif step.kind == "exit" and step.word in inside:
                self._pieces.append((inside.pop(step.word), step.at))
        self._pieces += [(entered, None) for entered in inside.values()]

    def at(self, moment: int) -> tuple[str, int]:
        """Return the recording of this moment, and the microseconds in it before; `("", 0)` when there is none."""
        name = ""
        on: list[tuple[int, int]] = []
        since = 0
        for turned, named in self._turns:
            if turned > moment:
                break
            if name:
                on.append((since, turned))
            name, since = named, turned
        if not name:
            return "", 0
        on.append((since, moment))
        before = 0
        for entered, left in self._pieces:
            for began, ended in on:
                before += max(0, min(ended, moment if left is None else left) - max(began, entered))
        return name, before

    def _told(self, step: CallFact) -> None:
        name, values = step.fact.name, step.fact.values
        if name == "recording" and values.get("name"):
            self._turns.append((step.at, values["name"]))
        elif name == "line" and values.get("record") == "0":
            self._turns.append((step.at, ""))
