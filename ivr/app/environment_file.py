"""The home's `environment`: settings that systemd reads, `IVR_…=…`, a line each."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path


def set_in_environment(path: Path, name: str, value: str) -> None:
    """Let the file give a variable another value; every other line stays as it is. It is made when it is not there.

    Raises OSError.
    """
    # As systemd reads it: a quoted value may hold anything, in a plain one these would be gone.
    quoted = value if not set(value) & set(" \t\n\"'\\") else '"' + re.sub(r'(["\\])', r"\\\1", value) + '"'
    lines = path.read_text(errors="surrogateescape").splitlines() if path.exists() else []
    kept = [*_without(lines, name), f"{name}={quoted}"]
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", errors="surrogateescape") as file:
        file.write("\n".join(kept) + "\n")


def _without(lines: list[str], name: str) -> Iterator[str]:
    goes_on = False
    for line in lines:
        goes_on = goes_on or bool(re.match(rf"\s*{name}\s*=", line, re.IGNORECASE))
        if not goes_on:
            yield line
        goes_on = goes_on and line.endswith("\\")
