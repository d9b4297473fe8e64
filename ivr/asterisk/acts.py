"""Acts of agents, done inside Asterisk: a channel into the dialplan's context `acts`, which does and notes them.

Each act has a channel id of ours, so that it can be looked for when the manager's link died before its answer came: an
act is asked for once, never again.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Mapping
from typing import Any, Protocol

ACT_LIMIT = 5.0
"""Seconds for an act; it takes milliseconds."""


class Manager(Protocol):
    """`ivr.asterisk.ami.Ami`, as far as acts need it."""

    async def action(self, name: str, limit: float = ..., **fields: Any) -> Any:
        """Do one action, once or not at all."""


def act_channel(node: str) -> str:
    """Return a channel id that no other channel of this node has or will have."""
    return f"{node}-{int(time.time())}.act{secrets.token_hex(6)}"


async def place_act(
    manager: Manager, channel: str, act: str, values: Mapping[str, str], *, wait: bool = True, limit: float = ACT_LIMIT
) -> None:
    """Ask for an act. Raises `DeskError` when it was not done, or when nobody knows; see `Ami.action`.

    `wait`: until it was done; otherwise only until Asterisk has taken it.
    """
    await manager.action(
        "Originate",
        limit,
        Channel=f"Local/{act}@acts",
        ChannelId=channel,
        Application="NoOp",
        Timeout=str(int(limit * 1000)),
        Async="false" if wait else "true",
        Variable=[f"{name}={value}" for name, value in values.items()],
    )
