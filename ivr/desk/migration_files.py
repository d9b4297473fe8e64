"""Files of an older system: backups, dumps, Asterisk's configuration. Nothing is ever unpacked onto a disk."""

from __future__ import annotations

import gzip
import io
import json
import re
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from ivr.desk.history_files import lines_of, opened
from ivr.errors import DeskError
from ivr.migration.conf import ConfLine
from ivr.migration.tables import TABLES, Tables
from ivr.written.dump import Dump, TornRow

LARGEST_MODULE = 64 << 20
MOST_BYTES = 2 << 30
"""Bytes of all that is read of one file, unpacked. A FreePBX of hundreds of people has some megabytes."""
MOST_CONF = 16 << 20
"""Characters of a configuration with all that it includes."""
DEEPEST = 10
_INCLUDE = re.compile(r"\s*#(?:try)?include\s+[\"<]?([^\">;]{1,200}?)[\">]?\s*(?:;.*)?$")
_MODULE = re.compile(r"(?:^|/)modulejson/[\w-]+\.json$")
_DUMP = re.compile(r"\.sql(?:\.gz)?$")


def tables_of(paths: list[Path]) -> Tables:
    """Return FreePBX's tables in backups, module files and dumps. Raises `DeskError` when a file is none of them."""
    tables = Tables()
    for path in paths:
        before = tables.count
        _read(path, tables)
        if tables.count == before:
            raise DeskError(
                f"{path.name} holds nothing of a FreePBX that is known here.",
                "Known are FreePBX's backups (.tar.gz), their module files (.json), and dumps of the database "
                "`asterisk` with its tables `incoming`, `ivr_details`, `queues_config` and so on. "
                "Calls, of `asteriskcdrdb`, come by `ivr ledger import`.",
            )
    return tables


def _read(path: Path, tables: Tables) -> None:
    with opened(path) as raw, _unpacked(path.name):
        file = io.BufferedReader(_Counted(raw, path.name))
        head = file.peek(512)[:512]
        if not head:
            raise DeskError(f"{path.name} is empty.", "Copy it again.")
        if head[257:262] == b"ustar":
            _read_backup(file, path.name, tables)
        elif head.lstrip()[:1] in (b"{", b"["):
            _read_module(file, path.name, tables)
        else:
            _read_dump(file, path.name, tables)


def _read_backup(file: IO[bytes], name: str, tables: Tables) -> None:
    with tarfile.open(fileobj=file, mode="r|") as backup:
        try:
            for member in backup:
                # Links and devices are no files; names are only looked at, never opened.
                if not member.isfile() or not (content := backup.extractfile(member)):
                    continue
                inside = f"{name}: {Path(member.name).name}"
                if _MODULE.search(member.name):
                    _read_module(content, inside, tables)
                elif _DUMP.search(member.name):
                    _read_dump(_gunzipped(content, inside), inside, tables)
        except (EOFError, zlib.error, tarfile.ReadError):
            tables.torn += 1


def _gunzipped(content: IO[bytes], name: str) -> IO[bytes]:
    whole = io.BufferedReader(_Counted(content, name))
    if whole.peek(2)[:2] != b"\x1f\x8b":
        return whole
    unpacked: Any = gzip.GzipFile(fileobj=whole)
    return io.BufferedReader(_Counted(unpacked, name))


def _read_module(file: IO[bytes], name: str, tables: Tables) -> None:
    content = file.read(LARGEST_MODULE + 1)
    if len(content) > LARGEST_MODULE:
        raise DeskError(f"{name} is larger than 64 MB.", "Is it the right file?")
    try:
        tables.add_module(json.loads(content))
    except RecursionError:
        raise DeskError(f"{name} nests too deep to be a module's file.", "Is it the right file?") from None
    except UnicodeDecodeError as error:
        raise DeskError(f"{name} is no sound JSON (byte {error.start + 1}).", "Is it the right file?") from error
    except json.JSONDecodeError as error:
        cure = "Copy it again: it ends in the middle, or is no JSON."
        raise DeskError(f"{name} is no sound JSON (line {error.lineno}).", cure) from error


def _read_dump(file: IO[bytes], name: str, tables: Tables) -> None:
    dump, ends = Dump(TABLES), _Ends()
    for row in dump.read(ends.watch(lines_of(file, name))):
        if isinstance(row, TornRow):
            tables.torn += 1
        elif len(row.values) == len(row.columns):
            columns = (column.strip().strip('`"').lower() for column in row.columns)
            tables.add(row.table, dict(zip(columns, row.values, strict=True)))
        else:
            tables.unnamed.add(row.table)
    if dump.open or ends.cut:
        raise DeskError(
            f"{name} ends in the middle: half a system makes no desk.", "Make the dump again, or copy it again."
        )


class _Ends:
    """Numbers a dump's lines, and sees whether the last of them is there."""

    def __init__(self) -> None:
        self._announced = self._completed = self._broken = False

    @property
    def cut(self) -> bool:
        """Say whether the end is missing: a dump that says what made it also says when it is complete."""
        return self._broken or (self._announced and not self._completed)

    def watch(self, lines: Iterator[str]) -> Iterator[tuple[int, str]]:
        """Yield each line with its number, without its end."""
        for number, line in enumerate(lines, 1):
            self._broken = not line
            if line.startswith(("-- MySQL dump", "-- MariaDB dump")):
                self._announced, self._completed = True, False
            elif line.startswith("-- Dump completed"):
                self._completed = True
            yield number, line.rstrip("\r\n").replace("\0", "\N{REPLACEMENT CHARACTER}")


def conf_lines(path: Path) -> Iterator[ConfLine]:
    """Yield the lines of an Asterisk file, with those of the files in its folder that it includes.

    What it includes from elsewhere stays as it stands there. Raises `DeskError` when the file cannot be read.
    """
    return _conf_lines(path, path.parent, (), [MOST_CONF])


def _conf_lines(path: Path, folder: Path, above: tuple[Path, ...], left: list[int]) -> Iterator[ConfLine]:
    name = path.relative_to(folder).as_posix() if path.is_relative_to(folder) else path.name
    with opened(path) as file:
        for number, text in enumerate(lines_of(file, path.name), 1):
            left[0] -= len(text)
            if left[0] < 0:
                raise DeskError(f"{path.name} is larger than 16 MB, with what it includes.", "Is it the right file?")
            if "\0" in text:
                raise DeskError(f"{path.name} is no text.", "Give Asterisk's extensions.conf, or queues.conf.")
            included = _included(text, folder, (*above, path.resolve()))
            if included is None:
                yield ConfLine(f"{name}:{number}", text.rstrip("\r\n"))
            for one in included or ():
                yield from _conf_lines(one, folder, (*above, path.resolve()), left)


def _included(text: str, folder: Path, above: tuple[Path, ...]) -> list[Path] | None:
    """Return the files of the folder that a line includes; None when it includes none of them."""
    found = _INCLUDE.match(text)
    if not found or len(above) > DEEPEST:
        return None
    wanted = Path(found[1])
    if wanted.is_absolute() or ".." in wanted.parts:
        return None
    files = [file for file in sorted(folder.glob(found[1])) if file.is_file()]
    inside = [file for file in files if file.resolve().is_relative_to(folder.resolve()) and file.resolve() not in above]
    return inside or None


@contextmanager
def _unpacked(name: str) -> Iterator[None]:
    try:
        yield
    except (EOFError, zlib.error, tarfile.TarError, OSError) as error:
        raise DeskError(f"{name} is no sound archive: {error}.", "Copy it again.") from error


class _Counted(io.RawIOBase):
    """Passes bytes on, and stops when a small file unpacks to more than any telephone system has."""

    def __init__(self, file: IO[bytes], name: str) -> None:
        self._file = file
        self._name = name
        self._left = MOST_BYTES

    def readable(self) -> bool:
        """Say yes."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Read into a buffer."""
        block = self._file.read(len(buffer))
        self._left -= len(block)
        if self._left < 0:
            raise DeskError(f"{self._name} unpacks to more than 2 GB.", "Give a dump of the tables alone.")
        buffer[: len(block)] = block
        return len(block)
