"""What a caller's network gives, his number, name and what he dialled, is cleaned before anything reads it (B1, B3)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from ivr.asterisk.ways import Place, Ways

SPECIAL = frozenset("\0\r\n\t,;()[]{}<>$\"'`\\&|^=?:@/%")
"""Characters that mean something to an application, a function, a channel's name or a file."""
_CLEANED = ("CALLERID(num)", "CALLERID(name)", "CALLERID(rdnis)")
_KNOWN_CLEAN = frozenset({"num", "name"})
"""May be read behind `clean`."""
_GIVEN = re.compile(r"\b(EXTEN|CALLERID)\b(?:\(([a-z-]*))?")
_NARROW = re.compile(r"_(?:[0-9*#+XZN]|\[[0-9*#-]+\])+")
"""A pattern that takes digits alone, and so many."""
_SET = re.compile(r"Set\(CALLERID\((?:num|name|rdnis|all)\)=")
_FILTERED = re.compile(r"\$\{FILTER\(([^,]*),\$\{(?:EXTEN|CALLERID\([a-z]+\))[^{}]*\}\)[^{}]*\}")
_RANGE = re.compile(r"(\\x[0-9a-f]{2}|[^\\])(?:-(\\x[0-9a-f]{2}|[^\\]))?")
_HARMLESS = frozenset(
    {"Answer", "ChannelRedirect", "ExecIf", "Gosub", "Goto", "GotoIf", "Hangup", "MSet", "NoOp", "Return", "Set"}
    | {"StartMusicOnHold", "Wait"}
)
"""Applications that tell nobody the caller's number."""


def given_findings(ways: Ways, starts: Iterable[Place]) -> Iterator[str]:
    """Find what reads it as it came, and what is told of a caller before `clean` has seen to him.

    `starts`: where callers come in.
    """
    texts = {id(step): text for text, step in ways.known.items() if _GIVEN.search(text)}
    ours = set(ways.starts("selftest"))
    for place, steps in ways.steps.items():
        for step in steps:
            if (text := texts.get(id(step))) and place not in ours and (wrong := _wrong(text, place)):
                yield f"{wrong}: `{text}`, {place[0]},{place[1]}"
    yield from _told(ways, starts, texts)


def _wrong(text: str, place: Place) -> str:
    for allowed in _FILTERED.findall(text):
        if let := sorted(SPECIAL & letters(allowed)):
            return f"what a caller gave is filtered, but may hold {' '.join(let)}"
    for name, part in _as_it_came(text):
        if name == "CALLERID" and (place[0] == "clean" or part not in _KNOWN_CLEAN):
            return "a caller's number or name as it came"
        if name == "EXTEN" and place[1][0] == "_" and not _NARROW.fullmatch(place[1]):
            return "what a caller dialled as it came"
    return ""


def _as_it_came(text: str) -> list[tuple[str, str]]:
    """Return which of it stands in a step without a filter around it."""
    return _GIVEN.findall(_FILTERED.sub("", _SET.sub("", text, count=1)))


def letters(allowed: str) -> frozenset[str]:
    r"""Return the characters that FILTER lets through: `0-9+*`, `\x80-\xff`."""
    found: set[str] = set()
    for first, last in _RANGE.findall(allowed):
        found |= {chr(code) for code in range(_code(first), _code(last or first) + 1)}
    return frozenset(found)


def _code(written: str) -> int:
    return ord(written) if len(written) == 1 else int(f"0{written[1:]}", 0)


def _told(ways: Ways, starts: Iterable[Place], texts: Mapping[int, str]) -> Iterator[str]:
    """Walk every way from where callers come in to `clean`: nothing on it reads or tells who is calling."""
    clean = [step for place, steps in ways.steps.items() if place[:2] == ("clean", "s") for step in steps]
    done = {step.arguments[0].partition("=")[0] for step in clean if step.app == "Set"}
    yield from (f"clean,s leaves {name} as it came" for name in _CLEANED if name not in done)
    ahead = list(starts)
    seen = set(ahead)
    while ahead:
        place = ahead.pop()
        for step in ways.steps[place]:
            if step.app == "Gosub" and step.arguments[0] == "clean":
                break
            if any(name == "CALLERID" for name, _ in _as_it_came(texts.get(id(step), ""))):
                yield f"a caller's number or name as it came: `{texts[id(step)]}`, {place[0]},{place[1]}"
            if any(one.app not in _HARMLESS for one in (step, *step.inner)):
                yield f"a caller is told of by {step.app} before he was cleaned: {place[0]},{place[1]}"
                break
            on = [to for jump in step.jumps if jump.kind in {"goto", "gosub"} for to in ways.targets(place, jump, step)]
            fresh = set(on) - seen
            seen |= fresh
            ahead += fresh
        else:
            following = ways.following(place)
            if following and following not in seen:
                seen.add(following)
                ahead.append(following)
