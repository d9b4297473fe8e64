"""Random desks, and random callers of them: what each presses, and when, reckoned by the engine's own clock."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import yaml

from ivr.desk.play import Playing, Step
from ivr.flows.model import Desk, Split

RANDOM_CALLERS = ("+79210000001", "89210000002", "+4930123456", "007921345678", "")
"""What they show; the last hides it."""
PROMPT = 0.7
"""Seconds of each prompt; see `tests.running.desk_folder`."""
_CATEGORIES = ("sale", "repair", "bill", "other")
_SOURCES = ("internet", "friend", "leaflet")
_THINKS = 0.9
"""Seconds after the question before he presses: the shortest time that it waits is twice as long."""


@dataclass(frozen=True)
class RandomCaller:
    """Presses keys at moments, in seconds from the answer; and what the engine says that comes of it."""

    number: str
    caller: str
    pressed: tuple[tuple[float, str], ...]
    steps: tuple[Step, ...]

    @property
    def told(self) -> list[tuple[str, str]]:
        """The engine's facts: name and values."""
        return [(step.subject, step.text) for step in self.steps if step.what == "notes"]

    @property
    def line(self) -> str:
        """The line that he comes to; empty when to none."""
        return next((step.subject for step in self.steps if step.what == "line"), "")


def random_desk(place: int, seed: str, *, calls_back: bool = False) -> str:
    """Return a desk's file; it has three numbers, and lines with nobody at the telephones.

    `calls_back`: some of its lines do, so that it needs a provider.
    """
    made = _Maker(place, random.Random(seed)).desk()
    if calls_back:
        _call_back(made, random.Random(f"{seed} back"))
    return yaml.dump(made, Dumper=_Plain, sort_keys=False, allow_unicode=True)


def _call_back(desk: dict[str, Any], dice: random.Random) -> None:
    desk["outbound"] = {"allow": dice.sample(["+7", "+49", "8", "112"], dice.randint(1, 4))}
    for line in dice.sample(list(desk["lines"].values()), dice.randint(1, 3)):
        line |= {"callback": True, "tells": dice.sample(["place", "wait"], dice.randint(0, 2))}
    desk["callback"] = {"key": dice.choice("0789*"), "tries": dice.randint(1, 5), "within": dice.choice(["15m", "4h"])}


class _Plain(yaml.SafeDumper):
    """Writes no anchors: a desk file has none."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - PyYAML's own
        return True


class _Maker:
    def __init__(self, place: int, dice: random.Random) -> None:
        self._place, self._dice = place, dice
        self._flow: dict[str, Any] = {}
        self._languages = ["en", "ru"] if dice.random() < 0.6 else ["en"]
        self._mailbox = dice.random() < 0.4
        self._has_way = False
        self._zone = dice.choice(["Europe/London", "Asia/Kolkata", "America/New_York"])

    def desk(self) -> dict[str, Any]:
        dice, base = self._dice, 20_000 + 10 * self._place
        agents = [str(base + 6 + line) for line in range(3)]
        self._flow["hello"] = None
        self._flow["hello"] = {"say": self._text(), "then": self._menu(1)}
        if dice.random() < 0.5:
            ways = dict(zip(self._spans(), dice.sample([*self._menus(), "one", "hang up"], 2), strict=True))
            self._flow["clock"] = {"when": ways, "otherwise": self._flow["hello"]["then"]}
            self._flow["hello"]["then"] = "clock"
        thens = ["two", "three", dice.choice(["hang up", *self._menus(), *(["voicemail"] if self._mailbox else [])])]
        desk: dict[str, Any] = {
            "desk": f"random-{self._place}",
            "numbers": [str(base + number) for number in range(1, 4)],
            "languages": self._languages,
            "time zone": self._zone,
            "agents": {int(agent): f"Agent {agent}" for agent in agents},
            "categories": dict.fromkeys(_CATEGORIES, self._text()),
            "lines": {
                name: {
                    "agents": [int(agent)],
                    "wait": "5s",
                    "then": then,
                    "record": dice.random() < 0.7,
                    "whisper": dice.choice([True, False]),
                }
                for name, agent, then in zip(("one", "two", "three"), agents, thens, strict=True)
            },
            "flow": self._flow,
        }
        if self._mailbox:
            desk["voicemail"] = {"say": self._text(), "silence": "3s"}
            self._flow["letter"] = {"say": self._text(), "then": "voicemail"}
            first = self._flow[self._menus()[0]]
            first[self._free(first)] = "letter"
        if dice.random() < 0.6:
            desk["recording"] = {"say": self._text()}
        if dice.random() < 0.8:
            desk["source"] = self._source(desk["numbers"][2])
        if dice.random() < 0.7:
            desk["hours"] = self._hours()
        if dice.random() < 0.6:
            desk["callers"] = [self._rule() for _ in range(dice.randint(1, 3))]
        return desk

    def _rule(self) -> dict[str, Any]:
        """Return a rule that fits some of these callers, or none."""
        dice = self._dice
        rule: dict[str, Any] = {"who": dice.sample(["hidden", "+7921", *RANDOM_CALLERS[:3]], dice.randint(1, 3))}
        if dice.random() < 0.5:
            rule["language"] = dice.choice(self._languages)
        if dice.random() < 0.5 or len(rule) == 1:
            rule["priority"] = dice.randint(1, 9)
        if dice.random() < 0.7 and not self._has_way:
            self._has_way = True  # of one number only one rule has the way
            rule |= {"then": dice.choice(["one", "hang up", "hang up", self._menus()[-1]])}
            if dice.random() < 0.5:
                rule |= {"say": self._text(), "category": dice.choice(_CATEGORIES)}
        return rule

    def _menus(self) -> list[str]:
        return [name for name, node in self._flow.items() if node and "menu" in node]

    def _menu(self, depth: int) -> str:
        dice, name = self._dice, f"menu-{len(self._flow)}"
        node: dict[str, Any] = {"menu": self._text()}
        self._flow[name] = node
        for key in dice.sample(["1", "2", "3", "*", "#", "45", "46", "0"], dice.randint(2, 5)):
            node[key] = self._way(depth)
        node["wait"] = f"{dice.randint(2, 3)}s"
        node["tries"] = dice.randint(1, 3)
        node["no answer"] = self._way(9)
        if dice.random() < 0.5:
            node["wrong key"] = self._text()
        return name

    def _way(self, depth: int) -> dict[str, Any]:
        dice = self._dice
        way: dict[str, Any] = {"then": dice.choice(["one", "two", "three", "hang up"])}
        if depth < 3 and dice.random() < 0.4:
            way["then"] = self._menu(depth + 1)
        elif depth < 3 and dice.random() < 0.2:
            name = f"trial-{len(self._flow)}"
            share = dice.randint(1, 99)
            one, other = dice.sample(["one", "two", "three", "hang up", *self._menus()], 2)
            self._flow[name] = {"split": {one: share, other: 100 - share}}
            way["then"] = name
        elif depth < 3 and dice.random() < 0.4:
            name = f"clock-{len(self._flow)}"
            targets = [dice.choice(["one", "two", "three", "hang up", *self._menus()]) for _ in range(3)]
            self._flow[name] = {"when": dict(zip(self._spans(), targets, strict=False)), "otherwise": targets[2]}
            way["then"] = name
        elif depth < 3 and dice.random() < 0.3:
            name = f"word-{len(self._flow)}"
            self._flow[name] = {"say": self._text(), "then": dice.choice(["one", "hang up", *self._menus()])}
            way["then"] = name
        if dice.random() < 0.6:
            way["category"] = dice.choice(_CATEGORIES)
        if dice.random() < 0.5:
            way["language"] = dice.choice(self._languages)
        if dice.random() < 0.4:
            way["say"] = self._text()
        return way

    def _free(self, menu: dict[str, Any]) -> str:
        return next(key for key in ("7", "8", "9") if key not in menu)

    def _source(self, number: str) -> dict[str, Any]:
        ask = self._dice.choice(["while waiting", "before the line", "before the line", "by agent", "never"])
        source: dict[str, Any] = {"ask": ask, "menu": self._text(), "1": "internet", "2": "friend", "#": "leaflet"}
        source["wait"] = "2s"
        if self._dice.random() < 0.5:
            source["by number"] = {number: "leaflet"}
        source["names"] = dict.fromkeys(_SOURCES, self._text())
        return source

    def _hours(self) -> dict[str, Any]:
        dice = self._dice
        today = datetime.now(UTC)
        closed: dict[str, Any] = {"then": dice.choice(["hang up", "one", self._menus()[0]])}
        if dice.random() < 0.7:
            closed["say"] = self._text()
        hours: dict[str, Any] = {"mon-sun": "00:00-24:00" if dice.random() < 0.6 else "closed", "closed": closed}
        if dice.random() < 0.5:
            # Three days: the zones differ, and midnight may pass meanwhile.
            days = [today + timedelta(days=n) for n in (-1, 0, 1)]
            form = dice.choice(["%m-%d", "%Y-%m-%d"])
            hours["holidays"] = {day.strftime(form): dice.choice(["closed", "00:00-24:00"]) for day in days[:1]}
            hours["holidays"] |= {day.strftime(form): next(iter(hours["holidays"].values())) for day in days}
        return hours

    def _spans(self) -> tuple[str, str]:
        """Return spans of the day, some of them past midnight; none begins or ends while a test lasts."""
        now = datetime.now(ZoneInfo(self._zone)).hour
        edges = [f"{(now + after) % 24:02}:00" for after in self._dice.sample(range(3, 22), 4)]
        return f"mon-sun {edges[0]}-{edges[1]}", f"mon-thu, fri-sun {edges[2]}-{edges[3]}"

    def _text(self) -> Any:
        return dict.fromkeys(self._languages, "Some words.")


def random_caller(desk: Desk, number: str, seed: str) -> RandomCaller:
    """Walk through the desk with the engine, pressing at random; return what was pressed when."""
    dice = random.Random(seed)
    playing: Playing
    pressed: list[tuple[float, str]] = []

    def press(prompt: str) -> str:
        if prompt.startswith("the answer of") or dice.random() < 0.2:
            return ""
        key = dice.choice(_keys(desk, prompt, dice))
        pressed.append((playing.at + _THINKS, key))
        playing.at += _THINKS
        return key

    playing = Playing(desk, {}, lambda *_: PROMPT, press)
    caller = _shown(desk, number, dice)
    steps = tuple(_until_line(playing.run(number, caller, datetime.now(UTC))))
    return RandomCaller(number, caller, tuple(pressed), steps)


def _shown(desk: Desk, number: str, dice: random.Random) -> str:
    """Return the number that he shows. Where the name of his call would send him some way he must show one."""
    splits = any(isinstance(node, Split) for node in desk.flow.values())
    return dice.choice([one for one in RANDOM_CALLERS if one or not splits])


def _until_line(steps: Iterator[Step]) -> Iterator[Step]:
    """Yield the steps before the line: what a caller does there is the dialplan's own affair."""
    for step in steps:
        yield step
        if step.what == "line":
            return


def _keys(desk: Desk, prompt: str, dice: random.Random) -> list[str]:
    """Return the keys among which he chooses: mostly those that the question has."""
    options = (
        desk.source.options if prompt == "source" and desk.source else getattr(desk.flow.get(prompt), "options", {})
    )
    known = [key[0] for key in options] + (["5", "6"] if prompt == "the next digit" else [])
    return known if known and dice.random() < 0.8 else list("0123456789*#")
