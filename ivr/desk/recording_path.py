"""Where a recording lies, and opening it there and nowhere else: no way out of the root, no symbolic links."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from ivr.errors import DeskError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,99}")
_PATH = re.compile(r"[0-9]{4}/[0-9]{2}/[0-9]{2}/([^/]+)\.wav")
LIVE = "live"
MESSAGE = "-message"
"""Ends the name of a message in the voicemail; any other recording is of talks."""


def is_name(name: str) -> bool:
    """Say whether a recording may have this name: letters, digits, dots and dashes, nothing that means a folder."""
    return _NAME.fullmatch(name) is not None and ".." not in name


def is_message(name: str) -> bool:
    """Say whether the recording of this name is a message in the voicemail."""
    return name.endswith(MESSAGE)


def place_of(name: str, began_at: float) -> str:
    """Return the path under the root: the UTC date of the call's start (seconds since 1970), then the name.

    Raises `ValueError` for a name that is none of ours.
    """
    if not is_name(name):
        raise ValueError(f"{name!r} is no name of a recording")
    return f"{datetime.fromtimestamp(began_at, UTC):%Y/%m/%d}/{name}.wav"


def live_names(name: str) -> tuple[str, ...]:
    """Return all paths under the root where Asterisk's own files of a recording may lie."""
    return tuple(f"{LIVE}/{name}{end}" for end in (".raw", ".in.raw", ".out.raw", ".voice.raw"))


def live_files(root: Path, name: str) -> tuple[Path, ...]:
    """Return what Asterisk wrote of a recording: `<name>.raw` with both sides, or `<name>.in.raw` and `<name>.out.raw`.

    Of a message it is `<name>.voice.raw`, with the caller alone. Empty when there is nothing, as symbolic links are.
    Raises `OSError` when the folder cannot be read.
    """
    if not is_name(name):
        return ()
    live = root / LIVE
    pairs = ((f"{name}.raw",), (f"{name}.in.raw", f"{name}.out.raw"))
    for names in ((f"{name}.voice.raw",),) if is_message(name) else pairs:
        found = tuple(live / each for each in names)
        if all(os.path.lexists(path) and path.is_file() and not path.is_symlink() for path in found):
            return found
    return ()


def folder_for(root: Path, relative: str) -> Path:
    """Make a recording's folder and return the file's full path; raises `OSError` when it leads out of the root."""
    target = root.resolve() / PurePosixPath(relative)
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o750)
    if target.parent.resolve() != target.parent or target.is_symlink():
        raise OSError(f"{target.parent} leads out of the recordings folder")
    return target


def open_recording(root: Path, relative: str) -> BinaryIO:
    """Open a finished recording for reading.

    Raises `DeskError` when the path is none of ours, a part of it is a symbolic link, or the file is gone.
    """
    match = _PATH.fullmatch(relative)
    if match is None or not is_name(match[1]):
        raise DeskError(f"{relative!r} is no path of a recording.", "Use the recording's id.")
    try:
        return os.fdopen(_descend(root, PurePosixPath(relative).parts), "rb")
    except OSError as error:
        reason = error.strerror or str(error)
        raise DeskError(
            f"Recording {relative} cannot be opened: {reason}.", f"Look into {root}; was it moved or removed?"
        ) from error


def remove_files(root: Path, relatives: Iterable[str]) -> bool:
    """Remove files under the root, and say whether any was there; their folders may be no symbolic links.

    Raises `OSError` when one is there and cannot be removed, or when the root is not there: a disk that is away has not
    lost its files. After a return none is there, even after a power cut.
    """
    root.stat()
    found = False
    for relative in relatives:
        parts = PurePosixPath(relative).parts
        try:
            folder = _folder(root, parts[:-1])
        except FileNotFoundError:
            continue
        try:
            os.unlink(parts[-1], dir_fd=folder)
            os.fsync(folder)
            found = True
        except FileNotFoundError:
            continue
        finally:
            os.close(folder)
    return found


def _descend(root: Path, parts: tuple[str, ...]) -> int:
    folder = _folder(root, parts[:-1])
    try:
        return os.open(parts[-1], os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder)
    finally:
        os.close(folder)


def _folder(root: Path, parts: tuple[str, ...]) -> int:
    """Open part by part, each relative to its folder, so that nobody can swap a folder for a link in between."""
    at = os.open(root, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        for part in parts:
            below = os.open(part, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=at)
            os.close(at)
            at = below
    except OSError:
        os.close(at)
        raise
    return at
