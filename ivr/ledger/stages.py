"""The caller's own way: menu and lines, from the facts on his channel."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Literal

from ivr.ledger.call import CallFact, Kind, Leg
from ivr.ledger.channels import Channel

_QUEUE_STATUS = {
    "TIMEOUT": "timeout",
    "FULL": "full",
    "JOINEMPTY": "empty",
    "LEAVEEMPTY": "empty",
    "JOINUNAVAIL": "empty",
    "LEAVEUNAVAIL": "empty",
}
_ENGINE_FACTS = frozenset(
    {
        "arrived",
        "began",
        "entered",
        "question",
        "key",
        "wrong",
        "silent",
        "category",
        "language",
        "source",
        "script",
        "handover",
    }
)
SHORTEST_MESSAGE = 2_000_000
"""Microseconds of a message that is worth hearing; who hangs up at the tone has left none."""
_MAILBOX_FACTS = frozenset({"voicemail", "recording", "message"})
_FALLBACK = {"absent": "controller absent", "lost": "controller lost", "deadline": "controller lost"}


class Stages:
    """The walk over one caller's steps: what he is in now, and the legs that are over.

    `agent`: it is an agent who waits in a line, for a caller of his; his stages begin with the line.
    """

    __slots__ = (
        "_agent", "_caller", "_kind", "_line", "_since", "_tone",
        "ended", "exhausted", "fallback", "legs", "lines", "shut",
    )  # fmt: skip

    def __init__(self, caller: Channel, agent: str = "") -> None:
        self._caller, self._agent = caller, agent
        self.legs: list[Leg] = []
        self.lines: list[str] = []
        self.fallback = ""
        self.ended = ""
        self.exhausted = False
        self.shut = False
        self._kind: Kind | Literal[""] = "" if agent else "ivr"
        self._line = ""
        self._tone: int | None = None
        self._since = caller.began_at
        for step in caller.steps:
            if isinstance(step, CallFact):
                self._fact(step)
            elif step.kind == "enter":
                self._connected(step.at)
        self._over()

    def waited_until(self, moment: int) -> int | None:
        """Return when the wait that was going on at the moment ended without a talk; None when it did not."""
        ends = [leg.ended_at for leg in self.legs if leg.kind == "queue" and leg.reason != "answered"]
        return min((end for end in ends if end is not None and end >= moment), default=None)

    def _fact(self, step: CallFact) -> None:
        name, values = step.fact.name, step.fact.values
        if name == "line":
            self._enter_line(values.get("line", ""), step.at)
        elif name == "left" and self._kind == "queue":
            self._close(step.at, _QUEUE_STATUS.get(values.get("status", ""), "moved on"))
        elif name == "callback" and self._kind == "queue":
            self._close(step.at, "callback")
        elif name in _MAILBOX_FACTS:
            self._mailbox(name, values, step.at)
        elif name == "fallback":
            self.fallback = self.fallback or values.get("why", "")
        elif name == "closed":
            self.shut = True
        elif name == "ended":
            self.ended = values.get("reason", "")
        elif name == "exhausted":
            self.exhausted = True
        elif name in _ENGINE_FACTS and not self._kind:
            # The dialplan came back to the engine after a line.
            self._kind, self._line, self._since = "ivr", "", step.at

    def _enter_line(self, line: str, at: int) -> None:
        self._leave(at)
        self.lines.append(line)
        self._kind, self._line, self._since = "queue", line, at

    def _mailbox(self, name: str, values: Mapping[str, str], at: int) -> None:
        if name == "voicemail":
            self._leave(at)
            self._kind, self._line, self._since = "voicemail", "", at
        elif self._kind != "voicemail":
            return
        elif name == "recording":
            self._tone = max(at, self._since)
        else:
            silence = values.get("silence", "") if values.get("status") == "SILENCE" else ""
            seconds = int(silence) if re.fullmatch(r"[0-9]{1,4}", silence) else 0
            reason = self._message(at - seconds * 1_000_000)
            self._close(at, "failed" if values.get("status") == "ERROR" else reason)

    def _message(self, spoken_until: int) -> str:
        """Return what a message came to."""
        if self._tone is None:
            return "hung up" if self._caller.hung_up else "cut off"
        return "left" if spoken_until - self._tone >= SHORTEST_MESSAGE else "too short"

    def _leave(self, at: int) -> None:
        """Close what he was in when the desk sent him on."""
        if self._kind == "ivr":
            self._close(at, _FALLBACK.get(self.fallback, "handed over"))
        elif self._kind == "queue":
            self._close(at, "moved on")

    def _connected(self, at: int) -> None:
        if self._kind == "queue":
            self._close(at, "answered")
        elif self._kind == "ivr":
            self._close(at, "handed over")

    def _close(self, at: int | None, reason: str) -> None:
        ended = None if at is None else max(at, self._since)
        answered = {"ivr": self._caller.answered_at, "voicemail": self._tone}.get(self._kind)
        if reason == "answered":
            answered = ended
        self.legs.append(
            Leg(
                self._kind or "ivr",
                self._caller.uniqueid,
                self._line,
                self._agent,
                self._since,
                answered,
                ended,
                reason,
            )
        )
        self._kind = ""

    def _over(self) -> None:
        """Close what is left when the caller's channel is over; leave it open when it is not."""
        if not self._kind:
            return
        if self._caller.ended_at is None:
            self._close(None, "")
        elif self._caller.cut:
            self._close(self._caller.ended_at, self._caller.cut)
        elif self._kind == "voicemail":
            self._close(self._caller.ended_at, self._message(self._caller.ended_at))
        elif self._kind == "queue":
            self._close(self._caller.ended_at, "abandoned" if self._caller.hung_up else "cut off")
        else:
            self._close(self._caller.ended_at, self._menu_end())

    def _menu_end(self) -> str:
        if self._caller.hung_up:
            return "caller hung up"
        if self.shut and self.ended in ("", "goodbye"):
            return "closed"
        return self.ended or _FALLBACK.get(self.fallback, "cut off")
