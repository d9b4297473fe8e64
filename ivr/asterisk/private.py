"""The Asterisk that the desk runs: the machine's own when it is new enough, else a private copy in the user's cache."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from dataclasses import dataclass
from fcntl import LOCK_EX, LOCK_NB, flock
from pathlib import Path

from ivr.asterisk.mirror import Mirror, disk_full, version_of
from ivr.asterisk.programs import run
from ivr.asterisk.unpack import STAMP, damage, is_full, remove, unpack, write_stamp
from ivr.errors import DeskError

FLOOR = (22, 10, 1)
"""Earlier ones have an SQL injection through CELGenUserEvent and a way around ARI's read-only accounts."""
PACKAGES = ("asterisk", "asterisk-core-sounds-en-wav")
_NEEDED = ("chan_pjsip.so", "app_queue.so", "app_mixmonitor.so", "cel_custom.so", "res_agi.so", "res_musiconhold.so")
_ROOM = 600 * 1024 * 1024
"""Bytes that a set-up takes at its height: packages, the unpacked copy, and an old copy that it replaces."""
_ASIDE = ".new-"
"""How the name of a folder begins that is no copy yet, or none any more."""

Progress = Callable[[str], None]


def silent(_line: str) -> None:
    """Take a line of progress and show it nowhere."""


@dataclass(frozen=True, slots=True)
class Installation:
    """An Asterisk that can be run."""

    command: tuple[str, ...]
    """What to run it by: the program alone, or its own loader, the libraries, and the program."""
    version: tuple[int, ...]
    modules_dir: Path
    data_dir: Path
    """asterisk.conf's `astdatadir`: documentation, firmware, keys, sounds."""
    sounds_en_dir: Path
    """The English prompts themselves (`beep.wav`), not a link to them."""

    @property
    def private(self) -> bool:
        """Whether it is a copy of ours."""
        return len(self.command) > 1

    def argv(self, conf_dir: Path) -> list[str]:
        """Return the command that runs it in the foreground with the `asterisk.conf` of the folder."""
        return [*self.command, "-f", "-C", str(conf_dir / "asterisk.conf")]

    def cli_argv(self, conf_dir: Path, command: str = "") -> list[str]:
        """Return the command that opens the running Asterisk's console, or runs one command in it."""
        remote = ["-rx", command] if command else ["-r"]
        return [*self.command, "-C", str(conf_dir / "asterisk.conf"), *remote]


def cache_dir() -> Path:
    """Return the folder of the user's cache where private copies live."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    return (Path(base) if os.path.isabs(base) else Path.home() / ".cache") / "front-desk/asterisk"  # noqa: PTH117 - may be ""


def find_asterisk(progress: Progress = silent) -> Installation:
    """Return the Asterisk to run; a private copy is fetched when there is none, and mended when it is broken.

    Raises `DeskError` when one is needed and cannot be had.
    """
    return system_asterisk(progress) or private_asterisk() or install(progress=progress)


def system_asterisk(progress: Progress = silent) -> Installation | None:
    """Return the machine's own Asterisk when it is on PATH, new enough and complete."""
    path = os.environ.get("PATH", os.defpath) + ":/usr/sbin:/usr/local/sbin"
    program = shutil.which("asterisk", path=path)
    if program is None:
        return None
    version = version_of(run([program, "-V"]).stdout)
    if version < FLOOR:
        progress(f"{program} is {_text(version) or 'unreadable'}, older than {_text(FLOOR)}: a private copy is taken")
        return None
    prefix = Path(program).resolve().parent.parent
    found = _assemble((program,), version, prefix, [prefix / "share/asterisk", Path("/var/lib/asterisk")])
    if found is None:
        progress(f"{program} lacks modules or English prompts: a private copy is taken")
    return found


def private_asterisk() -> Installation | None:
    """Return the newest private copy that is whole, by a quick look (the size of each file)."""
    for copy in _copies(cache_dir()):
        found = _installation(copy)
        if found and not damage(copy):
            return found
    return None


def install(*, force: bool = False, progress: Progress = silent) -> Installation:
    """Fetch a private copy, or mend the one that is there; `force` makes it anew. Return the copy.

    Every byte of a copy that is there is read, so this finds damage that a quick look cannot.
    Two of these at once take turns; one that is interrupted leaves nothing that is mistaken for a copy.
    """
    cache = cache_dir()
    try:
        cache.mkdir(parents=True, exist_ok=True)
        with (cache / "lock").open("a+") as lock:
            _take_turns(lock.fileno(), progress)
            found = None if force else _whole(cache, progress)
            return found or _make(cache, progress, fetch=force)
    except OSError as mistake:
        if is_full(mistake):
            raise disk_full(cache) from mistake
        raise DeskError(
            f"The cache {cache} cannot be written: {mistake.strerror}.",
            "Set XDG_CACHE_HOME to a folder that you may write.",
        ) from mistake


def _take_turns(lock: int, progress: Progress) -> None:
    try:
        flock(lock, LOCK_EX | LOCK_NB)
    except BlockingIOError:
        progress("another set-up of Asterisk is running: waiting for it")
        flock(lock, LOCK_EX)


def _whole(cache: Path, progress: Progress) -> Installation | None:
    for copy in _copies(cache):
        wrong = damage(copy, thorough=True)
        found = _installation(copy)
        if found and not wrong:
            return found
        progress(f"the private Asterisk in {copy} is broken ({wrong or 'it does not run'}): it is made anew")
    return None


def _copies(cache: Path) -> list[Path]:
    """Return the copies that were put in place, the newest first; one that is being made is none yet."""
    places = [stamp.parent for stamp in cache.glob(f"*/{STAMP}") if not stamp.parent.name.startswith(_ASIDE)]
    return sorted(places, key=lambda place: version_of(place.name), reverse=True)


def _make(cache: Path, progress: Progress, *, fetch: bool) -> Installation:
    """Unpack beside, prove, and only then put in place; packages of an earlier set-up serve unless `fetch`.

    The caller holds the lock.
    """
    for left in cache.glob(f"{_ASIDE}*"):
        remove(left)
    if shutil.disk_usage(cache).free < _ROOM:
        raise disk_full(cache)
    mirror = Mirror(cache / "packages", progress)
    debs = () if fetch else mirror.fetched()
    if not debs:
        mirror.open(PACKAGES[0], FLOOR)
        progress("fetching it with all that it needs (about 95 MB)")
        debs = mirror.fetch(PACKAGES)
    fresh, former = (cache / f"{_ASIDE}{os.getpid()}{of}" for of in ("", "-former"))
    try:
        progress(f"unpacking {len(debs)} packages")
        unpack(debs, fresh / "root")
        version = _prove(fresh)
        place = cache / _text(version)
        write_stamp(fresh)
        if place.exists():  # A desk may be running on it: its files are away for one moment only.
            place.rename(former)
        fresh.rename(place)
    finally:
        remove(fresh)
        remove(former)
    progress(f"Asterisk {_text(version)} is ready in {place}")
    installed = _installation(place)
    if installed is None:  # Somebody removes files from the cache at this very moment.
        raise DeskError(f"The private Asterisk in {place} vanished.", "Run the command again.")
    return installed


def _prove(folder: Path) -> tuple[int, ...]:
    """Run the unpacked Asterisk; return the version that it says."""
    found = _installation(folder)
    if found is None:
        raise DeskError(
            "The fetched packages hold no complete Asterisk.", "Install Asterisk 22.10.1 or later yourself."
        )
    said = run([*found.command, "-V"]).stdout.strip()
    version = version_of(said)
    if version < FLOOR:
        raise DeskError(
            f"The fetched Asterisk does not run on this machine: {said or 'it says nothing'}.",
            "When the cache's disk forbids programs (mount option noexec), set XDG_CACHE_HOME to another disk.",
        )
    return version


def _installation(folder: Path) -> Installation | None:
    """Describe the unpacked copy in the folder, or None when it holds none."""
    root = folder / "root"
    loader = next(iter(sorted(root.glob("usr/lib/*-linux-gnu*/ld-linux*.so.*"))), None)
    if loader is None:
        return None
    libraries = f"{loader.parent}:{root / 'usr/lib'}"
    command = (str(loader), "--library-path", libraries, str(root / "usr/sbin/asterisk"))
    return _assemble(command, version_of(folder.name) or FLOOR, root / "usr", [root / "usr/share/asterisk"])


def _assemble(
    command: tuple[str, ...], version: tuple[int, ...], prefix: Path, data: list[Path]
) -> Installation | None:
    places = [*prefix.glob("lib/*-linux-gnu*/asterisk/modules"), *prefix.glob("lib*/asterisk/modules")]
    modules = next((place for place in places if all((place / name).is_file() for name in _NEEDED)), None)
    data_dir = next((place for place in data if (place / "documentation").is_dir()), None)
    if modules is None or data_dir is None or not Path(command[-1]).is_file():
        return None
    # `sounds/en` of a Debian package is a chain of links that only its installation makes.
    beeps = sorted([*data_dir.glob("sounds/en*/beep.*"), *Path("/var/lib/asterisk").glob("sounds/en*/beep.*")])
    if not beeps:
        return None
    return Installation(command, version, modules, data_dir, beeps[0].resolve().parent)


def _text(version: tuple[int, ...]) -> str:
    return ".".join(map(str, version))
