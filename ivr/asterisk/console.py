"""Asterisk's console by its socket: a command and what it prints, without a process for each question."""

from __future__ import annotations

import re
import socket
from pathlib import Path
from typing import NamedTuple

from ivr.asterisk.control import control_dir
from ivr.errors import DeskError

LIMIT = 2.0
"""Seconds for an answer."""
_CEL = "core show taskprocessors like stasis/m:cel"
_CHANNELS = "core show channels count"
_COUNTS = re.compile(
    r"^(\d+) active channels?\n(\d+) (?:of \d+ max )?active calls?\b.*\n(\d+) calls? processed", re.MULTILINE
)
_ROW = re.compile(r"^stasis/m:cel:\S+\s+(\d+)\s+(\d+)\s", re.MULTILINE)


class CelQueue(NamedTuple):
    """The journal's records on their way through Asterisk."""

    written: int
    """Since Asterisk began."""
    waiting: int


class Busy(NamedTuple):
    """What Asterisk does now, by its own count."""

    channels: int
    calls: int
    processed: int
    """Calls since it began."""


def ask_console(folder: Path, command: str, limit: float = LIMIT) -> str:
    """Return what the Asterisk whose control socket lies in the folder prints. Raises OSError when none answers."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as link:
        link.settimeout(limit)
        link.connect(str(folder / "asterisk.ctl"))
        link.sendall(command.encode() + b"\0")
        link.shutdown(socket.SHUT_WR)
        said = b""
        while part := link.recv(65536):
            said += part
    return said.decode(errors="replace").partition("\n")[2]


def give(home: Path, command: str, limit: float = LIMIT) -> str:
    """Give the home's Asterisk a command and return what it prints. Raises `DeskError` when none answers there."""
    try:
        return ask_console(control_dir(home), command, limit)
    except OSError as error:
        raise DeskError(
            f"No Asterisk of {home} answers ({error.strerror or 'it is silent'}).",
            "Start the desk with `make run`, or name its folder by --home; `ivr status` says whether it runs.",
        ) from error


def read_cel_queue(printed: str) -> CelQueue | None:
    """Return the state of the journal's queue from the console's list of task processors; None without CEL."""
    found = _ROW.search(printed)
    return CelQueue(int(found[1]), int(found[2])) if found else None


def cel_queue(folder: Path) -> CelQueue | None:
    """Return the state of the journal's queue; None when no Asterisk answers there, or it has no CEL."""
    try:
        return read_cel_queue(ask_console(folder, _CEL))
    except OSError:
        return None


def read_busy(printed: str) -> Busy | None:
    """Return what the console's `core show channels count` says; None when it says something else."""
    found = _COUNTS.search(printed)
    return Busy(*(int(number) for number in found.groups())) if found else None


def busy(folder: Path) -> Busy | None:
    """Return what Asterisk does now; None when none answers there."""
    try:
        return read_busy(ask_console(folder, _CHANNELS))
    except OSError:
        return None
