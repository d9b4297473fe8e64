"""Moments as a user writes them: `2h` ago, a UTC date, or a time."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from ivr.errors import DeskError

_AGO = re.compile(r"(\d{1,6})([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def read_moment(text: str) -> datetime:
    """Return the moment, with its zone (UTC unless said). Raises `DeskError`."""
    try:
        if ago := _AGO.fullmatch(text):
            return datetime.now(UTC) - timedelta(**{_UNITS[ago[2]]: int(ago[1])})
        moment = datetime.fromisoformat(text)
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        moment.timestamp()
    except (ValueError, OverflowError) as error:
        raise DeskError(
            f"{text!r} is no moment.", "Write 2h, 3d, or a UTC date or time: 2026-11-21, 2026-11-21T14:00."
        ) from error
    return moment
