"""Let a running Asterisk read anew those of its files that changed, and no other: no call is dropped by it."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from ivr.asterisk.console import give

RELOADS = {
    "pjsip.conf": "module reload res_pjsip.so",
    "musiconhold.conf": "moh reload",
    "queues.conf": "queue reload all",
    "acts.conf": "dialplan reload",
    "extensions.conf": "dialplan reload",
    "cli.conf": "",
}
"""File → the console's command, in the order in which they are given: a new flow finds its agents, music and lines.

Without one it is for Asterisk's next start, and nothing that runs needs it."""
LIMIT = 30.0
"""Seconds for one of them."""


def reload(home: Path, files: Collection[str]) -> tuple[str, ...]:
    """Let Asterisk read these files; return the commands for it. Raises `DeskError` when it does not answer."""
    commands = tuple(dict.fromkeys(command for file, command in RELOADS.items() if command and file in files))
    for command in commands:
        give(home, command, LIMIT)
    return commands


def change_members(home: Path, gone: Collection[tuple[str, str]], joined: Collection[str]) -> None:
    """Take agents out of lines with a wrap-up, (queue, agent); let agents join theirs, and be what they were.

    One agent after the other, so that no line is without them all meanwhile.
    """
    for agent in sorted({*(agent for _, agent in gone), *joined}):
        for queue in sorted(queue for queue, one in gone if one == agent):
            give(home, f"queue remove member Local/{agent}@agents/n from {queue}", LIMIT)
        if agent in joined:
            give(home, f"channel originate Local/join-{agent}@acts application NoOp", LIMIT)


def stand_again(home: Path) -> None:
    """Let every promise to call back have a placeholder: those of a desk that had no callbacks for a while had none."""
    give(home, "channel originate Local/promises@acts application NoOp", LIMIT)
