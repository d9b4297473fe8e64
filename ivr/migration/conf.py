"""Asterisk's configuration files: sections, their settings, comments and templates."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from ivr.migration.shape import Findings

_SECTION = re.compile(r"\[([^\]]{1,80})\]\s*(?:\(([^)]*)\))?")
_SETTING = re.compile(r"\s*([\w-]+)\s*(?:=>|=)\s*(.*)", re.DOTALL)
_COMMENT = re.compile(r"(?<!\\);")
_VARIABLE = re.compile(r"\$\{(\w+)\}")
_BRACKETS = {"(": ")", "[": "]", "{": "}"}


class ConfLine(NamedTuple):
    """A line of a file."""

    where: str
    """`extensions.conf:14`."""
    text: str


class Setting(NamedTuple):
    """`name => value`."""

    where: str
    name: str
    value: str


@dataclass(slots=True)
class Section:
    """`[name]` and what stands under it, its templates' settings first."""

    name: str
    settings: list[Setting] = field(default_factory=list)
    template: bool = False


def read_sections(lines: Iterable[ConfLine], findings: Findings) -> dict[str, Section]:
    """Return the sections by name; one that is opened again goes on."""
    found: dict[str, Section] = {}
    section: Section | None = None
    in_comment = False
    for where, raw in lines:
        text, in_comment = _without_comments(raw, in_comment=in_comment)
        text = text.strip()
        if not text:
            continue
        if text.startswith("#"):
            findings.lose(where, f"`{text}`", "give what it brings in as part of the file; nothing is run or fetched")
        elif head := _SECTION.match(text):
            section = found.setdefault(head[1].strip(), Section(head[1].strip()))
            for word in (part.strip() for part in (head[2] or "").split(",")):
                if word == "!":
                    section.template = True
                elif word in found and word != section.name:
                    section.settings += found[word].settings
        elif (setting := _SETTING.fullmatch(text)) and section:
            section.settings.append(Setting(where, setting[1].lower(), setting[2].strip()))
        else:
            findings.lose(where, f"`{text[:60]}`", "it is no setting: look whether the line is whole")
    return found


def split_arguments(text: str) -> list[str]:
    """Return an application's arguments: commas within brackets and quotes part nothing; old files have `|`."""
    found, start, closing, quoted = list[str](), 0, list[str](), False
    separator = "," if "," in text else "|"
    for place, letter in enumerate(text):
        if letter == '"':
            quoted = not quoted
        elif quoted:
            continue
        elif letter in _BRACKETS:
            closing.append(_BRACKETS[letter])
        elif closing and letter == closing[-1]:
            closing.pop()
        elif letter == separator and not closing:
            found.append(text[start:place].strip())
            start = place + 1
    return [*found, text[start:].strip()]


def filled(text: str, known: dict[str, str]) -> str:
    """Return text with the variables put in that are known, by small letters; one may stand in another."""
    for _ in range(5):
        after = _VARIABLE.sub(lambda found: known.get(found[1].lower(), found[0]), text)
        if after == text or len(after) > 2000:
            break
        text = after
    return text


def _without_comments(text: str, *, in_comment: bool) -> tuple[str, bool]:
    """Return a line without comments, and whether a `;--` comment goes on."""
    if in_comment:
        _, end, text = text.partition("--;")
        if not end:
            return "", True
    kept = ""
    while found := _COMMENT.search(text):
        kept += text[: found.start()]
        rest = text[found.end() :]
        if not rest.startswith("--") or rest.startswith("---"):
            return kept.replace("\\;", ";"), False
        _, end, text = rest[2:].partition("--;")
        if not end:
            return kept.replace("\\;", ";"), True
    return (kept + text).replace("\\;", ";"), False
