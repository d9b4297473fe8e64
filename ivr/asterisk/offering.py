"""What Asterisk is told of a line's offers to its agents."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from math import ceil

from ivr.flows.model import Desk, Line

WHISPER_ALLOWANCE = 25
"""Seconds that a member's telephone may be busy with the whisper, on top of the ringing."""


def wrapped_lines(desks: Sequence[Desk], agent: str) -> tuple[tuple[str, int], ...]:
    """Return the queues of the agent's lines with a wrap-up, and his penalty there."""
    return tuple(
        (f"{desk.desk}-{name}", penalty(line, agent))
        for desk in desks
        for name, line in desk.lines.items()
        if line.wrap and agent in line.agents
    )


def penalty(line: Line, agent: str) -> int:
    """Return an agent's penalty in a line: Asterisk asks those of the least first, while one of them is free."""
    return line.rank.get(agent, 1) - 1


def queue_timeout(line: Line) -> int:
    """Return the seconds that one member may take: ringing, and the whisper."""
    return seconds(line.ring) + (WHISPER_ALLOWANCE if line.whisper or line.callback else 2)


def offer_values(counts_misses: bool, name: str, line: Line, *, back: bool = False) -> str:  # noqa: FBT001 — partial
    """Return what a line sets for its offers, as MSet takes it. `back`: the agent is to call somebody back."""
    whisper = "accept" if line.whisper == "accept" else "1" if line.whisper or back else ""
    wrap = f"&wrap={seconds(line.wrap)}" if line.wrap else ""
    values = [f"__IVR_LINE={name}", f"__IVR_WRAP={wrap}", f"__IVR_RING={seconds(line.ring)}"]
    values.append(f"__IVR_WHISPER={whisper}")
    if counts_misses:
        values.append(f"__IVR_PAUSE_AFTER={line.pause_after or ''}")
    return ",".join(values)


def recorded(desk: Desk, line: Line) -> int:
    """Return 1 when a line's talks are recorded."""
    return int(desk.recording is not None and line.record)


def seconds(length: timedelta) -> int:
    """Return whole seconds, as Asterisk takes them: rather too many."""
    return ceil(length.total_seconds())
