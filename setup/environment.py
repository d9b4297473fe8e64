# ruff: noqa: INP001 - a script, no part of a package
"""Make the Python environment `.venv` ready for running the desk; with `--dev`, for its tests too.

Runs by the machine's bare Python, before anything of ours is installed. A second run finds its stamp and ends at once;
an environment that was interrupted, moved or damaged is made again.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import shutil
import subprocess
import sys
import tempfile
import tomllib
import venv
from fcntl import LOCK_EX, flock
from pathlib import Path

HERE = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(HERE))

from ivr.asterisk.mirror import Mirror  # noqa: E402 - found by the line above
from ivr.errors import DeskError  # noqa: E402

PLACE = HERE / ".venv"
PYTHON = PLACE / "bin/python"
STAMP = PLACE / "ready.json"
VERSIONS = HERE / "setup/versions.txt"
"""The versions that the tests were run with: a release of tomorrow must not change what a fresh machine gets."""
WHOLE = """
import importlib.metadata, sys
wanted = ((d, f) for d in importlib.metadata.distributions() for f in d.files or ())
sys.exit(any(f.suffix == ".py" and not d.locate_file(f).exists() for d, f in wanted))
"""
"""A program that fails when a file of an installed package is gone."""


def main() -> int:
    """Make the environment; return the exit code."""
    development = "--dev" in sys.argv[1:]
    try:
        with (HERE / "pyproject.toml").open("rb") as project:
            flock(project, LOCK_EX)  # Two at once take turns.
            if not _ready(development):
                _make(development)
    except DeskError as mistake:
        _say(str(mistake))
        return mistake.exit_code
    except OSError as mistake:
        _say(f"The environment {PLACE} cannot be made: {mistake}. Free some space, or clone into a folder of yours.")
        return 2
    except KeyboardInterrupt:
        _say("Interrupted; the next run goes on from here.")
        return 130
    return 0


def _ready(development: bool) -> bool:  # noqa: FBT001 - one flag for the whole file
    try:
        stamp = json.loads(STAMP.read_text())
        there = {path.name for path in _packages().iterdir()}
    except (OSError, ValueError):
        return False
    known = stamp.get("key") == _key() and (stamp.get("development") or not development)
    return bool(known) and there.issuperset(stamp["packages"]) and (PLACE / "bin/ivr").exists() and PYTHON.exists()


def _make(development: bool) -> None:  # noqa: FBT001
    STAMP.unlink(missing_ok=True)
    if not (_at_home() and _succeeds(PYTHON, "-m", "pip", "--version") and _succeeds(PYTHON, "-c", WHOLE)):
        _say("making the Python environment .venv")
        shutil.rmtree(PLACE, ignore_errors=True)
        _create()
    _say("installing the Python packages" + (" with those for the tests" if development else ""))
    wanted = ("--editable", str(HERE), *(_development() if development else ()))
    _pip("install", "--quiet", "--constraint", str(VERSIONS), *wanted)
    names = sorted(path.name for path in _packages().iterdir())
    STAMP.write_text(json.dumps({"key": _key(), "development": development, "packages": names}))


def _at_home() -> bool:
    """Say whether the environment was made in this place: the scripts of a moved one begin with the old path."""
    try:
        return f" {PLACE}\n" in (PLACE / "pyvenv.cfg").read_text()
    except OSError:
        return False


def _create() -> None:
    bundled = importlib.util.find_spec("ensurepip") is not None
    venv.create(PLACE, with_pip=bundled, symlinks=True)
    if not bundled:
        _fetch_pip()


def _fetch_pip() -> None:
    """Bring pip where Debian keeps it apart (package python3-venv), from the machine's mirror, without root."""
    _say("this Python has no pip: fetching it from the machine's Debian mirror")
    with tempfile.TemporaryDirectory() as folder:
        mirror = Mirror(Path(folder) / "apt", _say)
        mirror.open("python3-pip-whl", (23, 0))
        for deb in mirror.fetch_only(["python3-pip-whl"]):
            subprocess.run(["dpkg-deb", "-x", deb, folder], check=True)  # noqa: S603, S607 - the machine's own
        wheel = next(Path(folder).glob("usr/share/python-wheels/pip-*.whl"), None)
        if wheel is None:
            raise DeskError("The mirror's python3-pip-whl holds no pip.", "As root, run: apt-get install python3-venv")
        _run(str(wheel / "pip"), "install", "--quiet", "--no-index", str(wheel))


def _development() -> list[str]:
    """Return the development group; Debian 12's pip is too old for --group."""
    return list(tomllib.loads((HERE / "pyproject.toml").read_text())["dependency-groups"]["dev"])


def _pip(*words: str) -> None:
    _run("-m", "pip", *words)


def _run(*words: str) -> None:
    """Run the environment's Python; what it prints is shown only when it fails."""
    argv = [str(PYTHON), *words]
    outcome = subprocess.run(  # noqa: S603 - a list, never a shell
        argv, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False
    )
    if outcome.returncode:
        _say("\n".join(outcome.stdout.splitlines()[-15:]))
        raise DeskError(
            "The Python packages could not be installed; pip's own words are above.",
            "Mend what they name (no network: connect the machine, or set pip's index and proxy by `pip config`) "
            "and run the command again.",
        )


def _succeeds(*argv: str | Path) -> bool:
    try:
        return not subprocess.run(argv, capture_output=True, check=False).returncode  # noqa: S603 - a list, never a shell
    except OSError:
        return False


def _key() -> str:
    """Return what the environment depends on: our wishes, the Python, and the place (a moved one points elsewhere)."""
    parts = ((HERE / "pyproject.toml").read_text(), VERSIONS.read_text(), sys.version, str(HERE))
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def _packages() -> Path:
    return next(PLACE.glob("lib/python3*/site-packages"), PLACE / "missing")


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    sys.exit(main())
