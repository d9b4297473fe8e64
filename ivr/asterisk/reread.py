"""extensions.conf, read back: what we write into it and nothing else, so that nothing in it stays unlooked-at."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

LONGEST_NAME = 79
"""Characters of a context or extension; Asterisk cuts off the rest, and two names may become one."""
_LONGEST_LINE = 4000
"""Asterisk cuts a longer one as well."""
_HEADING = re.compile(r"\[([A-Za-z0-9._-]+)\]")
_FIRST = re.compile(r"exten => (_?[A-Za-z0-9+*#!._\[\]-]+),(1|hint),(.+)")
_LABELLED = re.compile(r" same => n\(([a-z]+)\),(.+)")
_SETTING = re.compile(r"[a-z]+=[a-z]+")
_GENERAL = "general"
_SAME = " same => n,"


class UnreadableError(ValueError):
    """A line that we never write."""


class Extension(NamedTuple):
    """One extension: its steps in order, as `Application(arguments)`, and the places of those with a label."""

    steps: list[str]
    labels: dict[str, int]


class Section(NamedTuple):
    """One context."""

    includes: list[str]
    extensions: dict[str, Extension]


def read_dialplan(files: Mapping[str, str]) -> dict[str, Section]:
    """Return context → what stands in it, of the files together. Raises `UnreadableError` with file and line."""
    found: dict[str, Section] = {}
    for name, text in files.items():
        section: Section | None = None
        steps: list[str] = []
        labels: dict[str, int] = {}
        for number, line in enumerate(text.split("\n"), 1):
            if line.startswith(_SAME):
                steps.append(line[len(_SAME) :])
                sound = len(steps) > 1
            elif not line or line[0] == ";":
                continue
            elif first := _FIRST.fullmatch(line):
                sound = section is not None and len(first[1]) <= LONGEST_NAME
                if first[2] == "1" and section is not None:
                    sound = sound and first[1] not in section.extensions
                    steps, labels = [first[3]], {}
                    section.extensions[first[1]] = Extension(steps, labels)
            elif labelled := _LABELLED.fullmatch(line):
                sound = bool(steps) and labelled[1] not in labels
                labels[labelled[1]] = len(steps)
                steps.append(labelled[2])
            elif heading := _HEADING.fullmatch(line):
                sound = heading[1] not in found and len(heading[1]) <= LONGEST_NAME
                found[heading[1]], steps = Section([], {}), []
                section = None if heading[1] == _GENERAL else found[heading[1]]
            else:
                sound = _apart(line, section, files)
            if not sound or ";" in line or len(line) > _LONGEST_LINE:
                raise UnreadableError(f"{name}:{number}: `{line[:100]}`")
    found.pop(_GENERAL, None)
    return found


def _apart(line: str, section: Section | None, files: Mapping[str, str]) -> bool:
    """Take what stands in few lines; say whether it is known."""
    if line.startswith("include => ") and section is not None:
        section.includes.append(line.removeprefix("include => "))
        return True
    return line.removeprefix("#include ") in files or (section is None and bool(_SETTING.fullmatch(line)))


def split(text: str, separator: str) -> list[str]:
    """Cut at a separator, but not within brackets. Raises `UnreadableError` when they do not match."""
    if _BRACKET.search(text) is None:
        return text.split(separator)
    parts, begin, depth = [], 0, 0
    for mark in _MARKS[separator].finditer(text):
        at = mark[0]
        if at in "([{":
            depth += 1
        elif at in ")]}":
            depth -= 1
            if depth < 0:
                break
        elif not depth:
            parts.append(text[begin : mark.start()])
            begin = mark.end()
    if depth:
        raise UnreadableError(f"`{text[:100]}`: its brackets do not match")
    return [*parts, text[begin:]]


_BRACKET = re.compile(r"[()\[\]{}]")
_MARKS = {separator: re.compile(rf"[()\[\]{{}}{re.escape(separator)}]") for separator in ",?:&^"}
