"""An agent's act from the command line: asked of Asterisk once, and looked for in the journal when no answer came."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

from ivr.app.secrets import read_secrets
from ivr.asterisk.acts import act_channel, place_act
from ivr.asterisk.ami import Ami
from ivr.errors import DeskError
from ivr.flows.model import Desk
from ivr.flows.reader import read_desks
from ivr.settings import Settings
from ivr.written.mistake import nearest

UP_LIMIT = 5.0
"""Seconds for the manager's link."""
LOOK_LIMIT = 3.0
"""Seconds for an act to be seen in the journal, after the link died before its answer."""
_NO_MORE: Mapping[str, str] = {}


class _Nothing:
    """A picture of nothing: who only acts watches nobody."""

    def feed(self, event: dict[str, str]) -> None:
        """Pass over it."""

    def resync(self, queues: list[dict[str, str]]) -> None:
        """Pass over it."""


def check_act(desks: Mapping[str, Desk], agent: str, reason: str) -> None:
    """Raise `DeskError` when no desk has the agent, or his desk no such reason for a pause."""
    mine = [desk for desk in desks.values() if agent in desk.agents]
    if not mine:
        known = sorted({one for desk in desks.values() for one in desk.agents})
        raise DeskError(
            f"There is no agent {agent!r}.", f"{nearest(agent, known).capitalize()}; `ivr agents` lists them."
        )
    if reason and reason not in mine[0].pauses:
        raise DeskError(
            f"The desk {mine[0].desk} has no pause for {reason!r}.",
            f"Say one of {', '.join(mine[0].pauses)}, or add it to `pauses` in {mine[0].desk}.yaml.",
        )


async def act(settings: Settings, name: str, agent: str, reason: str = "", more: Mapping[str, str] = _NO_MORE) -> None:
    """Do an act: `sign-in`, `sign-out`, `pause`, `ready`, `card`. Raises `DeskError` when it was not done.

    `more`: the act's own variables.
    """
    check_act(read_desks(settings.desks), agent, reason)
    if not (settings.home / "run.json").exists():
        raise DeskError(f"No desk runs on {settings.home}.", "Start it with `ivr up`, or name its folder by --home.")
    secret = read_secrets(settings.home / "secrets.json").ami
    ami = Ami("127.0.0.1", settings.ami_port, "desk", secret, _Nothing())
    channel = act_channel(settings.node)
    before = _size(settings.journal)
    try:
        await ami.start()
        await _up(ami)
        values = {"IVR_AGENT": agent, "IVR_REASON": reason, "IVR_BY": "command", **more}
        try:
            await place_act(ami, channel, name, values)
        except DeskError:
            if not await _done(settings.journal, before, channel):
                raise
    finally:
        await ami.close()


async def _up(ami: Ami) -> None:
    """Wait for the manager's link; without it the act says what is wrong."""
    end = asyncio.get_running_loop().time() + UP_LIMIT
    while ami.state != "up" and asyncio.get_running_loop().time() < end:  # noqa: ASYNC110 - Ami tells no event
        await asyncio.sleep(0.01)


async def _done(journal: Path, before: int, channel: str) -> bool:
    """Say whether the journal has the act's own fact: then it was done, whatever became of the answer."""
    end = asyncio.get_running_loop().time() + LOOK_LIMIT
    mark = channel.encode()
    while asyncio.get_running_loop().time() < end:
        if _size(journal) > before:
            with journal.open("rb") as file:
                file.seek(before)
                if any(mark in line and line.startswith(b'"IVR"') for line in file):
                    return True
        await asyncio.sleep(0.1)
    return False


def _size(journal: Path) -> int:
    return journal.stat().st_size if journal.exists() else 0
