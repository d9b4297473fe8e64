"""The node's CEL file, read on from a position, through rotations by rename.

Asterisk opens, appends and closes the file for every row, in one thread. So when the new file has its first byte,
nothing more comes into the old one, and what is unfinished there stays so.
"""

from __future__ import annotations

import hashlib
import os
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from ivr.errors import DeskError
from ivr.ledger.parse import LONGEST, first_time, parse
from ivr.ledger.record import Batch, Position, record_id

DEFAULT_LIMIT = 1 << 20
_HEAD_BYTES = 256
_PACKED = (".gz", ".xz", ".bz2", ".zst")


class Journal:
    """A reader of one node's journal; it keeps the file that it reads open, so a rename cannot take it away."""

    def __init__(self, path: Path, node: str, boot: str = "") -> None:
        self._path = path
        self._node = node
        self._boot = boot or boot_id()
        self._file = -1
        self._inode = 0

    def close(self) -> None:
        """Close the open file; reading opens it again."""
        if self._file >= 0:
            os.close(self._file)
        self._file = -1

    def read(self, position: Position, limit: int = DEFAULT_LIMIT) -> Batch | None:
        """Return what follows the position, at most about `limit` bytes of one file.

        None means that nothing new is there. `DeskError` when bytes were lost: the file was cut, or is gone.
        """
        try:
            return self._read(position, max(limit, 2 * LONGEST))
        except FileNotFoundError:
            # A rotation between our look at the folder and at the file: the next reading sees its end.
            return None

    def _read(self, position: Position, limit: int) -> Batch | None:
        if not position.inode:
            oldest = self._family()
            return self._read_from_start(oldest[0], position.file, limit) if oldest else None
        self._open(position)
        batch = self._next(position, limit)
        if batch is None and (following := self._following()):
            batch = self._next(position, limit) or self._next(position, limit, final=True)
            batch = batch or self._read_from_start(following, position.file + 1, limit)
        return batch

    def after_gap(self, position: Position) -> Position:
        """Return the beginning of the present file, for an operator who accepts that the rest is lost."""
        if not self._path.is_file():
            raise DeskError(f"There is no journal at {self._path}.", "Start the desk first: Asterisk writes it.")
        return Position(self._node, self._boot, position.file + 1, self._path.stat().st_ino, "", 0)

    def sizes(self) -> list[int]:
        """Return the bytes of each file, oldest first; the last one is the one that Asterisk writes."""
        return [path.stat().st_size for path in self._family()]

    def unread(self, position: Position) -> int | None:
        """Return how many bytes follow the position, in its file and in later ones; None when its file is not there."""
        try:
            family = [(path.stat().st_ino, path.stat().st_size) for path in self._family()]
        except OSError:  # a rotation at this very moment
            return None
        if not position.inode:
            return sum(size for _, size in family)
        inodes = [inode for inode, _ in family]
        if position.inode not in inodes:
            return None
        return sum(size for _, size in family[inodes.index(position.inode) :]) - position.offset

    def _read_from_start(self, path: Path, number: int, limit: int) -> Batch | None:
        self.close()
        position = Position(self._node, self._boot, number, path.stat().st_ino, "", 0)
        self._open(position)
        return self._next(position, limit)

    def _next(self, position: Position, limit: int, *, final: bool = False) -> Batch | None:
        data = os.pread(self._file, limit, position.offset)
        if not data:
            return None
        records, rejected, used = parse(data, record_id(position.file, position.offset), final=final)
        if not used:
            return None
        head = position.head or self._head()
        behind = Position(self._node, self._boot, position.file, self._inode, head, position.offset + used)
        return Batch(records, rejected, behind)

    def _open(self, position: Position) -> None:
        if self._file < 0 or self._inode != position.inode:
            self.close()
            self._file = os.open(self._find(position), os.O_RDONLY)
            self._inode = os.fstat(self._file).st_ino
            if position.head and self._head(position.head) != position.head:
                raise self._refusal("was cut and filled again", position)
        if os.fstat(self._file).st_size < position.offset:
            raise self._refusal("is shorter than what was already read", position)

    def _find(self, position: Position) -> Path:
        """Return the path of the position's file: by its inode, and after a move to another disk by its head."""
        family = self._family()
        for path in [self._path, *family]:
            # The newest file counts even when it is empty: then it was cut.
            if path.exists() and path.stat().st_ino == position.inode:
                return path
        for path in family:
            with path.open("rb") as file:
                if position.head and _head(file.fileno(), position.head) == position.head:
                    return path
        raise self._refusal("is gone", position)

    def _refusal(self, what: str, position: Position) -> DeskError:
        self.close()
        return DeskError(
            f"The journal {self._path} {what}: records after byte {position.offset} may be lost.",
            "Rotate it by rename (logrotate `create`, never `copytruncate`) and keep the old file beside it. "
            "Put the old file back, or accept the loss with `ivr loader --after-gap`, which notes the gap.",
        )

    def _following(self) -> Path | None:
        """Return the file after the open one when Asterisk has begun to write it; None while it is the newest."""
        if self._path.exists() and self._path.stat().st_ino == self._inode:
            return None
        family = self._family()
        inodes = [path.stat().st_ino for path in family]
        if self._inode in inodes[:-1]:
            return family[inodes.index(self._inode) + 1]
        if self._inode in inodes or not family:
            return None
        mine = self._order(self._file)
        later = [path for path in family[:-1] if self._order_of(path) > mine]
        return later[0] if later else family[-1]

    def _family(self) -> list[Path]:
        """Return the journal's files that hold a byte, oldest first; the one that Asterisk writes is the last."""
        name = self._path.name
        if not self._path.parent.is_dir():
            return []
        rotated = [
            path
            for path in self._path.parent.iterdir()
            if path.name.startswith((f"{name}.", f"{name}-")) and path.suffix not in _PACKED and _has_bytes(path)
        ]
        return sorted(rotated, key=self._order_of) + ([self._path] if _has_bytes(self._path) else [])

    def _order_of(self, path: Path) -> int:
        with path.open("rb") as file:
            return self._order(file.fileno())

    def _order(self, file: int) -> int:
        """Return the time of the file's first record, in microseconds; of its last write when it has none."""
        time = first_time(os.pread(file, LONGEST, 0))
        return os.fstat(file).st_mtime_ns // 1000 if time is None else time

    def _head(self, like: str = "") -> str:
        return _head(self._file, like)


def set_aside(path: Path, now: float) -> Path:
    """Rename the journal, as `journal.csv-20261121T101500Z`, and return its new path; no other file is overwritten.

    `now`: seconds since 1970. It is one rename: who is killed has done it or not. One process alone may call this.
    Raises OSError.
    """
    name = f"{path.name}-{datetime.fromtimestamp(now, UTC):%Y%m%dT%H%M%SZ}"
    names = (name if place == 1 else f"{name}-{place}" for place in count(1))
    aside = next(one for one in map(path.with_name, names) if not one.exists())
    path.rename(aside)
    return aside


def boot_id() -> str:
    """Return the id of the machine's present boot; "" where the kernel does not tell."""
    path = Path("/proc/sys/kernel/random/boot_id")
    return path.read_text().strip() if path.exists() else ""


def _has_bytes(path: Path) -> bool:
    return path.is_file() and path.stat().st_size > 0


def _head(file: int, like: str = "") -> str:
    """Return length and hash of the file's first line, or of as many bytes as `like` is about."""
    data = os.pread(file, _HEAD_BYTES, 0)
    size = int(like.partition(":")[0]) if like else data.find(b"\n") + 1 or len(data)
    return f"{size}:{hashlib.sha256(data[:size]).hexdigest()[:16]}"
