"""RHVoice, run as a process: its data path is compiled in, so a package manager must have installed it."""

from __future__ import annotations

import os
import shutil
from functools import lru_cache
from pathlib import Path

from ivr.speech.engine import program_version, run

PROGRAM = "RHVoice-test"
VOICES = Path("/usr/share/RHVoice/voices")
FREE = {"ru": ("anna", "elena", "irina", "aleksandr"), "en": ("slt", "clb", "alan", "bdl")}
"""Voices under the LGPL, the preferred first. Most others forbid commercial use: never taken unless asked for."""


class RHVoice:
    """Good Russian and passable English."""

    name = "rhvoice"
    cure = "Run `ivr prompts install-voices` (Debian's non-free rhvoice and rhvoice-russian)."

    def __init__(self, voices: Path = VOICES) -> None:
        self._voices = voices

    def version(self) -> str | None:
        """Return the package's version: the program itself does not know its own."""
        if shutil.which(PROGRAM) is None:
            return None
        return _package_version() or "unknown"

    def voice(self, language: str) -> str | None:
        """Return the voice of `IVR_RHVOICE_<LANGUAGE>`, or the first free one that is installed."""
        wanted = os.environ.get(f"IVR_RHVOICE_{language.upper()}", "")
        names = (wanted,) if wanted else FREE.get(language, ())
        return next((name for name in names if (self._voices / name).is_dir()), None)

    def speak(self, text: str, voice: str, out: Path) -> None:
        """Write a 24 kHz WAV file."""
        run([PROGRAM, "--profile", voice, "--quality", "max", "--output", str(out)], text)


@lru_cache
def _package_version() -> str | None:
    return program_version(["dpkg-query", "--show", "--showformat=${Version}", "rhvoice"])
