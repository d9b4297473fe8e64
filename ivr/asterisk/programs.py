"""Run another program and read what it says."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Sequence
from pathlib import Path


def run(argv: Sequence[str | Path], folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run the program to its end, in English, without a terminal; stderr is joined to stdout.

    A program that is missing, or that may not be run, counts as one that failed, as in a shell.
    """
    words = [os.fspath(word) for word in argv]
    english = dict(os.environ) | {"LC_ALL": "C", "DEBIAN_FRONTEND": "noninteractive"}
    try:
        return subprocess.run(  # noqa: S603 - a list, never a shell
            words,
            cwd=folder,
            env=english,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            check=False,
        )
    except FileNotFoundError:
        return subprocess.CompletedProcess(words, 127, f"{words[0]}: not found", "")
    except OSError as mistake:
        return subprocess.CompletedProcess(words, 126, f"{words[0]}: {mistake.strerror}", "")
