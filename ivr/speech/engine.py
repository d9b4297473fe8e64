"""Speech engines: programs that speak a text. Other packages add theirs by the entry point group `ivr.speech`."""

from __future__ import annotations

import subprocess
from collections.abc import Sequence
from importlib.metadata import entry_points
from pathlib import Path
from typing import Protocol, runtime_checkable

from ivr.errors import DeskError

GROUP = "ivr.speech"
LIMIT = 120.0
"""Seconds that an engine may take for one prompt."""


@runtime_checkable
class Engine(Protocol):
    """One way of speaking. The same text, voice and version must give the same bytes."""

    name: str
    cure: str
    """What to do when the engine is not on this machine."""

    def version(self) -> str | None:
        """Return the engine's version, or None when this machine does not have it."""
        ...

    def voice(self, language: str) -> str | None:
        """Return the voice that speaks the language, or None when there is none."""
        ...

    def speak(self, text: str, voice: str, out: Path) -> None:
        """Write the spoken text as an audio file; raise `DeskError` when it cannot."""
        ...


def engines() -> tuple[Engine, ...]:
    """Return all engines, the best first: those of other packages by name, then our own."""
    from ivr.speech.espeak import Espeak  # noqa: PLC0415 - they import this module
    from ivr.speech.piper import Piper  # noqa: PLC0415
    from ivr.speech.rhvoice import RHVoice  # noqa: PLC0415

    others = []
    for point in sorted(entry_points(group=GROUP), key=lambda point: point.name):
        engine = point.load()()
        if not isinstance(engine, Engine):
            raise DeskError(f"{point.value} is no speech engine.", f"Uninstall it, or mend its `{GROUP}` entry point.")
        others.append(engine)
    return (*others, Piper(), RHVoice(), Espeak())


def pick(language: str, wanted: str = "", among: Sequence[Engine] = ()) -> tuple[Engine, str]:
    """Return the best engine of this machine for a language, or the wanted one, with its voice."""
    found = tuple(among) or engines()
    if wanted and wanted not in {engine.name for engine in found}:
        names = ", ".join(engine.name for engine in found)
        raise DeskError(f"There is no speech engine {wanted}.", f"Choose one of {names}.")
    for engine in found:
        if wanted in {"", engine.name} and engine.version() and (voice := engine.voice(language)):
            return engine, voice
    missing = [engine for engine in found if wanted in {"", engine.name}]
    what = f"The speech engine {wanted} is not here or" if wanted else "No speech engine of this machine"
    raise DeskError(
        f"{what} has no voice for language {language}.",
        " ".join(engine.cure for engine in missing) + " Or record the prompts yourself.",
    )


def run(command: Sequence[str], text: str) -> None:
    """Run an engine's program with the text on its standard input; raise `DeskError` with its last words."""
    name = Path(command[0]).name
    try:
        subprocess.run(  # noqa: S603 - no shell; the text goes by standard input
            command, input=text.encode(), check=True, capture_output=True, timeout=LIMIT
        )
    except FileNotFoundError as error:
        raise DeskError(f"{name} is not installed.", "Run `ivr prompts install-voices`.") from error
    except subprocess.TimeoutExpired as error:
        raise DeskError(
            f"{name} did not speak within {LIMIT:.0f} s.", "Shorten the text or use another engine."
        ) from error
    except subprocess.CalledProcessError as error:
        words = error.stderr.decode(errors="replace").strip().splitlines()
        raise DeskError(
            f"{name} failed: {words[-1] if words else error}.", "Use another engine with --engine."
        ) from error


def program_version(command: Sequence[str]) -> str | None:
    """Return the first line that a program prints of its version, or None when it is not here."""
    try:
        found = subprocess.run(command, check=True, capture_output=True, timeout=LIMIT)  # noqa: S603 - fixed words
    except (OSError, subprocess.SubprocessError):
        return None
    lines = found.stdout.decode(errors="replace").strip().splitlines()
    return lines[0].strip() if lines else None
