"""The versions that a home has served: which edition of each desk, since when, by whom and why; a line of a file each.

A line is added when an apply begins and again when it has ended; of one number the last line counts. So a version whose
apply was killed in the middle says so.
"""

from __future__ import annotations

import getpass
import json
import os
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Literal

from ivr.errors import DeskError

KEPT = 50
"""Versions, the last ones, whose desks and prompts are kept to go back to."""
Outcome = Literal["begun", "served", "taken back"]


@dataclass(frozen=True, slots=True)
class Version:
    """All desks at one time."""

    number: int
    at: float
    """UTC, seconds since 1970."""
    author: str
    reason: str
    editions: Mapping[str, str]
    """Desk → the name of its edition."""
    outcome: Outcome = "served"
    """`begun`: the apply that should have brought it broke off; `taken back`: it did not work."""
    fault: str = ""
    """Why it was taken back."""
    former: Sequence[str] = ()
    """The editions that Asterisk's files hold beside these, for calls that are in them."""
    start: bool = False
    """It came by a start of the desk, at which no call was left of any version before."""


def read_versions(home: Path) -> tuple[Version, ...]:
    """Return the versions in their order. Raises `DeskError` when the file is not ours."""
    try:
        lines = (home / "versions.jsonl").read_text().split("\n")
    except FileNotFoundError:
        return ()
    found: dict[int, Version] = {}
    for place, line in enumerate(lines[:-1], 1):  # a last line without its end was cut off by a kill
        try:
            told = json.loads(line)
            version = Version(**told | {"former": tuple(told["former"])})
        except (ValueError, TypeError, LookupError) as error:
            raise DeskError(
                f"{home / 'versions.jsonl'}:{place}:1: this line cannot be read.",
                "Take the line out: the file only tells what was served, the desk runs without it.",
            ) from error
        found[version.number] = version
    return tuple(found.values())


def serving(versions: Sequence[Version]) -> Version | None:
    """Return the version that is served; None when none was ever."""
    return next((one for one in reversed(versions) if one.outcome == "served"), None)


def broken_off(versions: Sequence[Version]) -> Version | None:
    """Return the version whose apply ended in the middle, so that Asterisk may have all of it, a part, or nothing."""
    return versions[-1] if versions and versions[-1].outcome == "begun" else None


def add_version(home: Path, version: Version) -> None:
    """Add a line, whole or not at all; what a kill left of another goes."""
    line = (json.dumps(asdict(version), ensure_ascii=False) + "\n").encode()
    with (home / "versions.jsonl").open("a+b") as file:
        file.seek(0)
        file.truncate(file.read().rfind(b"\n") + 1)
        file.write(line)
        file.flush()
        os.fsync(file.fileno())


def kept_editions(versions: Sequence[Version]) -> frozenset[str]:
    """Return the editions of the versions that are kept; what was taken back is not gone back to."""
    served = [version for version in versions if version.outcome != "taken back"]
    latest = serving(versions)
    last = [*served[-KEPT:], *([latest] if latest else [])]
    return frozenset(name for version in last for name in version.editions.values())


def note_start(home: Path, author: str, editions: Mapping[str, str]) -> None:
    """Note what a start serves; nothing when that is what was served before, but for the moment."""
    versions = read_versions(home)
    if half := broken_off(versions):
        add_version(home, replace(half, outcome="taken back", fault="It was broken off, and a start came behind it."))
    now = serving(versions)
    if now and now.editions == editions:
        add_version(home, replace(now, former=(), start=True))
        return
    number = versions[-1].number + 1 if versions else 1
    add_version(home, Version(number, time.time(), author, "the desk was started", dict(editions), start=True))


def former_editions(versions: Sequence[Version], longest: float, now: float) -> tuple[str, ...]:
    """Return the editions that calls may still be in: of this start, and replaced less than `longest` seconds ago."""
    found: dict[str, None] = {}
    behind = now
    for version in reversed(versions):
        if behind < now - longest:
            break
        found |= dict.fromkeys(version.editions.values())
        if version.start:
            break
        behind = version.at
    current = serving(versions)
    return tuple(name for name in found if current is None or name not in current.editions.values())


def who() -> str:
    """Return who is at the keyboard."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "somebody"
