"""Where the files that come with the product lie: in a checkout beside the package, in an installed wheel inside it."""

from __future__ import annotations

from pathlib import Path

import ivr

_PACKAGE = Path(ivr.__file__).parent


def bundled(name: str) -> Path:
    """Return the folder `asterisk-config` or `dialplans` that belongs to this program."""
    inside = _PACKAGE / "_bundled" / name
    return inside if inside.is_dir() else _PACKAGE.parent / name
