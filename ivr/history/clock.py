"""Times of older files: seconds since 1970, or the wall clock of the machine that wrote them."""

from __future__ import annotations

import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from ivr.errors import DeskError
from ivr.history.rows import SECOND

_EPOCH = re.compile(r"(\d{9,11})(?:\.(\d{1,9}))?", re.ASCII)
_LOCAL = re.compile(r"(\d{4}-\d\d-\d\d)[ T](\d\d):(\d\d):(\d\d)(?:\.(\d{1,9}))?", re.ASCII)
_QUARTER = 900
_WITNESSES = 3
"""Rows that must agree before a zone is called wrong."""


class Clock:
    """Reads the times of one file. `zone` None = only times that need none can be read."""

    def __init__(self, zone: ZoneInfo | None) -> None:
        self._zone = zone
        self._skews: Counter[int] = Counter()

    def read(self, text: str, hint: int | None = None) -> int | None:
        """Return UTC microseconds; None when the text is no time. `hint`: the second that it should be near.

        The hour that comes twice when summer time ends is told apart by the hint.
        """
        if epoch := _EPOCH.fullmatch(text):
            return int(epoch[1]) * SECOND + _fraction(epoch[2])
        local = _LOCAL.fullmatch(text)
        if not local:
            return None
        if self._zone is None:
            raise DeskError(
                "The times of this file are those of a wall clock, and nobody has said of which.",
                "Give the zone of the machine that wrote it: --zone Europe/Moscow (or UTC).",
            )
        hours = _hour(self._zone, local[1], local[2])
        if not hours or int(local[3]) > 59 or int(local[4]) > 60:
            return None
        inside = (int(local[3]) * 60 + int(local[4])) * SECOND + _fraction(local[5])
        first, second = (hour + inside for hour in hours)
        if hint is None or first == second:
            return first
        return min(first, second, key=lambda at: abs(at - hint * SECOND))

    def witness(self, at: int, born: int | None) -> None:
        """Note how far a row's time is from the second in which its channel was made."""
        if born is not None:
            self._skews[round((at / SECOND - born) / _QUARTER)] += 1

    def check(self) -> None:
        """Raise `DeskError` when most rows say that the zone is another one."""
        if not self._skews or self._zone is None:
            return
        skew, times = self._skews.most_common(1)[0]
        if skew and times >= _WITNESSES and 2 * times > self._skews.total():
            hours = skew / 4
            raise DeskError(
                f"The zone {self._zone.key} is not that of the file: its times are {abs(hours):g} hours "
                f"{'ahead of' if hours > 0 else 'behind'} the moments that its own uniqueids tell.",
                "Give the zone of the machine that wrote it by --zone, or UTC when it writes usegmtime.",
            )


def _fraction(digits: str | None) -> int:
    return int((digits or "0")[:6].ljust(6, "0"))


@lru_cache(maxsize=4096)
def _hour(zone: ZoneInfo, date: str, hour: str) -> tuple[int, int] | None:
    """Return the moment at which this hour of the wall clock begins, for its first and its second time."""
    try:
        begins = datetime.fromisoformat(f"{date}T{hour}:00:00").replace(tzinfo=zone)
        epochs = [begins.replace(fold=fold).astimezone(UTC) for fold in (0, 1)]
    except (ValueError, OverflowError):
        return None
    since = datetime(1970, 1, 1, tzinfo=UTC)
    first, second = (((moment - since) // timedelta(microseconds=1)) for moment in epochs)
    # In spring the hour does not exist: both readings are a guess, and the first is as good as the other.
    return (first, second) if second >= first else (first, first)
