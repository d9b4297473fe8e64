"""Scenarios: what a caller of a desk does, and what is to come of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

LINE, GOODBYE, MESSAGE, SORRY, HUNG_UP = "line", "goodbye", "message", "sorry", "hung up"
ENDS = (LINE, GOODBYE, MESSAGE, SORRY, HUNG_UP)
"""line     he waits in a line, or was answered there
goodbye  the flow ended the call
message  he was taken to the voicemail
sorry    no line had anybody, or his patience was over
hung up  he left in the menu"""
TOLD = ("hears", "category", "source", "lines", "whisper", "notes", "ends")
"""What a scenario may expect; anything else of the call is not looked at."""


@dataclass(frozen=True, slots=True)
class Way:
    """What a call came to, or is expected to; None = not known, or not asked for."""

    hears: tuple[str, ...] | None = None
    """Prompt ids in order, those in the line too."""
    category: str | None = None
    source: str | None = None
    lines: tuple[str, ...] | None = None
    whisper: tuple[str, ...] | None = None
    notes: tuple[str, ...] | None = None
    """Facts as `key node=category key=4`. Expected ones must be among them, in this order."""
    ends: str | None = None


@dataclass(frozen=True, slots=True)
class Scenario:
    """One caller."""

    name: str
    keys: tuple[str, ...] = ()
    """What he presses at each question, in order; empty = nothing. At later questions he is silent."""
    number: str = ""
    """The number dialled; empty: the desk's first."""
    caller: str = ""
    at: datetime | None = None
    """The moment; None: any."""
    known: bool = False
    """The ledger has an answered call of his."""
    told_before: str = ""
    """The source that the ledger knows of him."""
    nobody_at: tuple[str, ...] = ()
    """Lines with no agent."""
    hangs_up_at: str = ""
    """The prompt at which he hangs up."""
    expected: Way = field(default_factory=Way)

    @property
    def only_walked(self) -> str:
        """Return why it cannot be tried with a real call into a running desk; empty when it can."""
        reasons: Mapping[str, object] = {
            "it has a moment of its own": self.at,
            "it says what the ledger knows": self.known or self.told_before,
            "it says which lines are empty": self.nobody_at,
        }
        return next((reason for reason, given in reasons.items() if given), "")


def differences(expected: Way, came: Way) -> list[str]:
    """Return one sentence for each thing that came otherwise than expected; what is not known is left out."""
    found = []
    for name in TOLD:
        wanted, got = getattr(expected, name), getattr(came, name)
        if wanted is None or got is None or wanted == got:
            continue
        if name == "notes":
            if missing := _first_missing(wanted, got):
                found.append(f"notes: `{missing}` was not noted there; noted: {_shown(got)}")
        else:
            found.append(f"{name}: {_shown(got)}; expected: {_shown(wanted)}")
    return found


def _first_missing(wanted: Sequence[str], got: Sequence[str]) -> str:
    """Return the first of the wanted words that does not come in its turn."""
    left = iter(got)
    return next((word for word in wanted if word not in left), "")


def _shown(value: str | Sequence[str]) -> str:
    text = value if isinstance(value, str) else ", ".join(value)
    return text or "nothing"
