"""espeak-ng, the last resort: it speaks nearly every language, and few of them well."""

from __future__ import annotations

import shutil
from functools import lru_cache
from pathlib import Path

from ivr.speech.engine import program_version, run

PROGRAM = "espeak-ng"


class Espeak:
    """A robot's voice."""

    name = "espeak-ng"
    cure = "Or install espeak-ng."

    def version(self) -> str | None:
        """Return the program's version without its data path."""
        return _version() if shutil.which(PROGRAM) else None

    def voice(self, language: str) -> str | None:
        """Return the language itself when the program lists it."""
        return language if language in _languages() else None

    def speak(self, text: str, voice: str, out: Path) -> None:
        """Write a 22 kHz WAV file."""
        run([PROGRAM, "-v", voice, "-s", "150", "-w", str(out), "--stdin"], text)


@lru_cache
def _version() -> str | None:
    found = program_version([PROGRAM, "--version"])
    return found.partition("Data at")[0].rpartition(":")[2].strip() if found else None


@lru_cache
def _languages() -> frozenset[str]:
    import subprocess  # noqa: PLC0415 - asked once, and only when no better engine was found

    found = subprocess.run([PROGRAM, "--voices"], check=True, capture_output=True, timeout=30)  # noqa: S603
    lines = found.stdout.decode(errors="replace").splitlines()[1:]
    return frozenset(line.split()[1].partition("-")[0] for line in lines if len(line.split()) > 1)
