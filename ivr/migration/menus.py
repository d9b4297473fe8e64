"""Menus of a dialplan: Background and WaitExten with their extensions, or Read and the steps behind it."""

from __future__ import annotations

import re
from typing import NamedTuple

from ivr.migration.dialplan import At, Step
from ivr.migration.shape import BYE, Announcement, Menu, Place, Way, seconds
from ivr.migration.walk import MOST_STEPS, SPEAKS, Walker

_KEY = re.compile(r"[0-9*#]{1,4}", re.ASCII)
_WAIT = 10
"""Seconds that Asterisk waits when nobody says how long."""
_TRIES = 3
_NEXT = frozenset({"goto", "gotoif", "gotoiftime", "hangup", "queue", "dial", "read", "voicemail", *SPEAKS})
"""Steps behind a menu with which something else begins."""
_NUMBER = re.compile(r"(\d{1,3})\"?\s*\]?\s*$")


class _After(NamedTuple):
    """What follows silence or a wrong key."""

    way: Way | None
    """None when there is no extension for it."""
    prompt: tuple[str, ...] = ()
    tries: int = 0


class Menus:
    """Reads menus."""

    def __init__(self, walker: Walker) -> None:
        self._walker = walker
        self._dialplan = walker.dialplan
        self._findings = walker.findings

    def read(self, at: At, step: Step) -> Place:
        """Return the menu that begins at a step."""
        return self._read(at, step) if step.app == "read" else self._background(at, step)

    def _background(self, start: At, first: Step) -> Place:
        prompt: list[str] = []
        at, wait, waited = start, 1, False
        for _ in range(MOST_STEPS):
            step = self._dialplan.step(at)
            if step is None:
                wait = wait if waited else self._walker.timeouts.get(start.context, _WAIT)
                break
            if step.app in SPEAKS and not waited:
                prompt += spoken(step)
            elif step.app == "waitexten" and not waited:
                waited = True
                wait = seconds(step.argument(0), self._walker.timeouts.get(start.context, _WAIT))
            elif step.app in _NEXT or self._walker.aside(step, at.context):
                break
            at = at._replace(step=at.step + 1)
        keys = self._keys(start)
        name = start.context if start.exten == "s" else f"{start.context} {start.exten.strip('_')}"
        if not keys:
            return Announcement(name, first.where, tuple(prompt), self._walker.follow(at, first.where))
        silent, wrong = self._after(start, "t"), self._after(start, "i")
        if silent.way is None:
            silent = self._behind(start, at)
        if wrong.way and wrong.way.to != start.key and wrong.way != silent.way:
            what = "after a wrong key callers went elsewhere"
            self._findings.lose(first.where, what, "here they hear the menu again, and go the way of `no answer`")
        tries = silent.tries or wrong.tries or (1 if silent.way and silent.way.to != start.key else _TRIES)
        return Menu(name, first.where, tuple(prompt), keys, silent.way or BYE, wait, tries, wrong.prompt)

    def _behind(self, menu: At, at: At) -> _After:
        """Return the way of a silent caller where no `t` is: the steps behind the WaitExten."""
        if self._walker.lands(at) == menu.key:
            return _After(Way(menu.key))
        return _After(self._walker.follow(at, menu.context))

    def _keys(self, menu: At) -> dict[str, Way]:
        keys: dict[str, Way] = {}
        for context in self._dialplan.reach(menu.context):
            for exten, steps in self._dialplan.contexts[context].extens.items():
                where = next(iter(steps.values())).where
                if "/" in exten:
                    what = f"`{exten}`: a way of some callers alone, within a menu"
                    self._findings.lose(where, what, "`callers` can send them another way from the beginning")
                    continue
                long = len(exten) > 1 and (context != menu.context or not _KEY.fullmatch(exten))
                if exten.startswith("_") or (long and exten.isdigit()):
                    what = f"callers of the menu `{menu.context}` could dial `{exten}` too"
                    self._findings.lose(where, what, "give those who are wanted a key and a line")
                elif _KEY.fullmatch(exten) and exten not in keys and (context, exten) != (menu.context, menu.exten):
                    keys[exten] = self._walker.follow(At(context, exten, 1, exten), where)
        return {key: keys[key] for key in sorted(keys, key=lambda key: (key in ("0", "*", "#"), key.zfill(4)))}

    def _after(self, menu: At, exten: str) -> _After:
        """Follow `t` or `i`: what is said, and whether it comes back to the menu."""
        start = self._dialplan.find(menu.context, exten)
        if start is None:
            return _After(None)
        at, prompt = start, list[str]()
        for _ in range(MOST_STEPS):
            step = self._dialplan.step(at)
            if step is None:
                break
            if step.app in SPEAKS:
                prompt += spoken(step)
            elif step.app == "gotoif":
                if found := self._counted(menu, at, step):
                    return found._replace(prompt=self._said(prompt, found, at))
                break
            elif step.app == "goto":
                if self._walker.lands(at) == menu.key:
                    return _After(Way(menu.key), tuple(prompt))
                break
            elif step.app not in ("set", "noop", "verbose", "wait", "answer"):
                break
            at = at._replace(step=at.step + 1)
        return _After(self._walker.follow(start, menu.context))

    def _counted(self, menu: At, at: At, step: Step) -> _After | None:
        """Return how it ends when one way of a GotoIf comes back to the menu and the other does not."""
        choice = self._walker.choice(step, at)
        after = at._replace(step=at.step + 1)
        yes, no = choice.yes or after, choice.no or after
        back = self._walker.lands(yes) == menu.key, self._walker.lands(no) == menu.key
        if back[0] == back[1]:
            return None
        number = _NUMBER.search(choice.condition)
        tries = int(number[1]) if number else _TRIES
        tries += ">" in choice.condition and ">=" not in choice.condition
        return _After(self._walker.follow(no if back[0] else yes, step.where), (), tries)

    def _said(self, before: list[str], found: _After, at: At) -> tuple[str, ...]:
        """Return what a caller hears who comes back: before the count, or behind it."""
        step, behind = self._dialplan.step(at._replace(step=at.step + 1)), list[str]()
        if step and step.app in SPEAKS:
            behind = spoken(step)
        return tuple(before or behind) if found.way else ()

    def _read(self, start: At, first: Step) -> Place:
        variable = first.argument(0).lower()
        keys: dict[str, Way] = {}
        at, silent = start, Way("")
        equals = re.compile(
            rf"\$\[\s*\"?\$\{{{re.escape(variable)}\}}\"?\s*=+\s*\"?([0-9*#]{{0,4}})\"?\s*\]", re.IGNORECASE
        )
        for _ in range(MOST_STEPS):
            at = at._replace(step=at.step + 1)
            step = self._dialplan.step(at)
            if step is None or step.app not in ("gotoif", "noop", "set", "verbose"):
                break
            if step.app != "gotoif":
                continue
            choice = self._walker.choice(step, at)
            asked = equals.fullmatch(choice.condition.strip())
            if not asked or not choice.yes:
                break
            if asked[1]:
                keys.setdefault(asked[1], self._walker.follow(choice.yes, step.where))
            else:
                silent = self._walker.follow(choice.yes, step.where)
            if choice.no:
                at = choice.no._replace(step=choice.no.step - 1)
        step = self._dialplan.step(at)
        if not keys and step and step.app == "goto":
            keys, silent = self._by_variable(at, step, variable), silent if silent.to else BYE
        name = start.context if start.exten == "s" else f"{start.context} {start.exten.strip('_')}"
        if not silent.to:
            back = self._walker.lands(at) == start.key
            silent = Way(start.key) if back else self._walker.follow(at, first.where)
        wait, tries = seconds(first.argument(5), _WAIT), seconds(first.argument(4), 1)
        return Menu(name, first.where, tuple(spoken(first)), keys, silent, wait, max(1, tries))

    def _by_variable(self, at: At, step: Step, variable: str) -> dict[str, Way]:
        """Return the keys of `Goto(context,${KEY},1)`: the extensions of that context."""
        parts = step.parts
        if len(parts) < 2 or parts[-2].lower() != f"${{{variable}}}":
            return {}
        context = parts[0] if len(parts) == 3 else at.context
        return self._keys(At(context, "", 0)) if context in self._dialplan.contexts else {}


def spoken(step: Step) -> list[str]:
    """Return the recordings that a step plays."""
    place = 1 if step.app == "read" else 0
    return [part for part in step.argument(place).split("&") if part and not part.startswith("silence/")]
