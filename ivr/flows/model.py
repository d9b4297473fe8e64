"""The desk file as typed, frozen values: what a reader returns and everybody else walks over.

Keys of the file are the field names with blanks for underscores ("time zone", "no answer"). These models give the
JSON Schema for editors too, so a description here is what an admin sees in his editor.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import Discriminator, Field, Tag, model_validator

from ivr.flows.callback import Callback
from ivr.flows.callers import CallerRule
from ivr.flows.line import Line
from ivr.flows.outbound import Outbound
from ivr.flows.part import Part
from ivr.flows.scalars import (
    KEY,
    SCRIPT,
    AgentNumber,
    Answer,
    Count,
    Date,
    Days,
    Duration,
    Key,
    Language,
    Name,
    Number,
    PersonName,
    Target,
    Text,
    Times,
    TimeZone,
)
from ivr.flows.split import Split
from ivr.flows.voicemail import VOICEMAIL, Voicemail
from ivr.flows.way import HANG_UP, Way, way_to
from ivr.flows.when import When

_SECOND = timedelta(seconds=1)


class Say(Part):
    """A node that speaks and goes on."""

    say: Text
    then: Target = Field(default=HANG_UP, description="a node of the flow, a line, `voicemail`, or `hang up`")


class Menu(Part):
    """A node that asks for a key. Its keys stand beside `menu:` in the file: `1: {category: claim, then: third}`."""

    menu: Text
    options: dict[Key, Way] = Field(default_factory=dict, min_length=1)
    wait: Duration = Field(
        default=timedelta(seconds=4),
        ge=_SECOND,
        le=timedelta(seconds=30),
        description="silence after the prompt that counts as no answer",
    )
    tries: Count = Field(default=2, ge=1, le=5, description="how often the menu is spoken")
    no_answer: Way | None = Field(default=None, description="the way on after the last try without a valid key")
    wrong_key: Text | None = Field(default=None, description="spoken after a key that the menu does not have")

    @model_validator(mode="before")
    @classmethod
    def _collect_keys(cls, value: Any) -> Any:
        return collect_keys(value)


class Script(Part):
    """A node that runs an existing pyst2 handler; its answer picks the way."""

    script: str = Field(pattern=SCRIPT, description="`file.py:function` in the desk's `scripts` folder")
    answers: dict[Answer, Way] = Field(default_factory=dict)
    otherwise: Way = Field(description="the way on for any other answer, an error or a time-out")
    limit: Duration = Field(default=timedelta(seconds=30), ge=_SECOND, le=timedelta(minutes=5))


NODE_KINDS = ("say", "menu", "script", "split", "when")


def _kind(value: Any) -> str | None:
    """Return the kind of a node by the key that makes it one; the tag has a blank so that it is no key of a file."""
    if isinstance(value, Part):
        return f"{type(value).__name__.lower()} node"
    if isinstance(value, dict):
        return next((f"{kind} node" for kind in reversed(NODE_KINDS) if kind in value), None)
    return None


Node = Say | Menu | Script | Split | When
AnyNode = Annotated[
    Annotated[Say, Tag("say node")]
    | Annotated[Menu, Tag("menu node")]
    | Annotated[Script, Tag("script node")]
    | Annotated[Split, Tag("split node")]
    | Annotated[When, Tag("when node")],
    Discriminator(_kind),
]


class Hours(Part):
    """When the desk is open. Days: `mon` … `sun`, a range `mon-fri`; times `09:00-20:00`, several by commas."""

    days: dict[Days, Times] = Field(default_factory=dict, min_length=1)
    holidays: dict[Date, Times] = Field(
        default_factory=dict, description="`2026-01-01` or every year's `01-01`: `closed` or times"
    )
    closed: Way = Field(description="the way of a call outside opening hours")

    @model_validator(mode="before")
    @classmethod
    def _collect_days(cls, value: Any) -> Any:
        if not isinstance(value, dict) or "days" in value:
            return value
        own = {"holidays", "closed"}
        days = {key: times for key, times in value.items() if key not in own}
        return {key: part for key, part in value.items() if key in own} | {"days": days}


class Budget(Part):
    """What the caller is promised."""

    time_to_human: Duration = Field(
        ge=_SECOND,
        le=timedelta(minutes=10),
        description="longest time from the answer until a line is ringing, on any path with valid keys",
    )


class Recording(Part):
    """Whether talks are recorded, and what the caller is told."""

    notice: Literal["once", "never"] = "once"
    say: Text | None = Field(default=None, description="the notice; a house text when left out")
    keep: Duration = Field(
        default=timedelta(days=180), ge=timedelta(hours=1), description="how long recordings are kept"
    )


class Source(Part):
    """How he heard of us. Its keys stand beside `menu:` in the file: `1: internet`."""

    ask: Literal["while waiting", "before the line", "by agent", "never"] = "while waiting"
    menu: Text | None = Field(default=None, description="the question, with its keys")
    wait: Duration = Field(
        default=timedelta(seconds=3),
        ge=_SECOND,
        le=timedelta(seconds=30),
        description="silence after the question, asked before the line, that counts as no answer",
    )
    options: dict[Key, Name] = Field(default_factory=dict)
    by_number: dict[Number, Name] = Field(default_factory=dict, description="the dialled number tells the source")
    names: dict[Name, Text] = Field(default_factory=dict, description="what the whisper calls each source")

    @model_validator(mode="before")
    @classmethod
    def _collect_keys(cls, value: Any) -> Any:
        return collect_keys(value)


class Desk(Part):
    """One desk: numbers, flow, lines."""

    desk: Name = Field(description="the desk's name; the file has the same name")
    numbers: tuple[Number, ...] = Field(min_length=1, description="the numbers that callers dial")
    languages: tuple[Language, ...] = Field(
        min_length=1,
        description="the first is spoken unless the caller picks another; `language: ru` for one",
    )
    time_zone: TimeZone = Field(default="UTC", description="an IANA zone such as Europe/Moscow")
    hours: Hours | None = None
    budget: Budget | None = None
    recording: Recording | None = None
    patience: Duration = Field(
        default=timedelta(minutes=10),
        ge=_SECOND,
        le=timedelta(hours=4),
        description="longest time in all lines together",
    )
    agents: dict[AgentNumber, PersonName] = Field(description="number: name of the person")
    pauses: tuple[Name, ...] = Field(
        default=("break", "lunch", "meeting", "training"),
        max_length=9,
        description="why an agent may pause; on his telephone by their place, `*461` is the first",
    )
    categories: dict[Name, Text] = Field(description="name: what the whisper calls it")
    lines: dict[Name, Line] = Field(min_length=1, description="in the order of their tiers")
    flow: dict[Name, AnyNode] = Field(min_length=1, description="the first node is where a call begins")
    source: Source | None = None
    voicemail: Voicemail | None = None
    outbound: Outbound | None = None
    callback: Callback = Field(default=Callback(), description="what lines with `callback: true` promise")
    callers: tuple[CallerRule, ...] = Field(
        default=(), max_length=50, description="who is treated otherwise: VIPs, blocked numbers, other languages"
    )
    phrases: dict[str, Text] = Field(default_factory=dict, description="replaces a house text, by its prompt id")

    @model_validator(mode="before")
    @classmethod
    def _one_language(cls, value: Any) -> Any:
        if isinstance(value, dict) and "language" in value and "languages" not in value:
            value = dict(value)
            value["languages"] = [value.pop("language")]
        return value

    @property
    def first_node(self) -> str:
        """Where a call begins."""
        return next(iter(self.flow))

    @property
    def diallers(self) -> tuple[str, ...]:
        """The agents who may call outside."""
        if self.outbound is None:
            return ()
        return tuple(self.agents) if self.outbound.agents is None else self.outbound.agents

    @property
    def called_back(self) -> tuple[str, ...]:
        """How the numbers begin that may be called back; empty when none may."""
        if self.outbound is None or not self.calls_back:
            return ()
        return self.callback.allow or self.outbound.allow

    @property
    def whispers(self) -> bool:
        """Whether an agent may hear who is calling before he is connected: always before he calls somebody back."""
        return self.calls_back or any(line.whisper for line in self.lines.values())

    @property
    def calls_back(self) -> bool:
        """Whether a line offers to call back who waits in it."""
        return any(line.callback for line in self.lines.values())

    @property
    def asks_before_line(self) -> bool:
        """Whether the source question is a step of the flow."""
        return bool(self.source and self.source.ask == "before the line" and self.source.menu)

    @property
    def asks_while_waiting(self) -> bool:
        """Whether the source question is the beginning of the music."""
        return bool(self.source and self.source.ask == "while waiting" and self.source.menu)

    @property
    def asks_in_flow(self) -> bool:
        """Whether a node waits for somebody: for a caller's key, or for a handler."""
        return any(isinstance(node, Menu | Script) for node in self.flow.values())

    def tier(self, line: str) -> int:
        """Return the line's rank, from 1."""
        return tuple(self.lines).index(line) + 1


def collect_keys(value: Any) -> Any:
    """Move the telephone keys of a mapping under `options`."""
    if not isinstance(value, dict) or "options" in value:
        return value
    keys = {key for key in value if isinstance(key, str) and re.fullmatch(KEY, key)}
    rest = {key: part for key, part in value.items() if key not in keys}
    return rest | {"options": {key: part for key, part in value.items() if key in keys}}


__all__ = [
    "HANG_UP",
    "VOICEMAIL",
    "Budget",
    "Callback",
    "CallerRule",
    "Desk",
    "Hours",
    "Line",
    "Menu",
    "Node",
    "Outbound",
    "Recording",
    "Say",
    "Script",
    "Source",
    "Split",
    "Text",
    "Voicemail",
    "Way",
    "When",
    "way_to",
]
