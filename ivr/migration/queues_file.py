"""queues.conf and voicemail.conf: the queues of a hand-written system, and its people's names."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from ivr.migration.conf import Section, split_arguments
from ivr.migration.naming import people_of
from ivr.migration.shape import seconds, tells

_NUMBER = re.compile(r"\w+/(\d{2,8})(?:@.*)?", re.ASCII)


@dataclass(slots=True)
class OldQueue:
    """A queue as its file has it."""

    name: str
    where: str
    members: list[tuple[str, str, str, int]] = field(default_factory=list)
    """Place in the file, channel, the member's name and penalty."""
    tells: tuple[str, ...] = ()
    ring: int = 15
    wrap: int = 0
    most: int = 0
    strategy: str = "rrmemory"


def queues_of(sections: Mapping[str, Section]) -> dict[str, OldQueue]:
    """Return the queues by name."""
    found: dict[str, OldQueue] = {}
    for section in sections.values():
        if section.template or section.name == "general" or not section.settings:
            continue
        queue = found[section.name] = OldQueue(section.name, section.settings[0].where, strategy="ringall")
        for where, name, value in section.settings:
            if name == "member":
                parts = [*split_arguments(value), "", "", ""]
                queue.members.append((where, parts[0], parts[2].strip('"'), seconds(parts[1], 0)))
            elif name == "timeout":
                queue.ring = seconds(value, 15) or 60
            elif name == "wrapuptime":
                queue.wrap = seconds(value, 0)
            elif name == "maxlen":
                queue.most = seconds(value, 0)
            elif name == "strategy":
                queue.strategy = value
        queue.tells = tells({one.name: one.value for one in section.settings})
    return found


def people(queues: Iterable[OldQueue], mailboxes: Mapping[str, Section]) -> dict[str, str]:
    """Return number and name of everybody whom a queue or a mailbox names."""
    found: dict[str, str] = {}
    for section in mailboxes.values():
        for one in section.settings:
            parts = split_arguments(one.value)
            if re.fullmatch(r"\d{2,8}", one.name, re.ASCII) and len(parts) > 1:
                found[one.name] = parts[1]
    for queue in queues:
        for _, channel, name, _ in queue.members:
            if (number := _NUMBER.fullmatch(channel)) and name:
                found.setdefault(number[1], name)
    return people_of(sorted(found.items()))
