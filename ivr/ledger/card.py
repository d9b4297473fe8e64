"""Call cards: what an agent writes of a call, as facts of the journal like everything else.

A card is written in entries. Each entry adds what it says to the card of its call: codes are added or taken back,
fields are set anew. So a sale that is paid a week later is one more entry, and the journal keeps who wrote what when.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Literal, NamedTuple
from urllib.parse import quote

from ivr.errors import DeskError
from ivr.ledger.agents import ACTS
from ivr.ledger.record import Record
from ivr.telephony.facts import EVENT_NAME, Fact, read_facts, write_facts

CARD = "card"
"""The fact's name."""
CodeKind = Literal["", "lead", "win"]
LONGEST_FIELD = 200
"""Characters of one field."""
LARGEST_FACT = 340
"""Bytes of one fact's text: a row of the journal has 1023, and holds the text twice beside its other fields."""
_FIELD = "f."
_LARGEST_PART = 120
_NAME = re.compile(r"[a-z][a-z0-9-]{0,39}", re.ASCII)
_AMOUNT = re.compile(r"-?\d{1,12}(?:[.,]\d{1,2})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Entry:
    """One writing in a call's card."""

    call: str
    agent: str
    at: int
    """UTC microseconds; of one call, a later entry counts over an earlier one."""
    codes: Mapping[str, CodeKind] = field(default_factory=dict)
    taken_back: frozenset[str] = frozenset()
    fields: Mapping[str, str] = field(default_factory=dict)
    """An empty text empties the field."""
    project: str = ""


@dataclass(frozen=True, slots=True)
class Card:
    """A call's card as it stands."""

    call: str
    agent: str
    """Who wrote last."""
    at: int
    project: str
    codes: Mapping[str, CodeKind]
    fields: Mapping[str, str]

    @property
    def kind(self) -> CodeKind:
        """Return what the call came to: a win when one of its codes is one, else a lead when one is."""
        kinds = set(self.codes.values())
        return "win" if "win" in kinds else "lead" if "lead" in kinds else ""

    def amount(self, name: str) -> int:
        """Return a field's number in hundredths; 0 when it is empty or no number."""
        return hundredths(self.fields.get(name, "")) or 0


def hundredths(text: str) -> int | None:
    """Read `1200`, `1200.50` or `1200,5` as hundredths; None when it is none of these."""
    if not _AMOUNT.fullmatch(text):
        return None
    try:
        return int(Decimal(text.replace(",", ".")) * 100)
    except InvalidOperation:
        return None


def card_facts(entry: Entry) -> tuple[Fact, ...]:
    """Return the entry as facts, as few as hold it, each at most `LARGEST_FACT` long. Raises `DeskError`.

    A field that is too long for one goes on in the next under `f.name.1`, `f.name.2`, …
    """
    _check(entry)
    values = {"call": entry.call, "entry": str(entry.at), "agent": entry.agent}
    if entry.project:
        values["project"] = entry.project
    pieces: list[tuple[str, str]] = [(f"is.{code}", kind) for code, kind in entry.codes.items()]
    pieces += [(f"not.{code}", "") for code in sorted(entry.taken_back)]
    for name, value in entry.fields.items():
        parts = _parts(value)
        pieces += [(f"{_FIELD}{name}{f'.{place}' if place else ''}", part) for place, part in enumerate(parts)]
    facts: list[Fact] = []
    for key, value in pieces:
        longer = values | {key: value}
        if len(write_facts([Fact(CARD, longer)])) > LARGEST_FACT:
            facts.append(Fact(CARD, values))
            longer = {"call": entry.call, "entry": str(entry.at), key: value}
        values = longer
    return (*facts, Fact(CARD, values))


def _parts(value: str) -> list[str]:
    """Cut a field's text into parts that each fit a fact; of an empty one comes one empty part."""
    parts = [""]
    for letter in value:
        if len(quote(parts[-1] + letter, safe="")) > _LARGEST_PART:
            parts.append("")
        parts[-1] += letter
    return parts


def read_entries(facts: Iterable[Fact]) -> list[Entry]:
    """Return the entries that the facts tell of, oldest first; a fact that is no whole entry is left out."""
    found: dict[tuple[str, int], Entry] = {}
    for fact in facts:
        values = fact.values
        call, at = values.get("call", ""), values.get("entry", "")
        if fact.name != CARD or not call or not (at.isascii() and at.isdecimal() and len(at) < 19):
            continue
        had = found.get((call, int(at))) or Entry(call, values.get("agent", ""), int(at))
        found[call, int(at)] = Entry(
            call,
            had.agent or values.get("agent", ""),
            had.at,
            {**had.codes, **_codes(values)},
            had.taken_back | {key[4:] for key in values if key.startswith("not.") and _NAME.fullmatch(key[4:])},
            _joined(had.fields, values),
            had.project or values.get("project", ""),
        )
    return sorted(found.values(), key=lambda entry: (entry.at, entry.call))


class CardFact(NamedTuple):
    """A card's fact with the record that it came in and its place in it."""

    record: int
    place: int
    fact: Fact


def card_facts_in(records: Iterable[Record]) -> list[CardFact]:
    """Return the facts of cards that the records hold, each of which names its call."""
    found = []
    # By place, for this looks at every record of the journal.
    for record in [one for one in records if one[9] == ACTS and one[1] == EVENT_NAME]:
        facts = enumerate(_facts(record.extra))
        found += [CardFact(record.id, at, fact) for at, fact in facts if fact.name == CARD and fact.values.get("call")]
    return found


def _facts(extra: str) -> tuple[Fact, ...]:
    try:
        return read_facts(str(json.loads(extra)["extra"]))
    except (ValueError, LookupError, TypeError, RecursionError):
        return ()  # no card of ours, whoever wrote it


def cards_of(entries: Iterable[Entry]) -> dict[str, Card]:
    """Return the cards by call, as they stand after all the entries, which need not be in order."""
    cards: dict[str, Card] = {}
    for entry in sorted(entries, key=lambda entry: (entry.at, entry.call)):
        had = cards.get(entry.call) or Card(entry.call, "", 0, "", {}, {})
        kept = {code: kind for code, kind in had.codes.items() if code not in entry.taken_back}
        fields = {name: value for name, value in {**had.fields, **entry.fields}.items() if value}
        project = entry.project or had.project
        cards[entry.call] = Card(entry.call, entry.agent, entry.at, project, {**kept, **entry.codes}, fields)
    return cards


def _joined(had: Mapping[str, str], values: Mapping[str, str]) -> dict[str, str]:
    """Return the fields with those of another fact, whose parts follow the ones before."""
    fields = dict(had)
    for key, value in values.items():
        if key.startswith(_FIELD):
            name, dot, _ = key[len(_FIELD) :].partition(".")
            fields[name] = fields.get(name, "") + value if dot else value
    return fields


def _codes(values: Mapping[str, str]) -> dict[str, CodeKind]:
    found: dict[str, CodeKind] = {}
    for key, value in values.items():
        if key.startswith("is.") and _NAME.fullmatch(key[3:]):
            found[key[3:]] = "win" if value == "win" else "lead" if value == "lead" else ""
    return found


def _check(entry: Entry) -> None:
    for name in (*entry.codes, *entry.taken_back, *entry.fields, *([entry.project] if entry.project else [])):
        if not _NAME.fullmatch(name):
            raise DeskError(f"{name[:50]!r} cannot be a name.", "Write small letters, digits and hyphens.")
    for name, value in entry.fields.items():
        if len(value) > LONGEST_FIELD:
            raise DeskError(f"{name} has {len(value)} characters.", f"Write {LONGEST_FIELD} at most.")
        if not value.isprintable():
            raise DeskError(f"{name} has a letter that cannot be shown.", "Write it in one line of plain text.")
    if not (entry.codes or entry.taken_back or entry.fields):
        raise DeskError("The card's entry says nothing.", "Give a code or a field.")
