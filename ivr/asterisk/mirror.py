"""Debian packages for an ordinary user: an apt with a state, a cache and sources of its own.

Which mirror answers is taken from the machine's own apt set-up, so is the way there (proxies, certificates, passwords);
the machine's own lists and packages are neither needed nor touched. Only the standard library is used here: the
environment's first set-up runs this module before any package of ours is installed.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ivr.asterisk.programs import run
from ivr.errors import DeskError

Progress = Callable[[str], None]

_NEWER_SUITES = ("forky", "sid")
"""Debian's suites that carry a newer Asterisk than the machine's own release, the calmest first."""
_KEYRINGS = {
    "debian": Path("/usr/share/keyrings/debian-archive-keyring.gpg"),
    "ubuntu": Path("/usr/share/keyrings/ubuntu-archive-keyring.gpg"),
}
_KEYS_MISSING = ("NO_PUBKEY", "is not signed", "Unknown error executing apt-key", "keyring")
_DISK_FULL = ("No space left on device", "enough free space", "Disk quota exceeded")
_FETCHED = "fetched.json"
_CONFIGURATION = """\
// Written anew at each set-up.
#clear APT::Update;
#clear APT::Architectures;
#clear DPkg::Pre-Invoke;
#clear DPkg::Post-Invoke;
APT::Architectures {{ "{architecture}"; }};
APT::Default-Release "";
APT::Install-Recommends "false";
APT::Sandbox::User "";
APT::Update::Error-Mode "any";
Acquire::Check-Date "false";
Acquire::Check-Valid-Until "false";
Acquire::Languages "none";
Acquire::Retries "1";
Acquire::http::Timeout "20";
Acquire::https::Timeout "20";
Debug::NoLocking "true";
Dir::Cache "{folder}/cache";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "/dev/null";
Dir::Etc::sourcelist "{folder}/sources.list";
Dir::Etc::sourceparts "/dev/null";
Dir::State "{folder}/state";
Dir::State::status "{folder}/status";
"""


@dataclass(frozen=True, slots=True)
class Source:
    """One suite of one mirror, as in a line of sources.list."""

    site: str
    suite: str
    components: str
    keyring: Path | None
    """Holds the keys that sign the suite; None = the keys that the machine trusts."""

    def line(self, *, trusted: bool = False) -> str:
        """Return the line; `trusted` takes the suite without a signature."""
        options = ["target=Packages"]
        if trusted:
            options.append("trusted=yes")
        elif self.keyring:
            options.append(f"signed-by={self.keyring}")
        return f"deb [{' '.join(options)}] {self.site} {self.suite} {self.components}\n"


class Mirror:
    """An apt of our own that lives in `folder`; one at a time (the caller holds a lock)."""

    def __init__(self, folder: Path, progress: Progress) -> None:
        self.folder = folder
        self.progress = progress
        self.archives = folder / "cache/archives"

    def open(self, package: str, floor: tuple[int, ...]) -> str:
        """Find a suite that has the package in version `floor` or later; return the package's full version.

        Raises `DeskError` when no mirror answers, or none has it.
        """
        self._lay_out()
        candidates = sources()
        if not candidates:
            raise DeskError("This machine's apt names no mirror.", "Add one to /etc/apt/sources.list.")
        answers = []
        for source in candidates:
            failure = self._update(source)
            version = "" if failure else self._candidate(package)
            if version_of(version) >= floor:
                self.progress(f"{package} {version} from {source.site} {source.suite}")
                return version
            has = f"it has {version}" if version else "it has none"
            answers.append(f"{source.site} {source.suite}: {failure or has}")
        wanted = ".".join(map(str, floor))
        raise DeskError(
            f"No mirror answers with {package} {wanted} or later: {'; '.join(answers)}.",
            "Connect the machine (or set its proxy in apt's configuration) and run the command again, "
            f"or install {package} {wanted} or later yourself.",
        )

    def fetch(self, packages: Sequence[str]) -> tuple[Path, ...]:
        """Fetch the packages with all that they need; return the .deb files; what is there is kept."""
        if any(self.archives.glob("*.deb")):
            self._apt("autoclean")
        self._apt("install", "--yes", "--download-only", *packages)
        debs = tuple(sorted(self.archives.glob("*.deb")))
        (self.folder / _FETCHED).write_text(json.dumps({deb.name: digest(deb) for deb in debs}, indent=0))
        return debs

    def fetched(self) -> tuple[Path, ...]:
        """Return the .deb files of the last fetch when all of them are still there, byte for byte, else nothing."""
        try:
            wanted = json.loads((self.folder / _FETCHED).read_text())
            whole = all(digest(self.archives / name) == known for name, known in wanted.items())
        except (OSError, ValueError, AttributeError):
            return ()
        return tuple(self.archives / name for name in wanted) if whole else ()

    def fetch_only(self, packages: Sequence[str]) -> tuple[Path, ...]:
        """Fetch the packages alone, without what they need."""
        folder = self.folder / "alone"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        self._apt("download", *packages, folder=folder)
        return tuple(sorted(folder.glob("*.deb")))

    def _lay_out(self) -> None:
        (self.folder / "state/lists/partial").mkdir(parents=True, exist_ok=True)
        (self.archives / "partial").mkdir(parents=True, exist_ok=True)
        (self.folder / "status").touch()
        architecture = run(["dpkg", "--print-architecture"])
        if architecture.returncode or shutil.which("apt-get") is None:
            raise DeskError(
                "This machine has no apt, so nothing can be fetched for it.",
                "Install Asterisk 22.10.1 or later by the machine's own means; one on PATH is taken.",
            )
        text = _CONFIGURATION.format(folder=self.folder.absolute(), architecture=architecture.stdout.strip())
        (self.folder / "apt.conf").write_text(text)

    def _update(self, source: Source) -> str:
        """Read the suite's index; return why it could not be read, or ""."""
        failure = self._read_index(source.line())
        if failure and any(sign in failure for sign in _KEYS_MISSING):
            self.progress(
                f"this machine has no key for {source.site} {source.suite}: its signature is NOT verified; "
                "the packages are still checked against its index"
            )
            failure = self._read_index(source.line(trusted=True))
        return failure

    def _read_index(self, line: str) -> str:
        (self.folder / "sources.list").write_text(line)
        outcome = run(["apt-get", "-c", self.folder / "apt.conf", "-q", "update"])
        if not outcome.returncode:
            return ""
        if any(sign in outcome.stdout for sign in _DISK_FULL):
            raise disk_full(self.folder)
        return reason(outcome.stdout)

    def _candidate(self, package: str) -> str:
        policy = run(["apt-cache", "-c", self.folder / "apt.conf", "policy", package]).stdout
        found = re.search(r"Candidate: (\d\S*)", policy)
        return found[1] if found else ""

    def _apt(self, *words: str, folder: Path | None = None) -> None:
        outcome = run(["apt-get", "-c", self.folder / "apt.conf", "-q", *words], folder)
        if not outcome.returncode:
            return
        if any(sign in outcome.stdout for sign in _DISK_FULL):
            raise disk_full(self.folder)
        raise DeskError(
            f"The mirror broke off: {reason(outcome.stdout)}.",
            "Run the command again; what was fetched is kept.",
        )


def sources() -> tuple[Source, ...]:
    """Return the suites to ask, in order, on the mirrors of the machine's own apt set-up.

    `apt-get indextargets` names mirrors only after an update; `update --print-uris` also on a machine without one.
    """
    printed = run(["apt-get", "update", "--print-uris", "-q"]).stdout
    own = dict.fromkeys(re.findall(r"^'(\S+?)/dists/([^/\s]+(?:/updates)?)/", printed, re.MULTILINE))
    system = _system()
    home = [site for site, suite in own if suite == system.get("VERSION_CODENAME")]
    sites = dict.fromkeys(home or [site for site, _ in own])
    if system.get("ID") == "ubuntu":
        suites, components, keyring = (
            (system.get("VERSION_CODENAME", ""), "devel"),
            "main universe",
            _KEYRINGS["ubuntu"],
        )
    else:
        suites, components, keyring = _NEWER_SUITES, "main", _KEYRINGS["debian"]
    known = keyring if keyring.exists() else None
    return tuple(Source(site, suite, components, known) for site in sites for suite in suites)


def version_of(text: str) -> tuple[int, ...]:
    """Return the numbers of a version, without epoch and Debian's own part: "1:22.10.1+dfsg-1" is (22, 10, 1)."""
    found = re.search(r"(?:^|[ :])(\d+(?:\.\d+)+)", text)
    return tuple(int(part) for part in found[1].split(".")) if found else ()


def disk_full(folder: Path) -> DeskError:
    """Say that the disk below `folder` is full."""
    return DeskError(
        f"The disk that holds {folder} is full.",
        "Free 600 MB there, or set XDG_CACHE_HOME to a folder on another disk.",
    )


def reason(printed: str) -> str:
    """Return apt's own words for what went wrong: the first error line, without its prefix."""
    lines = printed.splitlines()
    for prefix in ("E: ", "W: "):
        for line in lines:
            if line.startswith(prefix):
                return re.sub(r"\s+", " ", line.removeprefix(prefix)).rstrip(". ")
    return lines[-1].strip() if lines else "no word"


def digest(path: Path) -> str:
    """Return the file's SHA-256 in hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _system() -> dict[str, str]:
    try:
        text = Path("/etc/os-release").read_text()
    except OSError:
        return {}
    return dict(re.findall(r'^(\w+)="?([^"\n]*)"?$', text, re.MULTILINE))
