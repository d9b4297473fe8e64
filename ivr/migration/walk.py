"""Walks over a dialplan: from a place in it to the first thing that a caller notices."""

from __future__ import annotations

import re
from typing import NamedTuple

from ivr.migration.applications import GOES_ON, LOST, QUIET
from ivr.migration.conf import split_arguments
from ivr.migration.dialplan import At, Dialplan, Step
from ivr.migration.shape import BYE, TO_VOICEMAIL, Findings, Way

MOST_STEPS = 200
SPEAKS = frozenset({"playback", "background"})
_PLACES = frozenset({"playback", "background", "waitexten", "read", "queue", "dial", "gotoiftime"})
_ENDS = frozenset({"hangup", "busy", "congestion"})
_SET = re.compile(r"(?:CHANNEL\(language\)|LANGUAGE\(\))\s*=\s*\"?([a-z]{2})", re.IGNORECASE)
_TIMEOUT = re.compile(r"TIMEOUT\(response\)\s*=\s*(\d+)", re.IGNORECASE)
_CHOICE = re.compile(r"(.*?)\?([^:]*)(?::(.*))?", re.DOTALL)


class Choice(NamedTuple):
    """`GotoIf`: its condition, and the places to which it leads; None = the next step."""

    condition: str
    yes: At | None
    no: At | None


class Walker:
    """Follows the steps of extensions. Places that it meets are noted for the reader."""

    def __init__(self, dialplan: Dialplan, findings: Findings) -> None:
        self.dialplan = dialplan
        self.findings = findings
        self.met: list[At] = []
        self.timeouts: dict[str, int] = {}
        """Seconds of `TIMEOUT(response)` by context."""
        self._mailboxes: set[str] = set()

    def follow(self, at: At | None, where: str) -> Way:
        """Return where a call goes that comes to a place."""
        language = ""
        for _ in range(MOST_STEPS):
            step = self.dialplan.step(at) if at else None
            if at is None or step is None:
                return BYE._replace(language=language)
            where = step.where
            if step.app in _PLACES:
                self.met.append(at)
                return Way(at.key, language)
            if step.app == "set" and (found := _SET.match(step.arguments)):
                language = found[1].lower()
            if step.app in ("goto", "gotoif"):
                at = self._target(step, at)
                if at is None:
                    what = f"`{step.app}({step.arguments})` leads nowhere that is known"
                    return self.findings.lose(where, what, "give this way a target")
            elif (end := self._end(step, at.context)) is not None:
                return end._replace(language=language)
            else:
                at = at._replace(step=at.step + 1)
        return self.findings.lose(where, "steps that lead round and round", "give this way a target")

    def _end(self, step: Step, context: str) -> Way | None:
        """Return the way of a step that ends the call's way; None when it goes on."""
        if step.app in _ENDS:
            return BYE
        if step.app != "voicemail":
            return self.aside(step, context)
        mailbox = step.argument(0)
        if mailbox not in self._mailboxes:
            self._mailboxes.add(mailbox)
            cure = "`ivr recordings list` has the messages"
            self.findings.change(step.where, f"the mailbox `{mailbox}`: the desk has one for all", cure)
        return TO_VOICEMAIL

    def _target(self, step: Step, at: At) -> At | None:
        if step.app == "goto":
            return self.goto(step.parts, at)
        choice = self.choice(step, at)
        what = f"the choice by `{choice.condition[:60]}`: callers go on as if it was not so"
        self.findings.lose(step.where, what, "a `script` node can decide, and its answer picks the way")
        return choice.no or at._replace(step=at.step + 1)

    def aside(self, step: Step, context: str) -> Way | None:
        """Take a step that no caller hears, or that cannot be carried; return a way when the call ends with it."""
        if step.app == "set" and (found := _TIMEOUT.match(step.arguments)):
            self.timeouts[context] = int(found[1][:4])
        if step.app in QUIET or step.app == "set":
            return None
        what, cure = LOST.get(step.app, ("it is not known here", "see what it does; callers go on behind it"))
        lost = self.findings.lose(step.where, f"`{step.app}({step.arguments[:60]})`: {what}", cure)
        return None if step.app in GOES_ON or step.app not in LOST else lost

    def goto(self, parts: list[str], at: At) -> At | None:
        """Return the place that a Goto names; None when there is none."""
        if not 1 <= len(parts) <= 3 or any("${" in part for part in parts):
            return None
        if len(parts) == 1:
            return self.dialplan.label(at, parts[0])
        context = parts[0] if len(parts) == 3 else at.context
        found = self.dialplan.find(context, parts[-2])
        return self.dialplan.label(found, parts[-1]) if found else None

    def choice(self, step: Step, at: At) -> Choice:
        """Return what a GotoIf or GotoIfTime asks, and where it leads."""
        found = _CHOICE.fullmatch(step.arguments)
        if not found:
            return Choice(step.arguments, None, None)
        yes, no = (self.goto(split_arguments(part.strip()), at) if part else None for part in (found[2], found[3]))
        return Choice(found[1], yes, no)

    def lands(self, at: At | None) -> str:
        """Return the key of the first place but a Playback to which a call comes; "" when it comes to none."""
        for _ in range(MOST_STEPS):
            step = self.dialplan.step(at) if at else None
            if at is None or step is None:
                return ""
            if step.app in _PLACES and step.app != "playback":
                return at.key
            if step.app in _ENDS or step.app == "voicemail":
                return step.app
            at = self.goto(step.parts, at) if step.app == "goto" else at._replace(step=at.step + 1)
        return ""
