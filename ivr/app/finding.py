"""What the doctor says of one thing."""

from __future__ import annotations

from typing import Literal, NamedTuple


class Finding(NamedTuple):
    """What was looked at, and how it is."""

    what: str
    state: Literal["well", "warning", "ill"]
    said: str
    cure: str = ""
