"""The neutral middle: what both readers make of an older system, and what one writer turns into desk files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple, TypeAlias

from ivr.flows.model import HANG_UP, VOICEMAIL
from ivr.telephony.number import clean_number, same_number

_HIDDEN = frozenset({"anonymous", "private", "restricted", "unavailable", "unknown", "withheld"})
_UNSHOWN = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]+")


class Way(NamedTuple):
    """Where a call goes next."""

    to: str
    """The key of a place, `hang up` or `voicemail`."""
    language: str = ""
    """Two letters when the language changes on the way."""
    lost: bool = False
    """The old way could not be carried, and `to` stands in for it."""


GONE = Way(HANG_UP, lost=True)
"""Instead of a way that could not be carried."""
BYE = Way(HANG_UP)
TO_VOICEMAIL = Way(VOICEMAIL)


DEFAULT_WORDS = "the default words"
"""Stands for a recording that every old system brings along."""


@dataclass(frozen=True, slots=True)
class Announcement:
    """Something is said, and the call goes on."""

    name: str
    where: str
    prompt: tuple[str, ...]
    """Names of recordings, in the order in which they are played."""
    then: Way


@dataclass(frozen=True, slots=True)
class Menu:
    """A question that a key answers."""

    name: str
    where: str
    prompt: tuple[str, ...]
    keys: Mapping[str, Way]
    silent: Way
    """The way of a caller who presses nothing, or only wrong keys."""
    wait: int
    """Seconds of silence that count as no answer."""
    tries: int
    """How often the question is put."""
    wrong: tuple[str, ...] = ()
    """Recordings played after a wrong key."""


@dataclass(frozen=True, slots=True)
class Queue:
    """People who answer: a queue, a ring group, or one person's telephone."""

    name: str
    where: str
    agents: tuple[str, ...]
    then: Way
    """The way of a call that nobody took."""
    ring: int
    """Seconds that one telephone rings."""
    wait: int
    """Seconds that a call waits before `then`; 0 when it waits for ever."""
    wrap: int = 0
    most: int = 0
    """How many may wait; 0 when all may."""
    record: bool = False
    person: bool = False
    """One person's own telephone, no queue."""
    penalties: Mapping[str, int] = field(default_factory=dict)
    """Of each agent: who has a higher one is asked later."""
    tells: tuple[str, ...] = ()
    """`place` and `wait`: what those who wait are told."""


@dataclass(frozen=True, slots=True)
class Hours:
    """A switch by the clock."""

    name: str
    where: str
    spans: tuple[str, ...]
    """As Asterisk writes them: `09:00-17:59|mon-fri|*|*`."""
    during: Way
    otherwise: Way
    zone: str = ""


Place: TypeAlias = Announcement | Menu | Queue | Hours


@dataclass(frozen=True, slots=True)
class Clock:
    """A switch by the clock in the middle of a flow, as a desk has it."""

    name: str
    where: str
    times: tuple[str, ...]
    """`mon-fri 12:00-13:00`, at least one."""
    during: Way
    otherwise: Way


Node: TypeAlias = Announcement | Menu | Clock


def moved(place: Place, ways: Mapping[str, Way]) -> Place:
    """Return the place with its ways led elsewhere: those to the keys of `ways` go the way that stands there."""
    match place:
        case Announcement() | Queue():
            return replace(place, then=redirected(place.then, ways))
        case Menu():
            keys = {key: redirected(way, ways) for key, way in place.keys.items()}
            return replace(place, keys=keys, silent=redirected(place.silent, ways))
        case Hours():
            during, otherwise = redirected(place.during, ways), redirected(place.otherwise, ways)
            return replace(place, during=during, otherwise=otherwise)


def redirected(way: Way, ways: Mapping[str, Way]) -> Way:
    """Return the way, led elsewhere when `ways` says so, perhaps several times."""
    for _ in range(len(ways) + 1):
        if (other := ways.get(way.to)) is None:
            return way
        way = Way(other.to, other.language or way.language, other.lost)
    return GONE


class Number(NamedTuple):
    """What callers dial, and where it leads."""

    number: str
    """As the old system has it; empty for "any number"."""
    label: str
    where: str
    to: Way


class Caller(NamedTuple):
    """Callers who went a way of their own."""

    who: str
    """How their number begins, or `hidden`."""
    number: str
    """What they dialled; empty when it does not matter."""
    where: str
    to: Way


class Finding(NamedTuple):
    """What an admin has to know: where it stands in the old system, what it is, what to do about it."""

    where: str
    what: str
    cure: str


class Findings:
    """Gathers findings: those about what could not be carried, and those about what is not quite as it was."""

    def __init__(self) -> None:
        self._lost: dict[Finding, None] = {}
        self._changed: dict[Finding, None] = {}

    def lose(self, where: str, what: str, cure: str) -> Way:
        """Note what could not be carried, and return the way that stands in for it."""
        self._lost[Finding(shown(where), shown(what), shown(cure))] = None
        return GONE

    def change(self, where: str, what: str, cure: str) -> None:
        """Note what is carried, but not quite as it was."""
        self._changed[Finding(shown(where), shown(what), shown(cure))] = None

    @property
    def lost(self) -> tuple[Finding, ...]:
        """Return what could not be carried, each once."""
        return tuple(self._lost)

    @property
    def changed(self) -> tuple[Finding, ...]:
        """Return what is not quite as it was, each once."""
        return tuple(self._changed)


@dataclass(slots=True)
class OldSystem:
    """Everything that a reader found."""

    places: dict[str, Place] = field(default_factory=dict)
    numbers: list[Number] = field(default_factory=list)
    callers: list[Caller] = field(default_factory=list)
    people: dict[str, str] = field(default_factory=dict)
    """Number and name of everybody who can be an agent."""
    zone: str = ""
    findings: Findings = field(default_factory=Findings)


def who_of(text: str) -> str:
    """Return how the numbers of callers begin that an old system names; "" when a desk cannot say it."""
    plain = text.strip()
    if plain.lower() in _HIDDEN:
        return "hidden"
    if plain.startswith("_"):
        plain = plain[1:].rstrip("XxZzNn.!")
    number = same_number(clean_number(plain))
    return number if re.fullmatch(r"\+?[0-9]{1,15}", number) and clean_number(plain) == plain else ""


def shown(text: str, longest: int = 160) -> str:
    """Return text of an old system as one short line that disturbs no terminal."""
    plain = _UNSHOWN.sub(" ", text).encode(errors="replace").decode()
    return plain if len(plain) <= longest else f"{plain[: longest - 1]}…"


def seconds(text: str, default: int) -> int:
    """Return a count of seconds as an old system writes it; `default` when it is none."""
    found = re.match(r"\s*(\d{1,6})", text, re.ASCII)
    return int(found[1]) if found else default


def tells(settings: Mapping[str, str]) -> tuple[str, ...]:
    """Return what a queue's settings tell to those who wait."""
    words = (("place", "announce-position"), ("wait", "announce-holdtime"))
    return tuple(word for word, name in words if settings.get(name, "no").lower() not in ("no", "", "0", "false"))
