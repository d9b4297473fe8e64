"""What can happen to a session between two turns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TypeAlias


@dataclass(frozen=True, slots=True)
class Arrived:
    """A call reached the desk."""

    number: str
    """The number dialled."""
    caller: str
    """The caller's number, cleaned; "" when withheld."""
    call: str = ""
    """The call's own name, Asterisk's uniqueid."""
    closed: bool = False
    """The desk is closed for now, whatever its hours say."""


@dataclass(frozen=True, slots=True)
class Key:
    """One telephone key."""

    digit: str


@dataclass(frozen=True, slots=True)
class Silence:
    """No key within the time."""


@dataclass(frozen=True, slots=True)
class Caller:
    """What the ledger knows of the caller's number."""

    known: bool | None = None
    """None: the ledger did not answer in time."""
    source: str = ""
    agent: str = ""
    """Who talked with him last."""


@dataclass(frozen=True, slots=True)
class ScriptAnswer:
    """What a pyst2 handler returned; `failed` when it raised or ran out of time."""

    answer: str
    failed: bool = False


@dataclass(frozen=True, slots=True)
class LineLeft:
    """The dialplan came back: the line ended without a talk and its `then` is a node of the flow."""

    line: str
    status: str
    """Asterisk's QUEUESTATUS."""


@dataclass(frozen=True, slots=True)
class HungUp:
    """The caller is gone."""


Input: TypeAlias = Arrived | Key | Silence | Caller | ScriptAnswer | LineLeft | HungUp
