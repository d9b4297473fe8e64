"""What the engine wants done. A driver (FastAGI, pyst2, the terminal) performs them in order.

Only the last command of a turn waits for something; its answer is the next input.
Prompts are prompt ids as in `ivr.flows.prompts`; the driver adds desk and language.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TypeAlias

from ivr.engine.session import Session


@dataclass(frozen=True, slots=True)
class Play:
    """Speak the prompts one after the other; keys do not interrupt. Never the last of a turn: nothing is answered."""

    prompts: tuple[str, ...]
    language: str


@dataclass(frozen=True, slots=True)
class Ask:
    """Speak the prompts and take one key, during or after them. Answered by `Key` or `Silence`."""

    prompts: tuple[str, ...]
    language: str
    wait: float
    """Seconds of silence after the prompts that count as no answer."""
    session: Session | None = field(default=None, compare=False)
    """The call as it stands at this question: whoever goes on with it when this driver is lost begins here."""


@dataclass(frozen=True, slots=True)
class LookUp:
    """Ask whether the caller is known. Answered by `Caller`; a driver without a database answers at once."""

    number: str


@dataclass(frozen=True, slots=True)
class RunScript:
    """Run `file.py:function` over the call's AGI session. Answered by `ScriptAnswer`."""

    script: str
    limit: float
    """Seconds."""
    session: Session | None = field(default=None, compare=False)
    """As in `Ask`."""


@dataclass(frozen=True, slots=True)
class HandOver:
    """Set the way on and the completion token, and end the session: the dialplan takes the caller to the line."""

    line: str
    language: str
    category: str
    source: str
    """Known already ("" when not)."""
    ask: str
    """"waiting" = the source question is the caller's music, "agent" = the agent asks, "" = not asked any more."""
    known: bool
    agent: str
    """His own, to whom he is offered first; "" when to whoever is free."""
    session: str
    """The packed session, for a later step that needs the engine."""


@dataclass(frozen=True, slots=True)
class TakeMessage:
    """End the session: the dialplan takes the caller to the desk's voicemail."""

    language: str


@dataclass(frozen=True, slots=True)
class HangUp:
    """End the call."""

    reason: str


Command: TypeAlias = Play | Ask | LookUp | RunScript | HandOver | TakeMessage | HangUp
