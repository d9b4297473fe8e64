"""What the models found wrong, in our words: no author should have to know how the reader is made."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from pydantic import BaseModel, ValidationError

from ivr.flows import model, scalars
from ivr.flows.callback import ONE_KEY
from ivr.flows.spelling import shown
from ivr.written.document import Document
from ivr.written.mistake import Mistake, nearest

_PATTERNS = {
    scalars.NAME: "is no name: write small letters, digits and hyphens, beginning with a letter, at most 40",
    scalars.KEY: "is no telephone key: write one to four of 0-9, * and #",
    ONE_KEY: "is no telephone key: write one of 0-9, * and #",
    scalars.NUMBER: "is no telephone number: write 2 to 20 digits, with a + before a country's code",
    scalars.PREFIX: "is no beginning of a number: write 1 to 15 digits, with a + before a country's code",
    scalars.WHO: "is no beginning of a number: write 1 to 15 digits, with a + before a country's code, or hidden",
    scalars.AGENT_NUMBER: "is no agent's number: write 2 to 8 digits",
    scalars.LANGUAGE: "is no language: write two small letters such as en",
    scalars.SCRIPT: "is no script: write file.py:function, the file being in the desk's `scripts` folder",
}
_SHAPES = {
    "dict_type": "a mapping: write `key: value` lines, or {key: value}",
    "mapping_type": "a mapping: write `key: value` lines, or {key: value}",
    "model_type": "a mapping: write `key: value` lines, or {key: value}",
    "model_attributes_type": "a mapping: write `key: value` lines, or {key: value}",
    "tuple_type": "a list: write it in brackets, [one, two]",
    "string_type": "a text: write it in quotes",
}
_PARTS: Mapping[str, type[BaseModel]] = {
    "say node": model.Say,
    "menu node": model.Menu,
    "script node": model.Script,
    "split node": model.Split,
    "when node": model.When,
    "hours": model.Hours,
    "budget": model.Budget,
    "recording": model.Recording,
    "source": model.Source,
    "voicemail": model.Voicemail,
    "outbound": model.Outbound,
    "callback": model.Callback,
}
_EXTRA_KEYS: Mapping[type[BaseModel], tuple[str, ...]] = {model.Desk: ("language",)}


def mistakes_of(error: ValidationError, document: Document) -> list[Mistake]:
    """Return each thing that the models refused, in our words, at its path in the file."""
    found = error.errors(include_url=False)
    return [_mistake(dict(one), document) for one in found if not _empty_by_another(one["type"], one["loc"], found)]


def _empty_by_another(kind: str, steps: tuple[int | str, ...], found: Iterable[Mapping[str, Any]]) -> bool:
    """Say whether a list is only empty because what stands in it is wrong, which is told for itself."""
    inside = len(steps)
    return kind == "too_short" and any(len(one["loc"]) > inside and one["loc"][:inside] == steps for one in found)


def _mistake(found: dict[str, Any], document: Document) -> Mistake:
    steps, kind, value = found["loc"], found["type"], found["input"]
    at_key = bool(steps) and steps[-1] == "[key]"
    path = document.known(steps)
    context: dict[str, Any] = found.get("ctx", {})
    if kind == "missing":
        return _missing(steps, document)
    if kind == "extra_forbidden":
        word = str(steps[-1])
        path = (*document.known(steps[:-1]), word)
        return Mistake(path, f"{shown(word)} is not known here", nearest(word, _fields(steps)), at_key=True)
    if kind == "value_error":
        wrong, _, cure = str(context["error"]).rpartition(": ")
        return Mistake(path, wrong, cure, at_key=at_key)
    sentence = _sentence(kind, value, context)
    wrong, _, cure = sentence.partition(": ")
    return Mistake(path, wrong, cure, at_key=at_key)


def _sentence(kind: str, value: Any, context: Mapping[str, Any]) -> str:
    if kind == "string_pattern_mismatch":
        return f"{shown(value)} {_PATTERNS[context['pattern']]}"
    if kind in _SHAPES:
        return f"{shown(value)} stands where one writes {_SHAPES[kind]}"
    return _KINDS.get(kind, _otherwise)(value, context)


def _otherwise(value: Any, _: Mapping[str, Any]) -> str:
    return f"{shown(value)} cannot stand here: look it up in docs/language.md"


def _literal(value: Any, context: Mapping[str, Any]) -> str:
    words = re.sub(r"\bTrue\b", "true", str(context["expected"])).replace("False", "false").replace("'", "`")
    return f"{shown(value)} is not one of the words known here: write {words}"


def _too_small(value: Any, context: Mapping[str, Any]) -> str:
    return f"{shown(value)} is too little: write {context['ge']} or more"


def _too_large(value: Any, context: Mapping[str, Any]) -> str:
    return f"{shown(value)} is too much: write {context['le']} or less"


def _empty(_value: Any, _context: Mapping[str, Any]) -> str:
    return "it is empty: write at least one here"


def _no_kind(_value: Any, _context: Mapping[str, Any]) -> str:
    return "this node does nothing: give it `say:`, `menu:`, `script:`, `split:` or `when:`"


_KINDS: Mapping[str, Callable[[Any, Mapping[str, Any]], str]] = {
    "literal_error": _literal,
    "greater_than_equal": _too_small,
    "less_than_equal": _too_large,
    "too_short": _empty,
    "union_tag_not_found": _no_kind,
    "union_tag_invalid": _no_kind,
}


def _missing(steps: tuple[int | str, ...], document: Document) -> Mistake:
    owner, name = document.known(steps[:-1]), str(steps[-1])
    what = f"`{owner[-1]}`" if owner else "the desk"
    cure = "add `language: en`" if name == "languages" else f"add `{name}:`"
    return Mistake(owner, f"{what} has no `{name}`", cure, at_key=True)


def _fields(steps: tuple[int | str, ...]) -> list[str]:
    """Return the keys that are known in the part which holds the unknown one."""
    owner: type[BaseModel] = model.Desk
    for index, step in enumerate(steps[:-1]):
        if str(step) in _PARTS and (index == 0 or str(step).endswith(" node")):
            owner = _PARTS[str(step)]
        elif steps[index - 1] == "lines" and index == 1:
            owner = model.Line
        elif steps[index - 1] == "callers" and index == 1:
            owner = model.CallerRule
        elif step in {"otherwise", "no answer", "closed"} or steps[index - 1] in {"options", "answers"}:
            owner = model.Way
    inner = {"days", "options"}
    names = [field.alias or name for name, field in owner.model_fields.items() if name not in inner]
    return [*names, *_EXTRA_KEYS.get(owner, ())]
