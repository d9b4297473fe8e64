"""Desk files from disk: read strictly, every mistake at once, each with its place and cure."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path as File
from typing import Any

from pydantic import ValidationError

from ivr.errors import AuthorError
from ivr.flows.checks import salvaged_mistakes, structure_mistakes
from ivr.flows.document import Document, Place, read_document, without
from ivr.flows.mistake import Mistake, Path
from ivr.flows.model import Desk
from ivr.flows.names import Names
from ivr.flows.scripts import script_mistakes
from ivr.flows.together import clashes
from ivr.flows.wording import mistakes_of

LARGEST = 1_000_000
"""Bytes of a desk file; a large desk has ten thousand."""
MOST_MISTAKES = 100
_HARMLESS = {"desk": "desk", "numbers": ["00"], "agents": {}, "categories": {}}
"""Stand in for broken or missing parts while the rest of a file is looked at."""
_SALVAGES = 8
"""How often broken parts are taken out of a file to look at the rest."""


@dataclass(frozen=True, slots=True)
class Source:
    """A desk file that was read: the desk, and where each part of it stands."""

    file: File
    desk: Desk
    document: Document

    def locate(self, mistake: Mistake) -> str:
        """Return the mistake as `file:line:column: what is wrong: the cure`."""
        return _located(self.file, self.document, mistake)


def read_desk(path: File) -> Desk:
    """Read a desk file. Raises `AuthorError` with all mistakes of the file."""
    return read_source(path).desk


def read_source(path: File) -> Source:
    """Read a desk file and keep the places of its parts. Raises `AuthorError` with all mistakes of the file."""
    document = read_document(_text(path))
    if document.mistakes:
        raise _error(f"{path}:{place.line}:{place.column}: {wrong}" for place, wrong in sorted(document.mistakes))
    if document.value is None:
        raise AuthorError([f"{path}:1:1: the file is empty: begin with `desk: {path.stem}`"])
    if not isinstance(document.value, dict):
        raise AuthorError([f"{path}:1:1: this is no desk: begin with `desk: {path.stem}`"])
    desk, mistakes = _desk(document, path.parent / path.stem / "scripts")
    if desk is None or mistakes:
        mistakes.sort(key=lambda mistake: document.place(mistake.path, at_key=mistake.at_key))
        raise _error(dict.fromkeys(_located(path, document, mistake) for mistake in mistakes))
    return Source(path, desk, document)


def _desk(document: Document, folder: File) -> tuple[Desk | None, list[Mistake]]:
    """Return the desk, or what is wrong with it: of what is whole in a broken file the names are still checked."""
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
        mistakes += (found for found in structure_mistakes(desk) if found.severity == "mistake")
        return desk, [*mistakes, *script_mistakes(desk, folder)]
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
        raise _error(mistakes)
    found = {source.file: source for source in sources}
    lines = [found[file].locate(mistake) for file, mistake in clashes({file: s.desk for file, s in found.items()})]
    if lines:
        raise _error(lines)
    return {source.desk.desk: source.desk for source in sources}


def version_of(path: File) -> str:
    """Return 12 hexadecimal digits that change with the desk file and with its scripts."""
    digest = hashlib.sha256(_bytes(path))
    scripts = path.parent / path.stem / "scripts"
    for script in sorted(scripts.rglob("*.py")):
        content = script.read_bytes()
        digest.update(f"\0{script.relative_to(scripts).as_posix()}\0{len(content)}\0".encode())
        digest.update(content)
    return digest.hexdigest()[:12]


def _bytes(path: File) -> bytes:
    try:
        with path.open("rb") as file:
            content = file.read(LARGEST + 1)
    except FileNotFoundError:
        raise AuthorError([f"{path}:1:1: there is no such file: check the name"]) from None
    except IsADirectoryError:
        raise AuthorError([f"{path}:1:1: this is a folder: name a desk file in it"]) from None
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "the name cannot be one"
        raise AuthorError([f"{path}:1:1: the file cannot be read ({reason}): check the name and its rights"]) from None
    if len(content) > LARGEST:
        raise AuthorError([f"{path}:1:1: the file is larger than 1 MB: a desk is a short text; is it the right file?"])
    return content


def _text(path: File) -> str:
    content = _bytes(path)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        column = error.start - content.rfind(b"\n", 0, error.start)
        raise AuthorError([f"{path}:{line}:{column}: the file is not UTF-8: save it as UTF-8"]) from None


def _located(path: File, document: Document, mistake: Mistake) -> str:
    place = document.place(mistake.path, at_key=mistake.at_key)
    return f"{path}:{place.line}:{place.column}: {mistake}"


def _error(lines: Any) -> AuthorError:
    every = list(lines)
    if len(every) > MOST_MISTAKES:
        place = every[MOST_MISTAKES].split(": ", 1)[0]
        every = [*every[:MOST_MISTAKES], f"{place}: {len(every) - MOST_MISTAKES} more mistakes: mend these first"]
    return AuthorError(every)


__all__ = ["Place", "Source", "read_desk", "read_desks", "read_source", "version_of"]
