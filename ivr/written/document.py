"""A file's text as plain values, each with its place: YAML without its traps.

Every plain scalar stays the text that the author sees (`012`, `12:30`, `yes`, `1e3`), except `true`, `false` and
`null`; a field that wants a number reads it from the text. Keys are always text. Doubled keys, anchors, aliases,
tags and a second document are mistakes: no file of ours needs one, and each has made somebody's file mean another
thing than it says.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple

import yaml
from yaml.events import (
    AliasEvent,
    DocumentStartEvent,
    Event,
    MappingEndEvent,
    MappingStartEvent,
    ScalarEvent,
    SequenceEndEvent,
    SequenceStartEvent,
    StreamEndEvent,
)

from ivr.written.mistake import Path

DEEPEST = 12
"""Levels of nesting; a desk, the deepest of our files, has six."""
_WORDS: dict[str, bool | None] = dict.fromkeys(("", "~", "null", "Null", "NULL"), None)
_WORDS |= dict.fromkeys(("true", "True", "TRUE"), True) | dict.fromkeys(("false", "False", "FALSE"), False)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_TAB = re.compile(r"^ *\t", re.MULTILINE)
_VANISHED_KEY = re.compile(r"^[ ]*#:", re.MULTILINE)
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


class Place(NamedTuple):
    """Line and column, both from 1; a large file has thousands, and a tuple is made at once."""

    line: int
    column: int


@dataclass(slots=True)
class Document:
    """The values of a file, where each stands, and what is wrong with its text."""

    value: Any = None
    values: dict[Path, Place] = field(default_factory=dict)
    keys: dict[Path, Place] = field(default_factory=dict)
    lists: set[Path] = field(default_factory=set)
    mistakes: list[tuple[Place, str]] = field(default_factory=list)

    def place(self, path: Path, *, at_key: bool = False) -> Place:
        """Return where a path stands, or where its nearest known part does."""
        for length in range(len(path), -1, -1):
            part = path[:length]
            if at_key and length == len(path) and part in self.keys:
                return self.keys[part]
            if part in self.values:
                return self.values[part]
        return Place(1, 1)

    def known(self, path: tuple[object, ...]) -> Path:
        """Return the part of a path that the file has; steps that it does not have are left out."""
        found: Path = ()
        for step in path:
            if (*found, str(step)) in self.values:
                found = (*found, str(step))
        return found


class _TooDeepError(Exception):
    """The text nests deeper than any of our files does."""


@lru_cache(maxsize=4)
def read_document(text: str, kind: str = "desk") -> Document:
    """Read the text of a file of that kind; mistakes of its form are in `mistakes`, all that could be found at once.

    Who reads the same text again, as a copy of the file, gets the same document: nobody changes it.
    """
    document = Document()
    for pattern, wrong in (
        (_CONTROL, "a control character: delete it"),
        (_TAB, "a tab in the indentation: indent with blanks"),
        (_VANISHED_KEY, 'YAML takes `#:` for a comment: write the key as "#":'),
    ):
        for match in pattern.finditer(text):
            document.mistakes.append((_place_of(text, match.end() - 1), wrong))
    if document.mistakes:
        return document
    builder = _Builder(document, kind)
    too_deep = f"more than {DEEPEST} levels: a {kind} has no more than six"
    try:
        builder.read(yaml.parse(text, Loader=_LOADER))
    except _TooDeepError:
        document.mistakes.append((builder.here, too_deep))
    except yaml.MarkedYAMLError as error:
        if "nesting depth" in str(error.problem):  # libyaml from 0.2.6 on has a limit of its own, and reads on up to it
            document.mistakes.append((builder.here, too_deep))
            return document
        mark = error.problem_mark or error.context_mark
        place = Place(mark.line + 1, mark.column + 1) if mark else builder.here
        document.mistakes.append((place, _broken(text, place, error)))
    except yaml.YAMLError:
        document.mistakes.append((builder.here, "a character that YAML does not allow: delete it"))
    return document


def _place_of(text: str, offset: int) -> Place:
    before = text[:offset]
    return Place(before.count("\n") + 1, offset - before.rfind("\n"))


def _broken(text: str, place: Place, error: yaml.MarkedYAMLError) -> str:
    lines = text.splitlines()
    line = lines[place.line - 1] if place.line <= len(lines) else ""
    if re.search(r"(^|[\s{,])\*\s*:", line):
        return 'YAML takes `*:` for an alias: write the key as "*":'
    if re.search(r"(^|[\s\[{:,-])[%@`]", line):
        return "YAML keeps `%`, `@` and ` for itself: write the text in quotes"
    problem = (error.problem or "it cannot be read").strip()
    if "mapping values" in problem:
        return "a colon where none can be: write a text that holds `: ` in quotes, or mend the indentation"
    return f"this is no YAML ({problem}): look for a missing quote, bracket or blank here or just above"


def without(value: Any, paths: Iterable[Path], here: Path = ()) -> Any:
    """Return a copy of nested mappings in which what stands at the paths is left out."""
    if not isinstance(value, dict):
        return value
    inner = [path for path in paths if path[: len(here)] == here]
    if not inner:
        return value
    return {key: without(part, inner, (*here, key)) for key, part in value.items() if (*here, key) not in inner}


class _Builder:
    """Builds the document's value from YAML's events, noting each place."""

    def __init__(self, document: Document, kind: str) -> None:
        self._document = document
        self._kind = kind
        self._events: Iterator[Event] = iter(())
        self._mark: Any = None
        """Where the event stands that was read last."""

    @property
    def here(self) -> Place:
        """The place of the event that was read last."""
        mark = self._mark
        return Place(mark.line + 1, mark.column + 1) if mark else Place(1, 1)

    def read(self, events: Iterator[Event]) -> None:
        self._events = events
        documents = 0
        for event in self._events:
            self._mark = event.start_mark or self._mark
            if isinstance(event, DocumentStartEvent):
                documents += 1
                if documents > 1:
                    cure = "delete the line `---` and what follows"
                    self._mistake(f"a second document: one file is one {self._kind}; {cure}")
                    return
                first = self._next()
                self._document.value = self._value(first, (), self.here)
            elif isinstance(event, StreamEndEvent):
                return

    def _next(self) -> Event:
        event = next(self._events)
        self._mark = event.start_mark or self._mark
        return event

    def _mistake(self, wrong: str) -> None:
        self._document.mistakes.append((self.here, wrong))

    def _value(self, event: Event, path: Path, key_place: Place) -> Any:
        if len(path) > DEEPEST:
            raise _TooDeepError
        if isinstance(event, ScalarEvent):  # the most of all: see to them first
            self._document.values[path] = self.here
            if event.anchor or event.tag:
                self._marked(event)
            return event.value if event.style else _WORDS.get(event.value, event.value)
        block = getattr(event, "flow_style", True) is False
        self._document.values[path] = key_place if block else self.here
        if isinstance(event, AliasEvent):
            cure = "write the value again, or quote it"
            self._mistake(f"`*{event.anchor}` is an alias, and a {self._kind} has none: {cure}")
            return None
        self._marked(event)
        if isinstance(event, MappingStartEvent):
            return self._mapping(path)
        if isinstance(event, SequenceStartEvent):
            return self._sequence(path)
        return None

    def _marked(self, event: Any) -> None:
        """Refuse anchors and tags."""
        if anchor := getattr(event, "anchor", None):
            self._mistake(f"`&{anchor}` is an anchor, and a {self._kind} has none: delete it, or quote the text")
        if tag := getattr(event, "tag", None):
            self._mistake(f"the tag `{tag[:60]}` has no meaning in a {self._kind}: delete it")

    def _sequence(self, path: Path) -> list[Any]:
        found: list[Any] = []
        self._document.lists.add(path)
        while not isinstance(event := self._next(), SequenceEndEvent):
            found.append(self._value(event, (*path, str(len(found))), self.here))
        return found

    def _mapping(self, path: Path) -> dict[str, Any]:
        found: dict[str, Any] = {}
        keys = self._document.keys
        while not isinstance(event := self._next(), MappingEndEvent):
            key_place = self.here
            if isinstance(event, ScalarEvent):
                key = str(event.value)
                if key in found:
                    first = keys[(*path, key)]
                    self._mistake(f"`{key[:60]}` stands here twice, first in line {first.line}: delete one")
            else:
                self._mistake("a key must be a single word: write it without brackets, or in quotes")
                self._value(event, (*path, "?"), key_place)
                key = "?"
            inner = (*path, key)
            keys[inner] = key_place
            found[key] = self._value(self._next(), inner, key_place)
        return found
