"""Desk files from disk: read strictly, every mistake at once, each with its place and cure."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path as File
from typing import Any

from pydantic import ValidationError

from ivr.errors import AuthorError
from ivr.flows.checks import salvaged_mistakes, structure_mistakes
from ivr.flows.model import Desk
from ivr.flows.names import Names
from ivr.flows.scripts import script_mistakes
from ivr.flows.together import clashes
from ivr.flows.wording import mistakes_of
from ivr.written.document import Document, Place, without
from ivr.written.file import author_error, error_of, located, read_bytes, read_written
from ivr.written.mistake import Mistake, Path

_HARMLESS = {"desk": "desk", "numbers": ["00"], "agents": {}, "categories": {}}
"""Stand in for broken or missing parts while the rest of a file is looked at."""
_SALVAGES = 8
"""How often broken parts are taken out of a file to look at the rest."""


@dataclass(frozen=True, slots=True)
class Source:
    """A desk file that was read: the desk, where each part of it stands, and what its author is warned of."""

    file: File
    desk: Desk
    document: Document
    warnings: tuple[Mistake, ...] = ()

    def locate(self, mistake: Mistake) -> str:
        """Return the mistake as `file:line:column: what is wrong: the cure`."""
        return located(self.file, self.document, mistake)


def read_desk(path: File) -> Desk:
    """Read a desk file. Raises `AuthorError` with all mistakes of the file."""
    return read_source(path).desk


def read_source(path: File) -> Source:
    """Read a desk file and keep the places of its parts. Raises `AuthorError` with all mistakes of the file."""
    return source_of(path, read_written(path, "desk"))


def desk_of_values(value: Any, scripts: File) -> Desk | None:
    """Return the desk of a file's plain values; None when anything is wrong with it, for the file tells where."""
    try:
        desk = Desk.model_validate(value, by_alias=True, by_name=False)
    except ValidationError:
        return None
    wrong = any(found.severity == "mistake" for found in structure_mistakes(desk)) or any(
        script_mistakes(desk, scripts)
    )
    return None if wrong else desk


def source_of(path: File, document: Document) -> Source:
    """Return the desk that a file's text would be. Raises `AuthorError` with all its mistakes."""
    if document.value is None:
        raise AuthorError([f"{path}:1:1: the file is empty: begin with `desk: {path.stem}`"])
    if not isinstance(document.value, dict):
        raise AuthorError([f"{path}:1:1: this is no desk: begin with `desk: {path.stem}`"])
    desk, found = _desk(document, path.parent / path.stem / "scripts")
    mistakes = [one for one in found if one.severity == "mistake"]
    if desk is None or mistakes:
        raise error_of(path, document, mistakes)
    return Source(path, desk, document, tuple(found))


def _desk(document: Document, folder: File) -> tuple[Desk | None, list[Mistake]]:
    """Return the desk and what is wrong with it: of what is whole in a broken file the names are still checked."""
    mistakes = _hidden_keys(document)
    value, pruned = document.value, list[Path]()
    for _ in range(_SALVAGES):
        try:
            desk = Desk.model_validate(value, by_alias=True, by_name=False)
        except ValidationError as error:
            if not pruned:
                mistakes += mistakes_of(error, document)
            broken = [_prunable(document, found["loc"], pruned) for found in error.errors(include_url=False)]
            if () in broken and pruned:
                break
            pruned += broken
            value = _HARMLESS | without(value, broken)
            continue
        if pruned:
            names = Names.written(document.value)
            return None, [*mistakes, *salvaged_mistakes(desk, names, tuple(pruned))]
        return desk, [*mistakes, *structure_mistakes(desk), *script_mistakes(desk, folder)]
    return None, mistakes


def _hidden_keys(document: Document) -> list[Mistake]:
    """Refuse the names under which the models keep telephone keys and days: a file has one way to write them."""
    found = []
    for path in document.keys:
        if path[-1] == "options" and (path[:-1] == ("source",) or (len(path) == 3 and path[0] == "flow")):
            found.append(Mistake(path, "`options` is not known here", "write the keys beside `menu:`", at_key=True))
        elif path == ("hours", "days"):
            cure = "write the days themselves, as in `mon-fri:`"
            found.append(Mistake(path, "`days` is not known here", cure, at_key=True))
    return found


def _prunable(document: Document, steps: tuple[int | str, ...], pruned: list[Path]) -> Path:
    """Return the smallest part of the file that can be taken out to get rid of a mistake."""
    path = document.known(steps)
    for length in range(len(path)):
        if path[:length] in document.lists:
            path = path[:length]
            break
    # What is wrong for want of a part that was taken out goes with it.
    while path and path in pruned:
        path = path[:-1]
    return path


def read_desks(folder: File) -> dict[str, Desk]:
    """Read all `*.yaml` of a folder, by desk name. Raises `AuthorError` with the mistakes of all files."""
    sources: list[Source] = []
    mistakes: list[str] = []
    if not folder.is_dir():
        raise AuthorError([f"{folder}:1:1: there is no such folder: name the folder that holds the desks"])
    for path in sorted(folder.glob("*.yaml")):
        try:
            sources.append(read_source(path))
        except AuthorError as error:
            mistakes += error.mistakes
    if not sources and not mistakes:
        raise AuthorError([f"{folder}:1:1: the folder holds no desk: put a file such as shop.yaml there"])
    if mistakes:
        raise author_error(mistakes)
    found = {source.file: source for source in sources}
    lines = [found[file].locate(mistake) for file, mistake in clashes({file: s.desk for file, s in found.items()})]
    if lines:
        raise author_error(lines)
    return {source.desk.desk: source.desk for source in sources}


def version_of(path: File, sounds: str = "") -> str:
    """Return 12 hexadecimal digits that change with the desk file, its scripts, and `sounds`: what tells its audio."""
    digest = hashlib.sha256(read_bytes(path, "desk"))
    scripts = path.parent / path.stem / "scripts"
    for script in sorted(scripts.rglob("*.py")):
        content = script.read_bytes()
        digest.update(f"\0{script.relative_to(scripts).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    if sounds:
        digest.update(f"\0\0{sounds}".encode())
    return digest.hexdigest()[:12]


__all__ = ["Place", "Source", "read_desk", "read_desks", "read_source", "version_of"]
