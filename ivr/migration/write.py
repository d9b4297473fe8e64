"""A draft -> the text of a desk file, and which recording of the old system is which prompt."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import NamedTuple

from ivr.flows.model import HANG_UP, VOICEMAIL, Desk
from ivr.flows.phrases import HOUSE
from ivr.flows.prompts import spoken_of
from ivr.flows.spelling import written_duration
from ivr.migration.draft import Draft
from ivr.migration.shape import DEFAULT_WORDS, Clock, Menu, Queue, Way, shown
from ivr.written.document import read_document

WRITE = "write here what it says"
"""Stands in every text that nobody knows."""
_LONGEST_WAIT, _LONGEST_RING, _LONGEST_WRAP = 7200, 300, 1800
_MOST_WAITING = 500
_UNLIMITED = 600
"""Seconds of a wait without an end: `patience` ends it then."""


class Recording(NamedTuple):
    """A recording of the old system, and the prompt that it is here."""

    names: tuple[str, ...]
    """In the order in which they were played."""
    prompt: str
    language: str


def recordings_of(draft: Draft) -> Iterator[Recording]:
    """Walk over the recordings that a person can bring along."""
    for language in draft.languages:
        for key, node in draft.nodes.items():
            if isinstance(node, Clock):
                continue
            if node.prompt:
                yield Recording(node.prompt, draft.names[key], language)
            if isinstance(node, Menu) and node.wrong and node.wrong != (DEFAULT_WORDS,):
                yield Recording(node.wrong, f"{draft.names[key]}.wrong-key", language)


def desk_text(draft: Draft, source: str) -> str:
    """Return the desk file. `source` is what it comes from."""
    text = "".join(f"{line}\n" for line in _lines(draft, source, {}))
    if set(draft.languages) <= set(HOUSE):
        return text
    # The house speaks other languages than this desk: each of its texts needs words of the desk's own.
    document = read_document(text)
    house = [one for one in spoken_of(Desk.model_validate(document.value, by_alias=True)) if one.text is None]
    phrases = {one.id: f"House text {one.id}: write here what is said" for one in house}
    return "".join(f"{line}\n" for line in _lines(draft, source, phrases))


def _lines(draft: Draft, source: str, phrases: Mapping[str, str]) -> Iterator[str]:
    yield f"# Imported from {shown(source, 80)} by `ivr import`, to begin with: read it all, look for `write here`."
    yield f"desk: {draft.name}"
    yield f"numbers: [{', '.join(_quoted(number.number) for number in draft.numbers)}]"
    one = len(draft.languages) == 1
    yield f"language: {draft.languages[0]}" if one else f"languages: [{', '.join(draft.languages)}]"
    yield f"time zone: {draft.zone or 'UTC'}"
    if draft.opening:
        yield from _hours(draft)
    if any(line.record for line in draft.lines.values()):
        yield "recording: {notice: once}"
    if draft.mailbox:
        yield "voicemail: {limit: 3m, instead of sorry: false}"
    if draft.callers:
        yield "callers:"
        yield from (f"  - {_caller(draft, way, who)}" for way, who in draft.callers)
    yield ""
    yield "agents:"
    yield from (f"  {number}: {_quoted(name)}" for number, name in draft.people.items())
    yield ""
    yield from _categories(draft)
    yield "lines:"
    recorded = any(line.record for line in draft.lines.values())
    for key, line in draft.lines.items():
        yield f"  {draft.names[key]}: {_line(draft, line, recorded=recorded)}"
    yield ""
    yield "flow:"
    for key, node in draft.nodes.items():
        name = draft.names[key]
        if isinstance(node, Menu):
            yield from _menu(draft, name, node)
        elif isinstance(node, Clock):
            yield from (f"  {name}:", "    when:")
            yield from (f"      {times}: {_target(draft, node.during)}" for times in node.times)
            yield f"    otherwise: {_target(draft, node.otherwise)}"
        else:
            text = _spoken(draft, node.prompt, "Write here what callers hear")
            yield f"  {name}: {{say: {text}, then: {_target(draft, node.then)}}}"
    if phrases:
        yield ""
        yield "phrases:"
        yield from (f"  {prompt}: {_in_languages(draft, text)}" for prompt, text in phrases.items())


def _hours(draft: Draft) -> Iterator[str]:
    if draft.opening is None:
        return
    yield "hours:"
    yield from (f'  {days}: "{times}"' for days, times in draft.opening.days.items())
    if draft.opening.holidays:
        dates = ", ".join(
            f'"{day}": {times if times == "closed" else _quoted(times)}'
            for day, times in draft.opening.holidays.items()
        )
        yield f"  holidays: {{{dates}}}"
    yield f"  closed: {_way(draft, draft.opening.closed, '')}"


def _caller(draft: Draft, way: Way, who: list[str]) -> str:
    language = f"language: {way.language}, " if way.language else ""
    return f"{{who: [{', '.join(map(_quoted, who))}], {language}then: {_target(draft, way)}}}"


def _categories(draft: Draft) -> Iterator[str]:
    if not draft.categories:
        yield "categories: {}"
    else:
        yield "categories:"
        for key, name in draft.categories.items():
            yield f"  {draft.names[key]}: {_in_languages(draft, shown(name, 200))}"
    yield ""


def _line(draft: Draft, line: Queue, *, recorded: bool) -> str:
    parts = [f"agents: [{', '.join(line.agents)}]"]
    steps = sorted({line.penalties.get(agent, 0) for agent in line.agents})
    ranks = {agent: min(9, steps.index(line.penalties.get(agent, 0)) + 1) for agent in line.agents}
    if later := [f"{agent}: {rank}" for agent, rank in ranks.items() if rank > 1]:
        parts.append(f"rank: {{{', '.join(later)}}}")
    if line.tells:
        parts.append(f"tells: [{', '.join(line.tells)}]")
    parts.append(f"ring: {_duration(line.ring, _LONGEST_RING)}")
    parts.append(f"wait: {_duration(line.wait or _UNLIMITED, _LONGEST_WAIT)}")
    if line.most:
        parts.append(f"most waiting: {min(line.most, _MOST_WAITING)}")
    parts.append(f"then: {_target(draft, line.then)}")
    if line.wrap:
        parts.append(f"wrap: {_duration(line.wrap, _LONGEST_WRAP)}")
    if recorded and not line.record:
        parts.append("record: false")
    return f"{{{', '.join(parts)}}}"


def _menu(draft: Draft, name: str, node: Menu) -> Iterator[str]:
    yield f"  {name}:"
    unknown = f"Write here which keys there are: {', '.join(node.keys)}"
    yield f"    menu: {_spoken(draft, node.prompt, unknown)}"
    for key, way in node.keys.items():
        line = draft.line_behind(way)
        category = draft.names[line] if line else ""
        yield f"    {key if key.isdigit() else _quoted(key)}: {_way(draft, way, category)}"
    yield f"    wait: {_duration(node.wait, 30)}"
    yield f"    tries: {max(1, min(node.tries, 5))}"
    if node.wrong:
        yield f"    wrong key: {_spoken(draft, node.wrong, 'Write here what is said after a wrong key')}"
    yield f"    no answer: {_way(draft, node.silent, '')}"


def _way(draft: Draft, way: Way, category: str) -> str:
    language = way.language if len(draft.languages) > 1 and way.language else ""
    if not category and not language:
        return _target(draft, way)
    parts = [f"category: {category}"] if category else []
    parts += [f"language: {language}"] if language else []
    return f"{{{', '.join((*parts, f'then: {_target(draft, way)}'))}}}"


def _target(draft: Draft, way: Way) -> str:
    return way.to if way.to in (HANG_UP, VOICEMAIL) else draft.names[way.to]


def _spoken(draft: Draft, recordings: tuple[str, ...], unknown: str) -> str:
    names = shown(" and ".join(recordings), 200)
    known = recordings and recordings != (DEFAULT_WORDS,)
    return _in_languages(draft, f"Recording {names}: {WRITE}" if known else unknown)


def _in_languages(draft: Draft, text: str) -> str:
    if len(draft.languages) == 1:
        return _quoted(text)
    return f"{{{', '.join(f'{language}: {_quoted(text)}' for language in draft.languages)}}}"


def _duration(seconds: int, most: int) -> str:
    """Return a duration as an author writes it, within what a desk allows."""
    return written_duration(timedelta(seconds=max(1, min(seconds, most))))


def _quoted(text: str) -> str:
    """Return text as YAML reads it back: JSON's quotes are YAML's."""
    return json.dumps(text, ensure_ascii=False)
