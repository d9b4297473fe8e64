"""Files of an older system on disk: what each is, and its rows; plain or gzipped, of any size."""

from __future__ import annotations

import gzip
import hashlib
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO, BinaryIO
from zoneinfo import ZoneInfo

from ivr.errors import DeskError
from ivr.history.clock import Clock
from ivr.history.read import read_rows
from ivr.history.rows import Aside, Kind, Row
from ivr.history.sniff import HEAD_LINES, Form, sniff

LONGEST_LINE = 64 << 20
"""Characters. mysqldump writes statements of some megabytes; what is longer is no file of calls."""


@dataclass(frozen=True, slots=True)
class HistoryFile:
    """A file that was looked at: `digest` is the SHA-256 of its bytes."""

    path: Path
    digest: str
    size: int
    form: Form
    kind: Kind | None

    def rows(self, zone: ZoneInfo | None, *, checked: bool = True) -> Iterator[Row | Aside]:
        """Yield its rows and what is none.

        Raises `DeskError`, perhaps at the end, when its times need another zone; not `checked` lets a wrong one pass.
        """
        clock = Clock(zone)
        with opened(self.path) as file:
            yield from read_rows(lines_of(file, self.path.name), self.form, clock, self.kind)
        if checked:
            clock.check()


def look_at(path: Path, kind: Kind | None) -> HistoryFile:
    """Return what the file is. Raises `DeskError` when it cannot be read, or is none of ours."""
    with opened(path) as file:
        form = sniff(list(islice(lines_of(file, path.name), HEAD_LINES)), kind, path.name)
    digest = hashlib.sha256()
    with _raw(path) as raw:
        while block := raw.read(1 << 20):
            digest.update(block)
        size = raw.tell()
    return HistoryFile(path, digest.hexdigest(), size, form, kind)


def lines_of(file: IO[bytes], name: str) -> Iterator[str]:
    """Yield lines with their ends as text; a gzipped file that was cut short ends there, in an empty line."""
    first = True
    try:
        while line := file.readline(LONGEST_LINE):
            if len(line) == LONGEST_LINE:
                raise DeskError(f"A line of {name} does not end within 64 MB.", "Is it the right file?")
            yield line.decode("utf-8-sig" if first else "utf-8", "replace")
            first = False
    except (EOFError, zlib.error):
        yield ""
    except gzip.BadGzipFile as error:
        raise DeskError(f"{name} is no sound gzip file.", "Copy it again.") from error


@contextmanager
def opened(path: Path) -> Iterator[BinaryIO]:
    """Open a file, plain or gzipped. Raises `DeskError` when it cannot be read."""
    with _raw(path) as raw:
        gzipped = raw.read(2) == b"\x1f\x8b"
        raw.seek(0)
        yield io.BufferedReader(gzip.GzipFile(fileobj=raw)) if gzipped else raw


@contextmanager
def _raw(path: Path) -> Iterator[BinaryIO]:
    try:
        file = path.open("rb")
    except (OSError, ValueError) as error:  # ValueError: a name with a NUL in it
        raise _unreadable(path, error) from error
    with file:
        try:
            yield file
        except gzip.BadGzipFile:
            raise
        except OSError as error:
            raise _unreadable(path, error) from error


def _unreadable(path: Path, error: OSError | ValueError) -> DeskError:
    reason = getattr(error, "strerror", None) or str(error)
    return DeskError(f"{path} cannot be read: {reason}.", "Check the name and its rights.")
