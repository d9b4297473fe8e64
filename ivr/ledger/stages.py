"""The caller's own way: menu and lines, from the facts on his channel."""

from __future__ import annotations

from ivr.ledger.call import CRASH, CallFact, Leg
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
    {"began", "entered", "key", "wrong", "silent", "category", "language", "source", "script", "handover"}
)
_FALLBACK = {"absent": "controller absent", "lost": "controller lost", "deadline": "controller lost"}


class Stages:
    """The walk over one caller's steps: what he is in now, and the legs that are over."""

    __slots__ = ("_caller", "_kind", "_line", "_since", "ended", "exhausted", "fallback", "legs", "lines", "shut")

    def __init__(self, caller: Channel) -> None:
        self._caller = caller
        self.legs: list[Leg] = []
        self.lines: list[str] = []
        self.fallback = ""
        self.ended = ""
        self.exhausted = False
        self.shut = False
        self._kind = "ivr"
        self._line = ""
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
        if self._kind == "ivr":
            self._close(at, _FALLBACK.get(self.fallback, "handed over"))
        elif self._kind == "queue":
            self._close(at, "moved on")
        self.lines.append(line)
        self._kind, self._line, self._since = "queue", line, at

    def _connected(self, at: int) -> None:
        if self._kind == "queue":
            self._close(at, "answered")
        elif self._kind == "ivr":
            self._close(at, "handed over")

    def _close(self, at: int | None, reason: str) -> None:
        ended = None if at is None else max(at, self._since)
        answered = self._caller.answered_at if self._kind == "ivr" else None
        if reason == "answered":
            answered = ended
        self.legs.append(
            Leg(
                "queue" if self._kind == "queue" else "ivr",
                self._caller.uniqueid,
                self._line,
                "",
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
        elif self._caller.crashed:
            self._close(self._caller.ended_at, CRASH)
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
