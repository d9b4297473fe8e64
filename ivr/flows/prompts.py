"""Every prompt that a desk can speak, by id and language: what must exist as audio before the desk opens."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ivr.flows.callers import prompt_of
from ivr.flows.model import Desk, Menu, Node, Say, Script, Split, Text, Way, When, way_to
from ivr.flows.phrases import MINUTES, PLACES, WAITED, house_text

RESERVED = (
    "agent",
    "callback",
    "callers",
    "closed",
    "notice",
    "place",
    "sorry",
    "source",
    "voicemail",
    "wait",
    "whisper",
)
"""Prompt ids of the house: no node may have these names."""
_WHERE_SPOKEN = frozenset({"callback", "callers", "place", "wait"})
"""Those of which a desk may have a node that does not speak them."""


@dataclass(frozen=True, slots=True)
class Prompt:
    """One spoken text: its id names the audio file, `<id>.wav`."""

    id: str
    language: str
    text: str


@dataclass(frozen=True, slots=True)
class Spoken:
    """A prompt in all its languages, and the place of its text in the desk file."""

    id: str
    text: Text | None
    """None when the desk leaves it to the house texts."""
    path: tuple[str, ...]


def prompts_of(desk: Desk) -> tuple[Prompt, ...]:
    """Return each prompt of the desk in each of its languages, in the order of a call.

    A text that the desk does not have in a language is left out here; `ivr.flows.checks` names it.
    """
    found = []
    for spoken in spoken_of(desk):
        for language in desk.languages:
            text = text_of(spoken, language, desk)
            if text is not None:
                found.append(Prompt(spoken.id, language, text))
    return tuple(found)


def text_of(spoken: Spoken, language: str, desk: Desk) -> str | None:
    """Return the prompt's text in a language of the desk, or None when nobody gave it."""
    text = desk.phrases.get(spoken.id, spoken.text) if spoken.text is None else spoken.text
    if isinstance(text, str):
        # One bare string speaks the desk's only language; with several languages it would be a guess.
        return text if len(desk.languages) == 1 else None
    if text is not None and language in text:
        return text[language]
    return house_text(spoken.id, language) if spoken.text is None else None


def reserved(desk: Desk) -> frozenset[str]:
    """Return the names that no node of this desk may have."""
    told = {word for line in desk.lines.values() for word in line.tells}
    own = told | ({"callers"} if desk.callers else set()) | ({"callback"} if desk.calls_back else set())
    return frozenset(RESERVED) - (_WHERE_SPOKEN - own)


def key_prompt(node: str, key: str) -> str:
    """Return the prompt id of what is said after a key, or of it: `category.1`, `callback.offer.star`."""
    return f"{node}.{key.replace('*', 'star').replace('#', 'pound')}"


def spoken_of(desk: Desk) -> Iterator[Spoken]:
    """Walk over the prompts that the desk needs, in the order of a call."""
    for place, rule in enumerate(desk.callers):
        if rule.say:
            yield Spoken(prompt_of(place), rule.say, ("callers", str(place), "say"))
    if desk.hours and desk.hours.closed.say:
        yield Spoken("closed", desk.hours.closed.say, ("hours", "closed", "say"))
    if says_notice(desk):
        yield Spoken("notice", desk.recording.say if desk.recording else None, ("recording", "say"))
    for name, node in desk.flow.items():
        yield from _of_node(name, node)
    if desk.source and (desk.asks_while_waiting or desk.asks_before_line):
        yield Spoken("source", desk.source.menu, ("source", "menu"))
    yield from _of_lines(desk)
    yield from _of_whisper(desk)
    for word in ("ready", "paused", "out", "unknown"):
        yield Spoken(f"agent.{word}", None, ())


def says_notice(desk: Desk) -> bool:
    """Say whether any callers of this desk are told that they are recorded."""
    return any(tells_notice(desk, line) for line in desk.lines)


def tells_notice(desk: Desk, line: str) -> bool:
    """Say whether a caller is told before he enters a line: he is when this line records, or one that it overflows to.

    Once he waits nobody speaks to him any more, so he is told of all that may come. A line whose `then` is a node ends
    the search: from there he comes to a line by the flow again, and is told then.
    """
    if desk.recording is None or desk.recording.notice == "never":
        return False
    seen: set[str] = set()
    while line in desk.lines and line not in seen:
        if desk.lines[line].record:
            return True
        seen.add(line)
        line = desk.lines[line].then
    return False


def sources_of(desk: Desk) -> tuple[str, ...]:
    """Return the names of all sources that the desk can learn, each once, in the order of the file."""
    source = desk.source
    return tuple(dict.fromkeys((*source.options.values(), *source.by_number.values()))) if source else ()


def ways_of(name: str, node: Node) -> Iterator[tuple[str, Way, tuple[str, ...]]]:
    """Walk over a node's ways on: the prompt id of what is said on it, the way, its path in the file."""
    if isinstance(node, Menu):
        for key, way in node.options.items():
            yield key_prompt(name, key), way, ("flow", name, key)
        if node.no_answer:
            yield f"{name}.no-answer", node.no_answer, ("flow", name, "no answer")
    elif isinstance(node, Split):
        for target in node.split:
            yield "", way_to(target), ("flow", name, "split", target)
    elif isinstance(node, When):
        for span, target in node.when.items():
            yield "", way_to(target), ("flow", name, "when", span)
        yield "", way_to(node.otherwise), ("flow", name, "otherwise")
    elif isinstance(node, Script):
        for answer, way in node.answers.items():
            yield f"{name}.{answer}", way, ("flow", name, "answers", answer)
        yield f"{name}.otherwise", node.otherwise, ("flow", name, "otherwise")


def _of_node(name: str, node: Node) -> Iterator[Spoken]:
    if isinstance(node, Say):
        yield Spoken(name, node.say, ("flow", name, "say"))
    elif isinstance(node, Menu):
        yield Spoken(name, node.menu, ("flow", name, "menu"))
        if node.wrong_key:
            yield Spoken(f"{name}.wrong-key", node.wrong_key, ("flow", name, "wrong key"))
    for prompt, way, path in ways_of(name, node):
        if way.say:
            yield Spoken(prompt, way.say, (*path, "say"))


def _of_lines(desk: Desk) -> Iterator[Spoken]:
    told = {word for line in desk.lines.values() for word in line.tells}
    if "place" in told:
        yield from (Spoken(f"place.{place}", None, ()) for place in (*PLACES, "more"))
    if "wait" in told:
        yield from (Spoken(f"wait.{minutes}", None, ()) for minutes in (*MINUTES, "more"))
    if desk.calls_back:
        yield Spoken(key_prompt("callback.offer", desk.callback.key), None, ())
        yield Spoken(f"callback.within.{desk.callback.minutes}", None, ())
        yield Spoken("callback.hello", None, ())
    yield Spoken("sorry", None, ())
    if desk.voicemail:
        yield Spoken("voicemail", desk.voicemail.say, ("voicemail", "say"))
        yield Spoken("voicemail.thanks", None, ())


def _of_whisper(desk: Desk) -> Iterator[Spoken]:
    whispers = [line.whisper for line in desk.lines.values() if line.whisper]
    if desk.calls_back:
        yield Spoken("whisper.callback", None, ())
        yield Spoken("whisper.unreached", None, ())
    elif not whispers:
        return
    for category, text in desk.categories.items():
        yield Spoken(f"whisper.category.{category}", text, ("categories", category))
    for source in sources_of(desk):
        if desk.source and source in desk.source.names:
            yield Spoken(f"whisper.source.{source}", desk.source.names[source], ("source", "names", source))
    for seconds in WAITED:
        yield Spoken(f"whisper.waited.{seconds}", None, ())
    yield Spoken("whisper.known", None, ())
    yield Spoken("whisper.new", None, ())
    if desk.source and desk.source.ask == "by agent":
        yield Spoken("whisper.ask-source", None, ())
    if "accept" in whispers:
        yield Spoken("whisper.accept", None, ())
