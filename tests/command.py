"""The command line in this process: what `ivr …` does and says, without the half second that a process takes to start.

For tests of what a command tells. Where the process itself matters (`ivr up`, signals) they start a real one.
"""

from __future__ import annotations

import io
import sys
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path

import pytest

from ivr.cli.main import main


@dataclass(frozen=True, slots=True)
class Done:
    """What a command left behind; the names are those of `subprocess.CompletedProcess`."""

    returncode: int
    stdout: str
    stderr: str


def run(*words: str, folder: Path | None = None, **environment: str) -> Done:
    """Run `ivr` with these words, in a folder, with these additions to the environment; nobody types anything."""
    out, errors = _stream(), _stream()
    code: int | str | None = 0
    with pytest.MonkeyPatch.context() as place, redirect_stdout(out), redirect_stderr(errors):
        place.setattr(sys, "argv", ["ivr", *words])
        place.setattr(sys, "stdin", _stream())
        for name, value in environment.items():
            place.setenv(name, value)
        if folder is not None:
            place.chdir(folder)
        try:
            main()
        except SystemExit as end:
            code = end.code
    return Done(code if isinstance(code, int) else int(code is not None), _written(out), _written(errors))


def _stream() -> io.TextIOWrapper:
    """Return a standard stream with bytes below it, as a real one has."""
    return io.TextIOWrapper(io.BytesIO(), "utf-8", newline="\n", write_through=True)


def _written(stream: io.TextIOWrapper) -> str:
    stream.seek(0)
    return stream.read()
