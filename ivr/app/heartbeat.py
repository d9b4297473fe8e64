"""A part tells every two seconds that it lives, in a small file: the supervisor and `ivr status` read it."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

BEAT = 2.0
"""Seconds between two beats."""


async def beat(home: Path, part: str, health: Callable[[], Mapping[str, object]]) -> None:
    """Write `<home>/health/<part>.json` until cancelled. A full disk must not stop the part itself."""
    path = home / "health" / f"{part}.json"
    path.parent.mkdir(exist_ok=True)
    fresh = str(path.with_suffix(".new"))
    try:
        while True:
            _write(str(path), fresh, {"at": time.time(), "running": time.monotonic(), **health()})
            await asyncio.sleep(BEAT)
    finally:
        path.unlink(missing_ok=True)


def last_beat(home: Path, part: str) -> dict[str, Any] | None:
    """Return what the part told last (`at` = seconds since 1970), or None when it is not running."""
    try:
        told = json.loads((home / "health" / f"{part}.json").read_text())
    except (OSError, ValueError):
        return None
    return told if isinstance(told, dict) else None


def forget_beat(home: Path, part: str) -> None:
    """Remove what a part that was killed has left."""
    with suppress(OSError):
        (home / "health" / f"{part}.json").unlink(missing_ok=True)


def silence(home: Path, part: str) -> float:
    """Return for how many seconds the part has not told that it lives; 0 when it never has.

    By the machine's own running clock, so that a clock that is set does no harm; a part that cannot write its beat on
    a full disk still touches the file.
    """
    path = home / "health" / f"{part}.json"
    beat = last_beat(home, part)
    if beat is None or "running" not in beat:
        return 0.0
    try:
        touched = time.time() - path.stat().st_mtime
    except OSError:
        return 0.0
    return max(0.0, min(time.monotonic() - float(beat["running"]), touched))


def _write(path: str, fresh: str, told: Mapping[str, object]) -> None:
    try:
        with open(fresh, "wb") as file:  # noqa: PTH123 - paths cost more than all the rest, and it is done again and again
            file.write(json.dumps(told).encode())
        os.replace(fresh, path)  # noqa: PTH105
    except OSError:
        with suppress(OSError):
            os.utime(path)
