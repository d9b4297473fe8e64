"""Where Asterisk's control socket lies: in the home, or in a short folder of the machine's when the home is too deep.

A socket's path may have 107 bytes, and Asterisk cuts a longer one without a word: its console would listen at some
other place, perhaps another home's.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import stat
import tempfile
from pathlib import Path

from ivr.errors import DeskError

LONGEST = 107
"""Bytes of a socket's path (`sun_path` of unix(7), without its last NUL)."""
DEEPEST = 200
"""Bytes of a home's path: Asterisk keeps the names of its files in buffers of 256, and cuts longer ones in silence."""
_SOCKET = "asterisk.ctl"
_LAST_RESORT = Path("/tmp")  # noqa: S108 - checked by `_own`


def check_depth(home: Path) -> None:
    """Raise `DeskError` when the home lies so deep that Asterisk would not find its own files there."""
    if (length := len(os.fsencode(home.absolute()))) > DEEPEST:
        raise DeskError(
            f"The home's path has {length} bytes; Asterisk can work with {DEEPEST} at most.", "Give a shorter --home."
        )


def control_dir(home: Path) -> Path:
    """Return the folder for the control socket of a home: always the same one for the same home."""
    inside = home.absolute() / "asterisk/run"
    if _fits(inside):
        return inside
    name = f"ivr-{os.getuid()}-{hashlib.sha256(os.fsencode(home.absolute())).hexdigest()[:16]}"
    chosen = Path(tempfile.gettempdir()) / name
    return chosen if _fits(chosen) else _LAST_RESORT / name


def lay_control_dir(home: Path) -> None:
    """Make the folder, ours alone; `asterisk/run` in the home leads to it in either case.

    Raises `DeskError` when somebody else has put something in its place, `OSError` when it cannot be made.
    """
    inside, chosen = home.absolute() / "asterisk/run", control_dir(home)
    if inside.is_symlink() and (chosen == inside or inside.readlink() != chosen):
        inside.unlink()  # the home has moved
    if chosen == inside:
        inside.mkdir(parents=True, exist_ok=True)
        return
    _own(chosen)
    if inside.is_dir() and not inside.is_symlink():
        shutil.rmtree(inside)
    if not inside.is_symlink():
        inside.parent.mkdir(parents=True, exist_ok=True)
        inside.symlink_to(chosen)


def _own(folder: Path) -> None:
    """Make a folder in a place where everybody may; take none that another user has laid there for us."""
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError as mistake:
        found = folder.lstat()
        if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
            raise DeskError(
                f"{folder} is not a folder of this user alone, and this home's path is too long for Asterisk's socket.",
                "Remove it, or give a shorter --home.",
            ) from mistake


def _fits(folder: Path) -> bool:
    return len(os.fsencode(folder / _SOCKET)) <= LONGEST
