"""The session: all that the engine remembers of a call between two turns.

It is small on purpose: packed it travels in one channel variable, so that any controller can go on with the call.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import asdict, dataclass, fields, replace
from typing import Literal, Self, TypeAlias

from ivr.errors import DeskError

Awaiting: TypeAlias = Literal["arrival", "key", "source", "caller", "script", "line", "nothing"]


@dataclass(frozen=True, slots=True)
class Session:
    """One call's way through one version of one desk."""

    desk: str
    version: str
    awaiting: Awaiting = "arrival"
    node: str = ""
    line: str = ""
    """The line that the call goes to, once that is known."""
    language: str = ""
    number: str = ""
    caller: str = ""
    call: str = ""
    """The call's own name, where the caller has none."""
    category: str = ""
    source: str = ""
    asked: bool = False
    """The source question was put (or is not to be put again)."""
    asked_ledger: bool = False
    looked_up: bool = False
    """The ledger has answered, so that `known` means something."""
    known: bool = False
    own_agent: str = ""
    """Who talked with him last."""
    noticed: bool = False
    digits: str = ""
    """The beginning of a key of several digits."""
    tries: int = 0
    turns: int = 0

    def but(self, **changes: object) -> Self:
        """Return this session with some fields changed."""
        return replace(self, **changes)  # type: ignore[arg-type]

    def pack(self) -> str:
        """Return the session as text of `A-Za-z0-9_-` alone, without the fields that stand at their default."""
        told = {name: value for name in _NAMES if (value := getattr(self, name)) not in ("", False, 0)}
        text = json.dumps(told, ensure_ascii=False, separators=(",", ":"))
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


_NAMES = tuple(field.name for field in fields(Session))


def unpack(text: str) -> Session:
    """Read a packed session back. Raises `DeskError` when it is not one of ours."""
    try:
        told = json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        session = Session(**told)
    except (binascii.Error, ValueError, TypeError) as error:
        raise DeskError("The call came back with an unreadable session.", "Its line serves it alone.") from error
    kinds = {key: type(value) for key, value in asdict(Session("", "")).items()}
    if any(type(value) is not kinds[key] for key, value in asdict(session).items()):
        raise DeskError("The call came back with a session of the wrong shape.", "Its line serves it alone.")
    return session
