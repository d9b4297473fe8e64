"""The map of an older system: a short YAML file, checked like a desk file, every mistake with its place and cure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from pathlib import Path as File
from types import MappingProxyType
from typing import Any

from ivr.flows import scalars, spelling
from ivr.history.naming import SYSTEM, Naming, Place
from ivr.written.document import Document
from ivr.written.file import error_of, read_written
from ivr.written.mistake import Mistake, Path, nearest

_KEYS = ("system", "desk", "time zone", "queues", "agents", "numbers")

Desks = Mapping[str, Collection[str]]
"""Each known desk, and its lines."""


def read_map(path: File, desks: Desks) -> Naming:
    """Read a map file. Raises `AuthorError` with all mistakes. `desks` empty = names of desks are not checked."""
    document = read_written(path, "map")
    reader = _Reader(document, desks)
    naming = reader.naming()
    if reader.mistakes:
        raise error_of(path, document, reader.mistakes)
    return naming


class _Reader:
    """Walks over the document and keeps what is wrong."""

    def __init__(self, document: Document, desks: Desks) -> None:
        self._top = document.value
        self._desks = desks
        self.mistakes: list[Mistake] = []

    def naming(self) -> Naming:
        top = self._top
        if not isinstance(top, dict):
            self._wrong((), "this is no map", "begin with `system: oldpbx`, or see `--propose`")
            return Naming("old")
        for key in top:
            if key not in _KEYS:
                self._wrong((key,), f"{spelling.shown(key)} is not known here", nearest(key, _KEYS), at_key=True)
        system = self._system(top.get("system"))
        desk = self._desk(("desk",), top["desk"]) if "desk" in top else ""
        zone = self._zone(top["time zone"]) if "time zone" in top else ""
        return Naming(
            system,
            desk,
            zone,
            MappingProxyType({name: self._place(name, value) for name, value in self._mapping("queues").items()}),
            MappingProxyType({name: self._agent(name, value) for name, value in self._mapping("agents").items()}),
            MappingProxyType(
                {name: self._desk(("numbers", name), value) for name, value in self._mapping("numbers").items()}
            ),
        )

    def _system(self, value: Any) -> str:
        if value is None:
            self._wrong((), "the map has no `system`", "add `system: oldpbx`; it begins the ids of the imported calls")
        elif not isinstance(value, str) or not re.fullmatch(SYSTEM, value):
            cure = "write small letters, digits and hyphens, beginning with a letter, at most 40"
            self._wrong(("system",), f"{spelling.shown(value)} is no name", cure)
        else:
            return value
        return "old"

    def _mapping(self, key: str) -> dict[str, Any]:
        value = self._top.get(key)
        if value is None:
            return {}
        if not isinstance(value, dict):
            self._wrong((key,), f"{spelling.shown(value)} stands where one writes a mapping", "write `name: …` lines")
            return {}
        return value

    def _zone(self, value: Any) -> str:
        try:
            return spelling.time_zone(str(value))
        except ValueError as error:
            wrong, _, cure = str(error).rpartition(": ")
            self._wrong(("time zone",), wrong, cure)
            return ""

    def _desk(self, path: Path, value: Any) -> str:
        if not isinstance(value, str) or not re.fullmatch(scalars.NAME, value):
            self._wrong(path, f"{spelling.shown(value)} is no name of a desk", "write the desk's name")
            return ""
        if self._desks and value not in self._desks:
            self._wrong(path, f"there is no desk {spelling.shown(value)}", nearest(value, self._desks))
        return value

    def _place(self, queue: str, value: Any) -> Place:
        path = ("queues", queue)
        if not isinstance(value, dict) or set(value) != {"desk", "line"}:
            self._wrong(path, f"{spelling.shown(value)} is no place of a queue", "write {desk: shop, line: first}")
            return Place("", queue)
        desk, line = self._desk((*path, "desk"), value["desk"]), value["line"]
        if not isinstance(line, str) or not re.fullmatch(scalars.NAME, line):
            self._wrong((*path, "line"), f"{spelling.shown(line)} is no name of a line", "write the line's name")
            return Place(desk, queue)
        if desk in self._desks and line not in self._desks[desk]:
            wrong = f"the desk `{desk}` has no line {spelling.shown(line)}"
            self._wrong((*path, "line"), wrong, nearest(line, self._desks[desk]))
        return Place(desk, line)

    def _agent(self, name: str, value: Any) -> str:
        if not isinstance(value, str) or not re.fullmatch(scalars.AGENT_NUMBER, value):
            self._wrong(("agents", name), f"{spelling.shown(value)} is no agent's number", "write 2 to 8 digits")
            return ""
        return value

    def _wrong(self, path: Path, wrong: str, cure: str, *, at_key: bool = False) -> None:
        self.mistakes.append(Mistake(path, wrong, cure, at_key=at_key))
