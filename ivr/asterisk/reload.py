"""Let a running Asterisk read anew those of its files that changed, and no other: no call is dropped by it."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from ivr.asterisk.console import ask_console
from ivr.errors import DeskError

RELOADS = {
    "pjsip.conf": "module reload res_pjsip.so",
    "musiconhold.conf": "moh reload",
    "queues.conf": "queue reload all",
    "acts.conf": "dialplan reload",
    "extensions.conf": "dialplan reload",
}
"""File → the console's command, in the order in which they are given: a new flow finds its agents, music and lines."""
LIMIT = 30.0
"""Seconds for one of them."""


def reload(console: Path, files: Collection[str]) -> tuple[str, ...]:
    """Let Asterisk read these files; return the commands for it. Raises `DeskError` when it does not answer."""
    commands = tuple(dict.fromkeys(command for file, command in RELOADS.items() if file in files))
    for command in commands:
        tell(console, command)
    return commands


def change_members(console: Path, gone: Collection[tuple[str, str]], joined: Collection[str]) -> None:
    """Take agents out of lines with a wrap-up, (queue, agent); let agents join theirs, and be what they were."""
    for queue, agent in gone:
        tell(console, f"queue remove member Local/{agent}@agents/n from {queue}")
    for agent in joined:
        tell(console, f"channel originate Local/join-{agent}@acts application NoOp")


def tell(console: Path, command: str) -> str:
    """Give one command. Raises `DeskError` when no Asterisk answers."""
    try:
        return ask_console(console, command, LIMIT)
    except OSError as error:
        raise DeskError(
            f"Asterisk does not answer `{command}` ({error.strerror or 'it is silent'}).",
            "`ivr status` says whether it runs.",
        ) from error
