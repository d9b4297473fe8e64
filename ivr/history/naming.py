"""What the names of an older system mean here: its queues are our lines, its extensions our agents."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import NamedTuple

from ivr.history.rows import one_line
from ivr.ledger.origin import IMPORTED

_EXTENSION = re.compile(r"(?:SIP|PJSIP|IAX2|Local|Agent|SCCP|DAHDI)/(\d{2,8})(?=[@/;-]|$)", re.ASCII)
_CHANNEL = re.compile(r"-[0-9a-f]{8}(;[12])?$")
_BARE = re.compile(r"\d{2,8}", re.ASCII)
LONGEST_NAME = 80
SYSTEM = r"^[a-z][a-z0-9-]{0,39}$"


class Place(NamedTuple):
    """A line of a desk."""

    desk: str
    line: str


@dataclass(frozen=True, slots=True)
class Naming:
    """The map of one older system. What it does not name keeps its own name, on the desk `desk`."""

    system: str
    desk: str = ""
    zone: str = ""
    queues: Mapping[str, Place] = field(default_factory=lambda: MappingProxyType({}))
    agents: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    numbers: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))

    def place(self, queue: str) -> Place:
        """Return where a queue's calls belong."""
        return self.queues.get(queue) or Place(self.desk, one_line(queue, LONGEST_NAME))

    def agent(self, name: str) -> str:
        """Return our number of an agent: `SIP/201-0000000a`, `Local/201@from-queue/n` and `201` are all 201."""
        if name in self.agents:
            return self.agents[name]
        if number := extension(name):
            return self.agents.get(number, number)
        # A channel's name ends with a number of its own: `PJSIP/trunk-0000001a` is the trunk.
        return one_line(_CHANNEL.sub("", name), LONGEST_NAME)

    def call_id(self, story: str) -> str:
        """Return the id of a call in the ledger: no call of the journal has a colon in its id."""
        return f"{self.system}:{one_line(story, LONGEST_NAME)}"

    @property
    def node(self) -> str:
        """What stands for the node of its calls."""
        return f"{IMPORTED}{self.system}"


def extension(name: str) -> str:
    """Return the extension in a channel's or member's name, or ""."""
    found = _EXTENSION.match(name)
    if found:
        return found[1]
    return name if _BARE.fullmatch(name) else ""
