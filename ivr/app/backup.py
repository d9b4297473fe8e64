"""A whole desk in one file, and back: desks with their sounds, secrets, journal, ledger, archive, recordings.

The ledger is copied first, at one moment, and everything that grows after it: so the journal in the file holds at least
what the ledger has read of it, and a restored desk reads on where it stood. The last member lists the hash of all
others; a file without it, or with another byte, is not restored. A desk may run while it is backed up.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import sqlite3
import subprocess
import tarfile
import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import IO, NamedTuple

from sqlalchemy import make_url, text

from ivr import __version__
from ivr.app.environment_file import set_in_environment
from ivr.asterisk.render import ANNOUNCED
from ivr.errors import DeskError
from ivr.settings import Settings
from ivr.store.engine import open_database

MANIFEST = "manifest.json"
LEDGER, DUMP = "home/ledger.sqlite", "ledger.dump"
_KEPT = (
    *("secrets.json", "plan.yaml", "mail.yaml", "smtp.password", "environment", "tls"),
    *("archive", "asterisk/log/cel-custom", f"asterisk/sounds/{ANNOUNCED}"),
)
"""What of a home is its own, and not made anew at each start; parts that are not there are left out."""
_ASTERISKS = "asterisk/lib/astdb.sqlite3"
"""Asterisk's own database: announcements, agents' pauses."""
_MOVED = "UPDATE journal_position SET inode = 1 WHERE inode <> 0"
"""A restored file has another inode: its head tells which it is."""


class Summary(NamedTuple):
    """What a file holds."""

    made: str
    version: str
    node: str
    files: int
    bytes: int


def back_up(settings: Settings, desks: Path, out: Path, *, recordings: bool = True) -> Summary:
    """Write the file; at its name stands nothing until it is whole. `desks`: the folder that the admin edits."""
    if not settings.home.is_dir():
        raise DeskError(f"There is no desk in {settings.home}.", "Name its folder by --home.")
    part = out.with_name(f"{out.name}.part")
    try:
        with _private(part) as file, tempfile.TemporaryDirectory(dir=out.parent, prefix=".ivr-backup-") as place:
            with tarfile.open(fileobj=file, mode="w:gz", compresslevel=1) as tar:
                made = _Writer(tar)
                made.add(_ledger(settings, Path(place)), LEDGER if not settings.database else DUMP)
                for source, name in _sources(settings, desks, Path(place), recordings=recordings):
                    made.add(source, name)
                summary = made.finish(settings.node)
            file.flush()
            os.fsync(file.fileno())
        part.replace(out)
    except OSError as error:
        raise DeskError(f"{out} cannot be written: {error.strerror}.", "Choose a place with room for it.") from error
    finally:
        part.unlink(missing_ok=True)
    return summary


def restore(file: Path, settings: Settings) -> Summary:
    """Bring a file back into a home that is not there yet; nothing stands there until all of it is whole and checked.

    The settings' database, when they name one, must be empty; the restored `environment` names it from then on.
    """
    home = settings.home
    if home.exists() and any(home.iterdir()):
        raise DeskError(f"{home} holds something already.", "Restore into a folder that is empty or not there: --home.")
    fresh = home.with_name(f"{home.name}.restoring")
    shutil.rmtree(fresh, ignore_errors=True)
    try:
        fresh.mkdir(parents=True, mode=0o700)
        summary = _extract(file, fresh)
        _bring_ledger(fresh, settings)
        if home.exists():
            home.rmdir()
        (fresh / "home").rename(home)
        for name in ("dialplans", "recordings"):
            if (fresh / name).exists():
                (fresh / name).rename(home / name)
    except OSError as error:
        raise DeskError(f"{home} cannot be written: {error.strerror}.", "Choose another place by --home.") from error
    finally:
        shutil.rmtree(fresh, ignore_errors=True)
    return summary


class _Writer:
    """Adds files to a tar, and notes the hash of each as it went in."""

    def __init__(self, tar: tarfile.TarFile) -> None:
        self._tar = tar
        self._hashes: dict[str, str] = {}
        self._bytes = 0

    def add(self, path: Path, name: str) -> None:
        try:
            opened = path.open("rb")
        except FileNotFoundError:  # a talk that ended meanwhile has another name now
            return
        with opened as file:
            info = self._tar.gettarinfo(arcname=name, fileobj=file)
            # Not as a link to another member: two names of one file are two files.
            info.type, info.linkname, info.size = tarfile.REGTYPE, "", os.fstat(file.fileno()).st_size
            info.uid = info.gid = 0
            info.uname = info.gname = ""
            # A file that grows meanwhile goes in as long as it was.
            hashed = _Hashing(file, info.size)
            self._tar.addfile(info, hashed)
        self._hashes[name] = hashed.digest()
        self._bytes += info.size

    def finish(self, node: str) -> Summary:
        made = datetime.now(UTC).isoformat(timespec="seconds")
        told = {"made": made, "version": __version__, "node": node, "files": self._hashes}
        content = json.dumps(told, indent=1).encode()
        info = tarfile.TarInfo(MANIFEST)
        info.size = len(content)
        self._tar.addfile(info, io.BytesIO(content))
        return Summary(made, __version__, node, len(self._hashes), self._bytes)


class _Hashing(io.RawIOBase):
    """Reads so many bytes of a file, and hashes them on the way."""

    def __init__(self, file: IO[bytes], size: int) -> None:
        self._file, self._left, self._hash = file, size, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        wanted = self._left if size < 0 else min(size, self._left)
        data = self._file.read(wanted)
        self._left -= len(data)
        self._hash.update(data)
        return data

    def digest(self) -> str:
        return self._hash.hexdigest()


def _private(path: Path) -> IO[bytes]:
    """Open a new file that nobody else may read: it will hold passwords and talks."""
    path.unlink(missing_ok=True)
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb")


def _sources(settings: Settings, desks: Path, place: Path, *, recordings: bool) -> Iterator[tuple[Path, str]]:
    # First what is switched on, then the sounds: the sound of each is there before it is switched on.
    if (source := settings.home / _ASTERISKS).exists():
        yield _copied(source, place / "astdb.sqlite3"), f"home/{_ASTERISKS}"
    for name in _KEPT:
        yield from _files(settings.home / name, f"home/{name}")
    yield from _files(desks, "dialplans")
    if recordings:
        yield from _files(settings.recordings, "recordings", links=False)


def _files(place: Path, name: str, *, links: bool = True) -> Iterator[tuple[Path, str]]:
    """Walk over the files under a place. What a link leads to is a file like others, where the desk follows links."""
    if place.is_file():
        yield place, name
    for folder, within, files in os.walk(place, followlinks=links):
        within[:] = sorted(one for one in within if not _leads_round(Path(folder) / one))
        # By name: the journal before its renamed files, so that one which is renamed meanwhile is in once.
        for path in (Path(folder) / file for file in sorted(files)):
            if path.is_file() and (links or not path.is_symlink()):
                yield path, f"{name}/{path.relative_to(place).as_posix()}"


def _leads_round(folder: Path) -> bool:
    """Say whether a folder is a link to one that it lies in."""
    return folder.is_symlink() and folder.parent.resolve().is_relative_to(folder.resolve())


def _ledger(settings: Settings, place: Path) -> Path:
    if settings.database:
        out = place / "ledger.dump"
        _postgres("pg_dump", settings.database, "--format=custom", "--no-owner", f"--file={out}")
        return out
    source, out = settings.home / "ledger.sqlite", place / "ledger.sqlite"
    if not source.exists():
        raise DeskError(f"There is no ledger in {settings.home}.", "Start the desk once, or name its folder by --home.")
    with closing(sqlite3.connect(_copied(source, out))) as copy:
        copy.execute(_MOVED)
        copy.commit()
    return out


def _copied(source: Path, out: Path) -> Path:
    """Copy an SQLite database as it is at one moment."""
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(out)) as new:
        old.backup(new)
    return out


def _extract(file: Path, place: Path) -> Summary:
    try:
        with tarfile.open(file, "r:*") as tar:
            for member in tar:
                _unpack(tar, member, place)
        told = json.loads((place / MANIFEST).read_text())
        wanted = dict(told["files"])
    except (tarfile.TarError, EOFError, ValueError, KeyError, TypeError) as error:
        raise DeskError(f"{file} is no whole backup ({error}).", "Take another one.") from error
    except OSError as error:
        if not file.is_file() or not (place / MANIFEST).exists():
            raise DeskError(f"{file} is no whole backup ({error.strerror or error}).", "Take another one.") from error
        raise
    there = {path.relative_to(place).as_posix(): path for path in place.rglob("*") if path.is_file()}
    there.pop(MANIFEST)
    if there.keys() != wanted.keys():
        raise DeskError(f"{file} does not hold what it says.", "Take another one.")
    for name, path in there.items():
        with path.open("rb") as content:
            if hashlib.file_digest(content, "sha256").hexdigest() != wanted[name]:
                raise DeskError(f"{name} in {file} is damaged: its hash is another.", "Take another one.")
    size = sum(path.stat().st_size for path in there.values())
    return Summary(str(told["made"]), str(told["version"]), str(told["node"]), len(there), size)


def _unpack(tar: tarfile.TarFile, member: tarfile.TarInfo, place: Path) -> None:
    """Write one file of a backup, which holds nothing but files. By hand: Python before 3.11.4 knows no safe way.

    Raises ValueError for what a backup of ours never holds: a link, a device, a way out of the folder.
    """
    name = PurePosixPath(member.name)
    content = tar.extractfile(member) if member.isreg() else None
    path = place / name
    if content is None or name.is_absolute() or ".." in name.parts or path.exists():
        raise ValueError(f"{member.name!r} is no file of a backup")
    path.parent.mkdir(parents=True, exist_ok=True)
    with content, path.open("xb") as file:
        shutil.copyfileobj(content, file)
    path.chmod(member.mode & 0o755 | 0o600)
    os.utime(path, (member.mtime, member.mtime))


def _bring_ledger(fresh: Path, settings: Settings) -> None:
    dump = fresh / DUMP
    if not dump.exists():
        if settings.database:
            raise DeskError("The backup's ledger is SQLite.", "Restore it without --database and IVR_DATABASE.")
        return
    if not settings.database:
        raise DeskError(
            "The backup's ledger is of PostgreSQL.", "Name an empty database for it: --database, or IVR_DATABASE."
        )
    engine = open_database(settings.database)
    try:
        with engine.connect() as connection:
            tables = "SELECT count(*) FROM information_schema.tables WHERE table_schema = current_schema()"
            if connection.execute(text(tables)).scalar():
                raise DeskError(
                    "The database for the ledger is not empty.", "Name an empty one: --database, or IVR_DATABASE."
                )
        _postgres("pg_restore", settings.database, "--no-owner", "--exit-on-error", "--single-transaction", str(dump))
        with engine.begin() as connection:
            connection.execute(text(_MOVED))
    finally:
        engine.dispose()
    # It named the database of before, which a later program may have changed by now, or which lives on.
    set_in_environment(fresh / "home/environment", "IVR_DATABASE", settings.database)


def _postgres(program: str, url: str, *words: str) -> None:
    """Run one of PostgreSQL's own programs. Raises `DeskError`."""
    others = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{program}"), reverse=True)
    found = shutil.which(program) or next(map(str, others), "")
    if not found:
        raise DeskError(f"{program} is not on this machine.", "Install it: apt-get install postgresql-client.")
    place = make_url(url)
    dsn = place.set(drivername="postgresql", password=None).render_as_string()
    environment = os.environ | ({"PGPASSWORD": str(place.password)} if place.password else {})
    done = subprocess.run(  # noqa: S603 - PostgreSQL's own program
        [found, f"--dbname={dsn}", *words], env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode:
        why = (done.stderr.strip().splitlines() or ["it said nothing"])[0]
        raise DeskError(f"{program} failed: {why}", "Is the server there, and not newer than the program?")
