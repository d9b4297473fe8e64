"""Where the files that come with the product lie: in a checkout beside the package, in an installed wheel inside it."""

from __future__ import annotations

from pathlib import Path

import ivr

_PACKAGE = Path(ivr.__file__).parent


def bundled(name: str) -> Path:
    """Return the folder `asterisk-config`, `dialplans` or `projects` that belongs to this program."""
    inside = _PACKAGE / "_bundled" / name
    return inside if inside.is_dir() else _PACKAGE.parent / name


def projects_folder(given: Path | None) -> Path:
    """Return the folder that was given; else `projects` where one works, or the examples that come with the program."""
    here = Path("projects")
    return given or (here if here.is_dir() else bundled("projects"))
