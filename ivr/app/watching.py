"""The manager's link with the watch over agents before the live picture."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping

from ivr.app.secrets import read_secrets
from ivr.asterisk.acts import act_channel, place_act
from ivr.asterisk.ami import Ami, Picture
from ivr.asterisk.passing import Passing
from ivr.asterisk.watch import Watch
from ivr.settings import Settings

LOOK_AGAIN = 0.05
"""Seconds between two looks whether the link is up, when an act waits for it."""


def watched_link(settings: Settings, picture: Picture, agents: Collection[str]) -> tuple[Ami, Watch, Passing]:
    """Return the link, the watch, which does its acts over it, and who looks after passed callers; none is started.

    `agents` may grow: an apply brings new ones.
    """

    async def place(act: str, values: Mapping[str, str]) -> None:
        while ami.state != "up":  # noqa: ASYNC110 - Ami tells no event
            await asyncio.sleep(LOOK_AGAIN)
        await place_act(ami, act_channel(settings.node), act, values, wait=False)

    async def tell(act: str, values: Mapping[str, str]) -> None:
        await place_act(ami, act_channel(settings.node), act, values)

    def moved() -> None:
        passing.moved()

    watch = Watch(picture, place, agents, moved)
    ami = Ami("127.0.0.1", settings.ami_port, "desk", read_secrets(settings.home / "secrets.json").ami, watch)
    passing = Passing(ami, tell)
    return ami, watch, passing
