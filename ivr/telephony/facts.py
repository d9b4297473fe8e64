"""Facts: what the desk did in a call, in the words that go into the journal.

A fact travels as one CEL user event named `IVR`. Several facts of one turn share an event. The text form is
`name?key=value&key=value`, facts separated by a blank, every value percent-encoded: so it holds no comma, quote,
backslash, dollar sign or newline, and neither Asterisk's argument parser nor AGI can misread it. Dialplan writes
the same form for its own facts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from urllib.parse import quote, unquote

EVENT_NAME = "IVR"
LARGEST_EVENT = 300
"""Bytes of one event's facts: Asterisk cuts a row of the journal at 1023, and it holds them twice beside its other
fields, of which a caller's name alone may have 80."""
_SAFE = "-_.:+*"
DEAF = 0.7
"""Seconds from a `line` fact in which a key is the menu's, pressed twice or too long, and no answer to its question."""


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that happened, e.g. `Fact("category", {"category": "claim"})`."""

    name: str
    values: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        object.__setattr__(self, "values", MappingProxyType(dict(self.values)))

    def __hash__(self) -> int:
        return hash((self.name, tuple(self.values.items())))

    def __reduce__(self) -> tuple[type[Fact], tuple[str, dict[str, str]]]:
        return Fact, (self.name, dict(self.values))


def write_facts(facts: Iterable[Fact]) -> str:
    """Return the journal's text of the facts (see the module's docstring)."""
    return " ".join(_write(fact) for fact in facts)


def write_events(facts: Iterable[Fact]) -> tuple[str, ...]:
    """Return the texts of as few events as hold the facts in order: Asterisk cuts a journal row at 1023 bytes."""
    events: list[str] = []
    for fact in facts:
        word = _write(fact)
        if events and len(events[-1]) + len(word) < LARGEST_EVENT:
            events[-1] += f" {word}"
        else:
            events.append(word)
    return tuple(events)


def read_facts(text: str) -> tuple[Fact, ...]:
    """Read the journal's text back. Words that are no fact are dropped: the journal is never trusted blindly."""
    found = []
    for word in text.split(" "):
        name, _, query = word.partition("?")
        if name.isidentifier():
            found.append(Fact(name, _read_values(query)))
    return tuple(found)


def _read_values(query: str) -> dict[str, str]:
    pairs = (pair.partition("=") for pair in query.split("&") if pair)
    return {_text(key): _text(value) for key, _, value in pairs}


def _text(word: str) -> str:
    """Return the text of a percent-encoded word; what no database can hold becomes U+FFFD."""
    if "%" not in word and word.isascii() and "\0" not in word:  # nearly every one
        return word
    return unquote(word).replace("\0", "\ufffd").encode(errors="replace").decode()


def _write(fact: Fact) -> str:
    query = "&".join(f"{quote(key, safe=_SAFE)}={quote(value, safe=_SAFE)}" for key, value in fact.values.items())
    return f"{fact.name}?{query}" if query else fact.name
