"""Which recording holds a talk, and where in it: from the facts on the caller's channel, and from acts about it."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from ivr.ledger.call import CallFact
from ivr.ledger.channels import Channel

SILENT, HEARD = "record_off", "record_on"
"""Facts that are told outside the call: the controller made a caller's recording silent, or let it hear again. Its
files go on meanwhile."""
NEWS = 2_000_000
"""Microseconds after which an act about a talk's recording counts from the talk's beginning: it came with the talk."""


class Tape(NamedTuple):
    """A moment's recording: its name, empty for none; the microseconds in it before; whether it hears anything."""

    name: str
    before: int
    heard: bool


_NONE = Tape("", 0, heard=False)


class Taping:
    """When the caller's channel was recorded, and when there was something to record: it is, while it is in a bridge.

    So the recording is the caller's times in bridges, one behind the other; a `line` fact that says `record=0` switches
    it off, one with `record=1` on again, in the same files. An attended transfer brings no such fact, but perhaps an
    act that makes the recording silent: then it goes on, and nothing is heard in it.
    """

    __slots__ = ("_pieces", "_silences", "_turns")

    def __init__(self, caller: Channel, facts: Iterable[CallFact] = ()) -> None:
        self._turns: list[tuple[int, str]] = []
        """(moment, name) from which that recording goes on; an empty name: none."""
        self._silences: list[tuple[int, bool]] = []
        """(moment, whether it is silent from then on)."""
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
        for told in facts:
            if told.name in (SILENT, HEARD) and told.values.get("channel") == caller.uniqueid:
                self._silences.append((told.at, told.name == SILENT))

    def at(self, moment: int) -> Tape:
        """Return the recording of a talk that begins at this moment."""
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
            return _NONE
        on.append((since, moment))
        before = 0
        for entered, left in self._pieces:
            for began, ended in on:
                before += max(0, min(ended, moment if left is None else left) - max(began, entered))
        return Tape(name, before, heard=not self._is_silent(since, moment + NEWS))

    def _is_silent(self, since: int, moment: int) -> bool:
        """Say what the last act until a moment says of a recording that was begun, or begun anew, `since` then."""
        said = [silent for at, silent in self._silences if since <= at <= moment]
        return bool(said) and said[-1]

    def _told(self, step: CallFact) -> None:
        name, values = step.fact.name, step.fact.values
        if name == "recording" and values.get("name"):
            self._turns.append((step.at, values["name"]))
        elif name == "line" and values.get("record") == "0":
            self._turns.append((step.at, ""))
