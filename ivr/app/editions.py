"""The editions of a home: each version of a desk that was ever served here, with its scripts, to be served again."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from functools import lru_cache
from pathlib import Path
from shutil import copyfile, copytree, rmtree
from typing import Any

from ivr import __version__
from ivr.errors import DeskError
from ivr.flows.edition import BETWEEN, Edition, desk_of, edition_name
from ivr.flows.model import Desk
from ivr.flows.reader import desk_of_values, read_desk, read_desks, version_of
from ivr.speech.library import prints_of
from ivr.written.file import read_written

_SOUNDS = ".sounds"
"""Beside a copy of a desk file: what tells the audio of its prompts."""


def version_at(folder: Path, desk: Desk) -> str:
    """Return the version of a desk as it lies in a folder: of its file, its scripts and its prompts' audio."""
    return version_of(folder / f"{desk.desk}.yaml", _sounds(folder, desk))


def editions_of(folder: Path, desks: Mapping[str, Desk]) -> tuple[Edition, ...]:
    """Return the desks of a folder with their versions there."""
    return tuple(Edition(desk, version_at(folder, desk)) for desk in desks.values())


def _sounds(folder: Path, desk: Desk) -> str:
    """Return what changes with the audio of any prompt; "" where there is none, as in homes of older programs."""
    file = folder / f"{desk.desk}.yaml"
    if file.with_suffix(_SOUNDS).is_file():
        return _noted(file)
    prints = prints_of(desk, folder)
    return hashlib.sha256(json.dumps(prints, sort_keys=True).encode()).hexdigest() if prints else ""


def _noted(file: Path) -> str:
    """Return what was noted of the audio beside a copy of a desk file."""
    try:
        return file.with_suffix(_SOUNDS).read_text()
    except OSError:
        return ""


def place_of(home: Path, edition: str) -> Path:
    """Return the folder that holds the edition's desk file, its scripts, and what tells its audio."""
    return home / "editions" / edition


def keep_editions(home: Path, folder: Path, editions: Iterable[Edition]) -> None:
    """Keep what is not kept yet; `folder` holds the desks. A place that is there is whole.

    Raises `DeskError` for a desk that was saved since it was read: its dialplan would speak of another flow.
    """
    for edition in editions:
        place = place_of(home, edition.name)
        if not place.exists():
            fresh = place.with_name(f".{edition.name}.new")
            rmtree(fresh, ignore_errors=True)
            fresh.mkdir(parents=True)
            copy_desk(folder, edition.desk, fresh)
            if version_at(fresh, edition.desk) != edition.version:
                raise DeskError(
                    f"{folder / edition.desk.desk}.yaml was saved while it was brought in.", "Do the same again."
                )
            _note(fresh / f"{edition.desk.desk}.yaml")
            fresh.rename(place)


@lru_cache(maxsize=64)
def read_edition(home: Path, name: str) -> Edition:
    """Return a kept edition, read once: it never changes. Raises `DeskError` when it is not kept here."""
    file = place_of(home, name) / f"{desk_of(name)}.yaml"
    if "/" in name or not file.is_file():
        raise DeskError(f"There is no edition {name!r} in {home}.", "`ivr history` names those that there are.")
    version = version_of(file, _noted(file))
    return Edition(_kept_desk(file, version == name.partition(BETWEEN)[2]), version)


def _kept_desk(file: Path, as_kept: bool) -> Desk:  # noqa: FBT001 - of one call
    """Return the desk of a file that never changes, by its plain values: reading YAML is half of the time."""
    values = file.with_suffix(".json")
    if as_kept and (desk := desk_of_values(_values(values), file.parent / file.stem / "scripts")):
        return desk
    if as_kept:
        _note(file)
    return read_desk(file)


def _note(file: Path) -> None:
    """Keep a desk file's plain values beside it."""
    fresh = file.with_suffix(f".{os.getpid()}")
    with suppress(OSError):
        fresh.write_text(json.dumps({"program": __version__, "value": read_written(file, "desk").value}))
        fresh.replace(file.with_suffix(".json"))


def _values(file: Path) -> Any:
    """Return what a program like this has read of a desk file; None when there is nothing of the kind."""
    try:
        found = json.loads(file.read_bytes())
        return found["value"] if found["program"] == __version__ else None
    except (OSError, ValueError, LookupError, TypeError):
        return None


def known_editions(home: Path, names: Iterable[str]) -> tuple[Edition, ...]:
    """Return those of them that are kept: an apply that broke off at its beginning has kept none of its own."""
    return tuple(read_edition(home, name) for name in names if place_of(home, name).is_dir())


class Editions:
    """Finds the edition of a call. What is applied while calls run is read when its first call comes."""

    def __init__(self, home: Path, desks: Path) -> None:
        """`desks`: the folder of those that are served now. Raises `AuthorError` when one has mistakes."""
        self._home = home
        self._desks = desks
        self.current = editions_of(desks, read_desks(desks))
        self._known = {edition.name: edition for edition in self.current}
        self.agents = {agent for edition in self.current for agent in edition.desk.agents}
        """Of all editions that are known: it grows while calls come."""

    async def find(self, name: str) -> Edition:
        """Return it by its name; by a bare desk's name the one that is served now. Raises `DeskError`."""
        if desk_of(name) == name and (file := self._desks / f"{name}.yaml").is_file():
            name = edition_name(name, version_at(self._desks, read_desk(file)))
        if name not in self._known:
            import asyncio  # noqa: PLC0415 - an admin's commands read editions too, and have no other use for it

            self._known[name] = await asyncio.to_thread(read_edition, self._home, name)
            self.agents.update(self._known[name].desk.agents)
        return self._known[name]

    def scripts(self, edition: Edition) -> Path:
        """Return the folder of its pyst2 handlers."""
        kept = place_of(self._home, edition.name)
        return (kept if kept.exists() else self._desks) / edition.desk.desk / "scripts"


def forget_editions(home: Path, sounds: Path, kept: Collection[str]) -> None:
    """Remove the editions that are not to be kept, with their prompts. Not while calls may be in one of them."""
    for folder in (home / "editions", sounds):
        for place in folder.glob(f"*{BETWEEN}*"):
            if place.name not in kept and place.is_dir() and not place.name.startswith(BETWEEN):
                rmtree(place)


def copy_desk(folder: Path, desk: Desk, to: Path) -> None:
    """Copy a desk's file and its scripts, and note what tells its audio, which lies where it was published."""
    name = desk.desk
    copyfile(folder / f"{name}.yaml", to / f"{name}.yaml")
    (to / f"{name}{_SOUNDS}").write_text(_sounds(folder, desk))
    if (scripts := folder / name / "scripts").is_dir():
        copytree(scripts, to / name / "scripts")
