"""What stands at a place of a dialplan: an announcement, a menu, a queue, a clock."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from ivr.flows.model import HANG_UP
from ivr.migration.dialplan import At, Step
from ivr.migration.menus import Menus, spoken
from ivr.migration.queues_file import OldQueue
from ivr.migration.shape import Announcement, Hours, OldSystem, Place, Queue, seconds
from ivr.migration.walk import Walker

_TELEPHONE = re.compile(r"(?:PJSIP|SIP|IAX2|SCCP|DAHDI)/(\d{2,8})", re.ASCII)
_LOCAL = re.compile(r"Local/(\d{2,5})@([\w-]+)(?:/n)?", re.ASCII)


class Places:
    """Reads the places that a walker has met."""

    def __init__(self, walker: Walker, system: OldSystem, queues: Mapping[str, OldQueue]) -> None:
        self._walker = walker
        self._dialplan = walker.dialplan
        self._findings = walker.findings
        self._system = system
        self._queues = queues
        self._menus = Menus(walker)
        self._onward: dict[str, str] = {}

    def read(self, at: At) -> Place | None:
        """Return what stands at a place."""
        step = self._dialplan.step(at)
        if step is None:
            return None
        if step.app == "playback":
            return self._announcement(at)
        if step.app == "gotoiftime":
            return self._hours(at, step)
        if step.app == "queue":
            return self._queue(at, step)
        if step.app == "dial":
            return self._dial(at, step)
        return self._menus.read(at, step)

    def _announcement(self, at: At) -> Place:
        prompt: list[str] = []
        first = step = self._dialplan.step(at)
        while step and step.app == "playback":
            prompt += spoken(step)
            at = at._replace(step=at.step + 1)
            step = self._dialplan.step(at)
        where = first.where if first else ""
        name = prompt[0].rpartition("/")[2] if prompt else at.context
        return Announcement(name, where, tuple(prompt), self._walker.follow(at, where))

    def _hours(self, at: At, step: Step) -> Place:
        choice = self._walker.choice(step, at)
        after = at._replace(step=at.step + 1)
        during = self._walker.follow(choice.yes or after, step.where)
        otherwise = self._walker.follow(choice.no or after, step.where)
        parts = re.split(r"[,|]", choice.condition)
        zone = parts[4].strip() if len(parts) > 4 else ""
        return Hours(f"{at.context} {at.exten}", step.where, ("|".join(parts[:4]),), during, otherwise, zone)

    def _queue(self, at: At, step: Step) -> Place:
        name = step.argument(0)
        old = self._queues.get(name)
        if old is None:
            what = f"the queue `{name}` has no section in queues.conf"
            self._findings.change(step.where, what, "give --queues FILE, or write its agents")
            old = OldQueue(name, step.where)
        wait = seconds(step.argument(4), 0)
        then = self._walker.follow(at._replace(step=at.step + 1), step.where)
        found = self._agents(old)
        agents = tuple(found)
        return Queue(
            name, step.where, agents, then, old.ring, wait, old.wrap, old.most, penalties=found, tells=old.tells
        )

    def _agents(self, old: OldQueue) -> dict[str, int]:
        """Return the agents of a queue with their penalties."""
        found: dict[str, int] = {}
        for where, member, _, penalty in old.members:
            for agent in self._telephones(where, member):
                found.setdefault(agent, penalty)
        if old.strategy not in ("rrmemory", "rrordered"):
            what = f"`{old.name}` rang its agents by `{old.strategy}`"
            self._findings.change(old.where, what, "a line rings one after the other")
        return found

    def _dial(self, at: At, step: Step) -> Place:
        found = [agent for part in step.argument(0).split("&") for agent in self._telephones(step.where, part)]
        agents = tuple(dict.fromkeys(found))
        ring = seconds(step.argument(1), 30)
        then = self._walker.follow(at._replace(step=at.step + 1), step.where)
        if not agents:
            # Nobody who could be rung is left: what came behind the Dial comes at once.
            gone = then._replace(lost=then.lost or then.to == HANG_UP)
            return Announcement(f"{at.context} {at.exten}", step.where, (), gone)
        name = (
            self._system.people.get(agents[0], f"agent {agents[0]}") if len(agents) == 1 else f"{at.context} {at.exten}"
        )
        return Queue(name, step.where, agents, then, min(ring, 30), ring, person=len(agents) == 1)

    def _telephones(self, where: str, text: str) -> Iterator[str]:
        """Walk over the agent that a channel names. What may dial outside is never one."""
        plain = text.strip()
        if found := _TELEPHONE.fullmatch(plain):
            yield found[1]
        elif (local := _LOCAL.fullmatch(plain)) and self._inside(local[1], local[2]):
            yield local[1]
        elif plain and re.fullmatch(r"(?:PJSIP|SIP|IAX2|SCCP)/[A-Za-z][\w-]*", plain):
            self._findings.lose(where, f"the telephone `{plain}` has no number", "give its agent one, and write him in")
        elif plain:
            what = f"`{plain}`: it dials outside, or nobody knows where"
            self._findings.lose(where, what, "no caller is sent outside by a desk: let an agent call, by `outbound`")

    def _inside(self, number: str, context: str) -> bool:
        """Say whether a Local channel rings the telephone of that number, as far as the dialplan tells."""
        at = self._dialplan.find(context, number)
        steps = (self._dialplan.step(at._replace(step=step)) for step in range(1, 20)) if at else ()
        dial = next((step for step in steps if step and step.app == "dial"), None)
        telephone = _TELEPHONE.fullmatch(dial.argument(0).strip()) if dial else None
        return dial is None or (telephone is not None and telephone[1] == number)
