"""What docs/language.md says of each key's default and limits, held against the models that refuse and fill in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any, NamedTuple, get_args

from annotated_types import Ge, Le, MaxLen, MinLen
from pydantic.fields import FieldInfo

from ivr.flows import spelling
from ivr.flows.model import (
    Budget,
    Callback,
    CallerRule,
    Desk,
    Hours,
    Line,
    Menu,
    Outbound,
    Recording,
    Say,
    Script,
    Source,
    Split,
    Voicemail,
    Way,
    When,
)
from ivr.flows.part import Part

HIDDEN = {"days", "options", "answers"}
"""Fields that are no keys of a file: what they hold stands beside the keys."""
_FLOW = "Flow: five kinds of nodes"
PLACES: dict[type[Part], tuple[str, str]] = {
    Desk: ("The desk", ""),
    Line: ("Lines", ""),
    Say: (_FLOW, ""),
    Menu: (_FLOW, "menu"),
    Script: (_FLOW, "script"),
    Split: (_FLOW, ""),
    When: (_FLOW, "when"),
    Callback: ("Callbacks", "key"),
    Source: ("Source: how he heard of us", "ask"),
    CallerRule: ("Callers", ""),
    Hours: ("Hours", ""),
    Recording: ("Recording", ""),
    Voicemail: ("Voicemail", "silence"),
    Outbound: ("Outbound", "allow"),
    Budget: ("Budget", ""),
    Way: ("Words that come again", ""),
}
"""The section of each part, and a key by which its example is known, if its keys stand in one, a line each."""


class Said(NamedTuple):
    """What the page says of a key."""

    default: str
    """Its default, or the value that the example gives; empty when neither is there."""
    words: str
    table: bool


def faults(page: str) -> list[str]:
    """Return what the page says wrongly, or does not say, of any key."""
    return [
        f"{part.__name__}: `{field.alias}`: {fault}"
        for part in PLACES
        for name, field in part.model_fields.items()
        if name not in HIDDEN
        for fault in _faults(field, _said(page, part, str(field.alias)))
    ]


def _faults(field: FieldInfo, said: Said) -> Iterator[str]:
    if not said.words:
        yield "nothing is said of it"
    if said.table and (said.default == "–") != field.is_required():
        yield "– stands for what must be there, and for nothing else"
    default = None if field.is_required() else field.get_default(call_default_factory=True)
    if isinstance(default, (timedelta, bool, int, str)) or (isinstance(default, tuple) and default):
        written = _written(default)
        elsewhere = not said.table and re.search(r"left out|by default", said.words) and written in said.words
        if _value(said.default) != default and said.default != written and not elsewhere:
            yield f"its default is {written}"
    words = said.words.replace("`", "")
    ranges = {(_value(low), _value(high)) for low, high in re.findall(r"(\d\w*) to (\d\w*)", words)}
    for low, high in _limits(field):
        least = {_value(one) for one in re.findall(r"(\d\w*)(?: \w+)? at least", words)}
        most = {_value(one) for one in re.findall(r"(\d\w*)(?: \w+)? at most", words)}
        if high is None and low not in least:
            yield f"{_written(low)} at least"
        elif low is None and high not in most:
            yield f"{_written(high)} at most"
        elif None not in (low, high) and (low, high) not in ranges:
            yield f"{_written(low)} to {_written(high)}"


def _limits(field: FieldInfo) -> Iterator[tuple[Any, Any]]:
    """Yield the least and the most of a value, of its parts, and of how many there are; None = no such limit."""
    for metadata in (field.metadata, *_inner(field.annotation)):
        low = next((one.ge for one in metadata if isinstance(one, Ge)), None)
        high = next((one.le for one in metadata if isinstance(one, Le)), None)
        if (low, high) != (None, None):
            yield low, high
    fewest = next((one.min_length for one in field.metadata if isinstance(one, MinLen)), 0)
    most = next((one.max_length for one in field.metadata if isinstance(one, MaxLen)), None)
    if fewest > 1:  # that one must be there says what is meant by its key
        yield fewest, None
    if most is not None:
        yield None, most


def _inner(annotation: Any) -> Iterator[list[Any]]:
    for one in get_args(annotation):
        if isinstance(one, FieldInfo):
            yield one.metadata
        else:
            yield from _inner(one)


def _said(page: str, part: type[Part], key: str) -> Said:
    title, example = PLACES[part]
    found = re.search(rf"^##+ {title}\n(.*?)(?=^##+ |\Z)", page, re.DOTALL | re.MULTILINE)
    assert found, f"there is no section {title}"
    section = found[1]
    for keys, default, meaning in re.findall(r"^\| (.*?) \| (.*?) \| (.*) \|$", section, re.MULTILINE):
        if f"`{key}`" in keys:
            return Said(default, meaning, table=True)
    for block in re.findall(r"```yaml\n(.*?)```", section, re.DOTALL):
        line = re.search(rf"^ *{re.escape(key)}: *(.*?)(?:  +# (.*))?$", block, re.MULTILINE)
        if example and line and re.search(rf"^ *{example}:", block, re.MULTILINE):
            return Said(line[1], f"{line[1]} {line[2] or ''}", table=False)
    sentences = [one for one in re.split(r"(?<=[.:;])\s+(?=[A-Z`*])", section) if re.search(rf"\b{key}\b", one)]
    inline = re.search(rf"\b{key}: ([^,}}]+)", section)
    return Said(inline[1].strip() if inline else "", " ".join(sentences), table=False)


def _value(word: str) -> Any:
    """Return what the reader makes of it: a duration, a switch, a number; else the word itself."""
    word = word.strip().strip('`"')
    if word in ("true", "false"):
        return word == "true"
    if re.fullmatch(r"\d+", word):
        return int(word)
    try:
        return spelling.duration(word)
    except ValueError:
        return word


def _written(value: Any) -> str:
    if isinstance(value, timedelta):
        return spelling.written_duration(value)
    if isinstance(value, tuple):
        return ", ".join(value)
    return str(value).lower() if isinstance(value, bool) else str(value)
