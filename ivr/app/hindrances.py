"""What should keep edited desks from being served, though they can be opened: callers would hear something else.

`ivr check` shows the same with its places; `ivr plan` names it, and `ivr apply` refuses it unless it is told to go on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from ivr.errors import DeskError
from ivr.flows.budget import budget_mistakes, routes_of
from ivr.flows.model import Desk
from ivr.speech.library import durations, stale_prompts

_SHOWN = 5


def hindrances(folder: Path, desks: Mapping[str, Desk]) -> Iterator[DeskError]:
    """Walk over them, each with its cure."""
    for name, desk in desks.items():
        stale = [prompt for prompt, state in stale_prompts(desk, folder) if state == "stale"]
        if stale:
            named = ", ".join(f"`{prompt.id}` ({prompt.language})" for prompt in stale[:_SHOWN])
            more = f" and {len(stale) - _SHOWN} more" if len(stale) > _SHOWN else ""
            yield DeskError(
                f"{name}: the audio of {named}{more} does not say the text that stands in the file now.",
                f"`ivr prompts build {name}` makes it, or record it.",
            )
        for mistake in budget_mistakes(desk, routes_of(desk, durations(folder, name))):
            if mistake.severity == "mistake":
                yield DeskError(f"{name}: {mistake.wrong}.", f"{mistake.cure[0].upper()}{mistake.cure[1:]}.")
