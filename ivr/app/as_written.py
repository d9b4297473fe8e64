"""Whether Asterisk's files are, byte for byte, as they were written last: then nobody has edited them by hand.

Only where one is otherwise must all be rendered to tell how: that takes longer than everything else of a plan.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ivr.asterisk.render import Rendered


def note_written(etc: Path, files: Iterable[Rendered], program: str) -> None:
    """Keep what all of Asterisk's files are now, and which program made them. `etc`: their folder."""
    note = _note(etc)
    told = {"program": program, "files": {file.name: _mark(file.text.encode()) for file in files}}
    if _noted(note) != told:
        fresh = note.with_suffix(".new")
        fresh.write_text(json.dumps(told, indent=1))
        fresh.replace(note)


def as_written(etc: Path) -> bool:
    """Say whether they are; False also where that was never kept, as by an older program."""
    try:
        return _noted(_note(etc)).get("files") == {path.name: _mark(path.read_bytes()) for path in etc.glob("*.conf")}
    except OSError:  # one is gone since
        return False


def written_by(etc: Path) -> str:
    """Return which program made them; "" where that was never kept."""
    return str(_noted(_note(etc)).get("program", ""))


def _note(etc: Path) -> Path:
    return etc.with_name("written.json")


def _mark(content: bytes) -> str:
    return sha256(content).hexdigest()


def _noted(note: Path) -> Mapping[str, Any]:
    try:
        found = json.loads(note.read_bytes())
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
