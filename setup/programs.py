# ruff: noqa: INP001 - a script, no part of a package
"""Bring what the tests need and only Debian packages have; say by name what cannot be brought."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from ivr.asterisk.programs import run


@dataclass(frozen=True, slots=True)
class Need:
    """A Debian package, how to see that it is there, and which tests want it."""

    package: str
    present: Callable[[], bool]
    tests: str


def _postgres() -> bool:
    return shutil.which("initdb") is not None or any(Path("/usr/lib/postgresql").glob("*/bin/initdb"))


NEEDS = (
    Need("sip-tester", lambda: shutil.which("sipp") is not None, "the tests marked `sipp`"),
    Need("postgresql", _postgres, "the tests marked `postgres`"),
    Need("espeak-ng", lambda: shutil.which("espeak-ng") is not None, "the test of the last resort's voice"),
)


def main() -> None:
    """Install what is missing when root's rights are at hand."""
    missing = [need for need in NEEDS if not need.present()]
    root = _root()
    if missing and root is not None and shutil.which("apt-get"):
        _say(f"installing {' and '.join(need.package for need in missing)} for the tests")
        packages = [need.package for need in missing]
        install = [*root, "apt-get", "install", "--yes", "--quiet", "--no-install-recommends", *packages]
        if run(install).returncode:  # The lists may be older than the mirror, or empty.
            run([*root, "apt-get", "update", "--quiet"])
            outcome = run(install)
            if outcome.returncode:
                _say("\n".join(outcome.stdout.splitlines()[-8:]))
    for need in missing:
        if not need.present():
            _say(
                f"{need.package} is missing and could not be installed: without it {need.tests} cannot run. "
                f"As root, run: apt-get install {need.package}"
            )


def _root() -> list[str] | None:
    """Return what to put before a command that needs root's rights; None = they cannot be had without a question."""
    if os.geteuid() == 0:
        return []
    try:
        asked = subprocess.run(["sudo", "-n", "true"], capture_output=True, check=False)  # noqa: S607 - on PATH or not
    except OSError:
        return None
    return None if asked.returncode else ["sudo", "-n"]


def _say(line: str) -> None:
    sys.stderr.write(f"{line}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    main()
