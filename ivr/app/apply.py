"""Bring other versions of the desks into a running system: no call is dropped, and what does not work is taken back.

Calls that run go on in the edition that they began. New ones come into the new one as soon as Asterisk has read its
dialplan; then one call of ours goes through each changed desk, and when it is not served as it should be, everything is
again as it was.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path
from typing import Any, NamedTuple

from ivr.app.editions import known_editions, read_edition
from ivr.app.prepare import Laid, lay, render_config
from ivr.app.secrets import keep_secrets
from ivr.app.smoke import smoke
from ivr.app.versions import Version, add_version, broken_off, former_editions, read_versions, serving
from ivr.asterisk.console import busy, give
from ivr.asterisk.control import control_dir
from ivr.asterisk.offering import penalty
from ivr.asterisk.private import Installation, find_asterisk
from ivr.asterisk.reload import RELOADS, change_members, reload, stand_again
from ivr.asterisk.render import CALL_LIMIT, Rendered
from ivr.errors import DeskError
from ivr.flows.edition import Edition
from ivr.settings import Settings


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be served, by whom it is wished and why."""

    editions: tuple[Edition, ...]
    author: str
    reason: str
    folder: Path | None = None
    """Where the desk files and prompts come from; None when the home keeps them."""

    @property
    def names(self) -> dict[str, str]:
        """Desk → the name of its edition."""
        return {edition.desk.desk: edition.name for edition in self.editions}


def apply(settings: Settings, wish: Wish) -> Version | None:
    """Serve what is wished; None when it is served already.

    Raises `DeskError` when nothing runs there, a start is needed, or it did not work and was taken back.
    """
    home = settings.home
    with _turn(home):
        give(home, "core show uptime")
        versions = read_versions(home)
        now = serving(versions)
        if now is None:
            raise DeskError(f"{home} has not served any desk yet.", "Start it once with `make run`.")
        if wish.names == now.editions and wish.folder is None and not broken_off(versions):
            return None
        return _Change(settings, wish, now, versions).carry_out()


class _Change:
    """From one version to the next, or back."""

    def __init__(self, settings: Settings, wish: Wish, now: Version, versions: Sequence[Version]) -> None:
        self._settings = settings
        self._installation: Installation = find_asterisk()
        self._wish = wish
        self._now = now
        self._old = tuple(read_edition(settings.home, name) for name in now.editions.values())
        self._number = versions[-1].number + 1
        # Where nobody is in a call, no call is in an edition of before.
        longest = 0 if _nobody_calls(settings.home) else CALL_LIMIT
        self._running = known_editions(settings.home, former_editions(versions, longest, time.time()))
        half = broken_off(versions)
        self._half = [known_editions(settings.home, half.editions.values())] if half else []
        """What an apply that broke off may have brought, or not."""

    def carry_out(self) -> Version | None:
        """Do it. Raises `DeskError`."""
        wish, home = self._wish, self._settings.home
        same = wish.names == self._now.editions and not self._half
        former = known_editions(home, self._now.former) if same else _but(wish.editions, (*self._old, *self._running))
        files = self._render(wish.editions, former)
        there = self._there(files)
        # Of the desks that are served already, a program of another version may make other files.
        anew = same and there != files
        version = Version(
            self._number, time.time(), wish.author, wish.reason, wish.names, "begun", former=_names(former)
        )
        if same and not anew:
            lay(self._settings, wish.editions, former, self._installation, wish.folder, files)  # what was lost of it
            return None
        add_version(home, version)
        try:
            self._bring(wish.editions, former, [self._old, *self._half], files, wish.folder)
            smoke(self._settings, [one for one in wish.editions if anew or one not in self._old or self._half])
        except (DeskError, OSError) as fault:
            self._take_back(version, str(fault), there if anew else ())
            raise
        except KeyboardInterrupt:
            self._take_back(version, "It was broken off.", there if anew else ())
            raise
        version = replace(version, outcome="served")
        add_version(home, version)
        return version

    def _render(self, editions: Sequence[Edition], former: Sequence[Edition]) -> Sequence[Rendered]:
        """Return Asterisk's files. Raises `DeskError` for what a running Asterisk cannot be told."""
        secrets = keep_secrets(
            self._settings.home / "secrets.json", (agent for one in editions for agent in one.desk.agents)
        )
        files = render_config(self._settings, editions, former, secrets, self._installation)
        there = self._there(files)
        if late := [file.name for file in files if file.name not in RELOADS and file not in there]:
            raise DeskError(
                f"{', '.join(late)} would change, which Asterisk reads at its start alone.",
                "Stop the desk and start it: that brings the new desk files, too.",
            )
        return files

    def _there(self, files: Sequence[Rendered]) -> tuple[Rendered, ...]:
        """Return those of Asterisk's files that are there, as they are."""
        etc = self._settings.asterisk_etc
        return tuple(Rendered(one.name, (etc / one.name).read_text()) for one in files if (etc / one.name).exists())

    def _bring(
        self,
        editions: Sequence[Edition],
        former: Sequence[Edition],
        before: Sequence[Sequence[Edition]],
        files: Sequence[Rendered] = (),
        folder: Path | None = None,
    ) -> None:
        """`before`: what Asterisk has now; of several when nobody can know which."""
        laid: Laid = lay(self._settings, editions, former, self._installation, folder, files)
        sure = len(before) == 1
        reload(self._settings.home, laid.files if sure else RELOADS)
        old, new = [_members(one) for one in before], _members(editions)
        # Only who is really another member is taken out: waiting callers leave a line that has nobody for a moment.
        changed = {member for one in old for member in {*one, *new} if one.get(member) != new.get(member)}
        gone = {member for member in changed if any(one.get(member, _OUT).wraps for one in old)}
        joined = {agent for _, agent in (new if not sure else changed & new.keys())}
        change_members(self._settings.home, gone, joined)
        if any(edition.desk.calls_back for edition in editions):
            stand_again(self._settings.home)

    def _take_back(self, version: Version, fault: str, files: Sequence[Rendered] = ()) -> None:
        """`files`: Asterisk's, where those of before cannot be rendered: another program wrote them."""
        _on_interruption(signal.SIG_IGN)
        home, former = self._settings.home, _but(self._old, (*self._wish.editions, *self._running))
        if files:
            former = known_editions(home, self._now.former)
        try:
            self._bring(self._old, former, [self._old, self._wish.editions, *self._half], files)
        except (DeskError, OSError) as more:  # it counts as broken off: the next apply brings all to one
            add_version(home, replace(version, fault=f"{fault} Taking it back did not work either: {more}"))
            return
        add_version(home, replace(version, outcome="taken back", fault=fault))
        add_version(home, replace(self._now, former=_names(former)))


def _nobody_calls(home: Path) -> bool:
    now = busy(control_dir(home))
    return now is not None and not now.channels


class _Member(NamedTuple):
    """An agent in a line."""

    wraps: bool
    """The line has a wrap-up: Asterisk has got him from us, not from its file."""
    penalty: int


_OUT = _Member(wraps=False, penalty=0)


def _members(editions: Sequence[Edition]) -> Mapping[tuple[str, str], _Member]:
    """Return (queue, agent) → how he is a member there, for all who work on a line."""
    return {
        (f"{edition.desk.desk}-{name}", agent): _Member(line.wrap is not None, penalty(line, agent))
        for edition in editions
        for name, line in edition.desk.lines.items()
        for agent in line.agents
    }


def _but(editions: Sequence[Edition], others: Sequence[Edition]) -> tuple[Edition, ...]:
    """Return the others, each once, without these editions."""
    names = {one.name for one in editions}
    return tuple({one.name: one for one in others if one.name not in names}.values())


def _names(editions: Sequence[Edition]) -> tuple[str, ...]:
    return tuple(one.name for one in editions)


@contextmanager
def _turn(home: Path) -> Iterator[None]:
    """One apply at a time."""
    if not home.is_dir():
        raise DeskError(f"There is no desk in {home}.", "Start it with `make run`, or name its folder by --home.")
    with (home / "apply.lock").open("a") as lock:
        try:
            flock(lock.fileno(), LOCK_EX | LOCK_NB)
        except BlockingIOError as error:
            raise DeskError(f"Somebody applies to {home} at this moment.", "Try again when that is over.") from error
        _on_interruption(signal.default_int_handler)
        yield


def _on_interruption(handler: Any) -> None:
    """Let a closed terminal or a stop count as Ctrl-C does, or let all three wait."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, handler)
