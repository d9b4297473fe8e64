"""Unpack .deb files into one folder, without installing them, and say later whether the folder is still whole."""

from __future__ import annotations

import errno
import json
import os
import shutil
import subprocess
from collections.abc import Iterable
from pathlib import Path
from stat import S_ISREG

from ivr.asterisk.mirror import digest
from ivr.errors import DeskError

STAMP = "complete.json"
_DROPPED = (
    "etc", "usr/bin", "usr/games", "usr/include", "usr/lib/systemd", "usr/share/alsa", "usr/share/doc", "usr/share/gcc",
    "usr/share/gnupg", "usr/share/info", "usr/share/lintian", "usr/share/locale", "usr/share/man", "usr/share/misc",
    "usr/share/perl", "usr/share/perl5", "usr/share/snmp", "usr/share/zoneinfo", "var",
)  # fmt: skip
"""Not needed to run one program: half of the size and most of the files."""
_FULL = (errno.ENOSPC, errno.EDQUOT)


def unpack(debs: Iterable[Path], root: Path) -> None:
    """Unpack the packages into `root` (made here). Raises `OSError` on a full disk, `DeskError` on a bad package."""
    from concurrent.futures import ThreadPoolExecutor  # noqa: PLC0415 - every command looks for Asterisk, few unpack it

    root.mkdir(parents=True)
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool:
        list(pool.map(lambda deb: _unpack_one(deb, root), debs))


def write_stamp(folder: Path) -> None:
    """Write the folder's stamp, which says that it is complete: size and SHA-256 of each of its files."""
    files = {}
    for path in _files(folder):
        # As root, tar keeps set-user-id bits; a program that anyone can find in a cache must not have them.
        path.chmod(path.stat().st_mode & 0o777)
        files[str(path.relative_to(folder))] = [path.stat().st_size, digest(path)]
    partial = folder / f"{STAMP}.new"
    partial.write_text(json.dumps({"files": files}, indent=0))
    partial.replace(folder / STAMP)


def damage(folder: Path, *, thorough: bool = False) -> str:
    """Say what is wrong with the folder, or "": a file missing or of another size; `thorough` reads every byte."""
    try:
        files = json.loads((folder / STAMP).read_text())["files"]
        if not files:
            return "its stamp is empty"
        for name, (size, known) in files.items():
            # Every command that needs Asterisk looks at a thousand files: a `Path` of each is most of that time.
            path = f"{folder}/{name}"
            if (there := _size(path)) is None:
                return f"{name} is missing"
            if there != size or (thorough and digest(Path(path)) != known):
                return f"{name} is not what was unpacked"
    except FileNotFoundError:
        return "it is not complete"
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        return "its stamp is unreadable"
    return ""


def _size(path: str) -> int | None:
    """Return a file's bytes; None where there is none."""
    try:
        found = os.stat(path)  # noqa: PTH116
    except (FileNotFoundError, NotADirectoryError):
        return None
    return found.st_size if S_ISREG(found.st_mode) else None


def _unpack_one(deb: Path, root: Path) -> None:
    unpacker = ["tar", "-x", "-C", str(root), "--no-same-owner", "--no-same-permissions"]
    unpacker += [f"--exclude=./{name}" for name in _DROPPED]
    # Two programs joined by a pipe, in English for the sign of a full disk.
    english = dict(os.environ) | {"LC_ALL": "C"}
    with subprocess.Popen(  # noqa: S603 - a list, never a shell
        ["dpkg-deb", "--fsys-tarfile", str(deb)],  # noqa: S607 - where the machine has it
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    ) as reader:
        writer = subprocess.run(  # noqa: S603 - a list, never a shell
            unpacker, stdin=reader.stdout, capture_output=True, text=True, env=english, check=False
        )
        if reader.stdout:
            reader.stdout.close()
    if "No space left" in writer.stderr or "quota exceeded" in writer.stderr:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(root))
    if writer.returncode or reader.returncode:
        if (
            writer.returncode >= 0 and (reader.returncode or 0) >= 0
        ):  # a program that was killed says nothing of the file
            deb.unlink(missing_ok=True)
        raise DeskError(f"The package {deb.name} cannot be unpacked.", "Run the command again; it is fetched anew.")


def is_full(mistake: OSError) -> bool:
    """Say whether the disk is full."""
    return mistake.errno in _FULL


def remove(folder: Path) -> None:
    """Remove the folder with all that it holds, as far as it is there."""
    shutil.rmtree(folder, ignore_errors=True)


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file() and not path.is_symlink() and path.name != STAMP)
