"""Recordings are removed when their desk's `keep` is over: first the file, then the word in the ledger.

A death between the two leaves a row whose file is gone; the next look, which each start begins with, sets it right. The
other way round a file could stay for ever that no row knows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

import structlog

from ivr.desk.recording_path import is_name, live_names, place_of, remove_files
from ivr.desk.recordings import State
from ivr.flows.model import Desk, Recording

_AT_ONCE = 200
"""Rows that are changed in one transaction."""
_UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))
_log = structlog.get_logger("ivr.recordings")


@dataclass(frozen=True, slots=True)
class Keeps:
    """How long each desk's recordings are kept. Seconds."""

    by_desk: Mapping[str, float]
    otherwise: float
    """For recordings of a desk that is gone, or records no more: the longest."""

    def of(self, desk: str) -> float:
        """Return how long a desk's recordings are kept."""
        return self.by_desk.get(desk, self.otherwise)


@dataclass(frozen=True, slots=True)
class Outlived:
    """A recording of an ended call that is older than its desk keeps it."""

    name: str
    desk: str
    node: str
    """The machine that made it."""
    began_at: float
    """The call's start, UTC seconds since 1970."""
    state: State


class ExpiringStore(Protocol):
    """Where it is known how old recordings are."""

    def outlived(self, keeps: Keeps, now: float) -> Sequence[Outlived]:
        """Return the verified and the failed recordings of ended calls that began longer ago than they are kept."""
        ...

    def expire(self, reasons: Mapping[str, str]) -> None:
        """Note of recordings, by name, that they are `expired` and have no file, with the reason."""
        ...


def keeps_of(desks: Iterable[Desk]) -> Keeps:
    """Return what the desk files say; with no desk that records, what a desk file says by default."""
    by_desk = {desk.desk: desk.recording.keep.total_seconds() for desk in desks if desk.recording}
    return Keeps(by_desk, max(by_desk.values(), default=Recording().keep.total_seconds()))


def expire(store: ExpiringStore, root: Path, keeps: Callable[[], Keeps], clock: Callable[[], float], node: str) -> int:
    """Remove what is older than it is kept, and say so; return how many recordings expired.

    The clock gives UTC seconds since 1970. What cannot be removed stays as it is, with a word in the log, and is tried
    again at the next look. Of another node's recordings only those expire here whose files lie here.
    """
    known = keeps()
    over = store.outlived(known, clock())
    count = 0
    for start in range(0, len(over), _AT_ONCE):
        part = over[start : start + _AT_ONCE]
        reasons = {one.name: f"kept {_words(known.of(one.desk))}" for one in part if _removed(one, root, node)}
        if reasons:
            store.expire(reasons)
        count += len(reasons)
    if count:
        _log.info("recordings_expired", count=count)
    return count


def _removed(one: Outlived, root: Path, node: str) -> bool:
    """Remove a recording's files; say whether it is expired now. A failed one without any audio just stays failed."""
    if not is_name(one.name):
        return False
    raw = live_names(one.name) if one.state == "failed" else ()
    try:
        found = remove_files(root, (place_of(one.name, one.began_at), *raw))
    except OSError as error:
        _log.error("recording_not_removed", name=one.name, error=str(error))
        return False
    return found or (one.state != "failed" and one.node == node)


def _words(seconds: float) -> str:
    """Return a length in the largest unit that says it exactly: `180 days`, `36 hours`."""
    length = round(seconds)
    size, unit = next((size, unit) for size, unit in _UNITS if length % size == 0)
    return f"{length // size} {unit}{'' if length == size else 's'}"
