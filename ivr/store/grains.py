"""The grains of the totals: quarters of an hour, and days and months of the ledger's zone. Times in microseconds."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from ivr.reports.tally import QUARTER

QUARTERS, DAYS, MONTHS = 0, 1, 2
_SECOND = 1_000_000


class Piece(NamedTuple):
    """A part of a range, to be read in one grain: from `since`, before `until`."""

    grain: int
    since: int
    until: int


def floor_quarter(moment: int) -> int:
    """Return the beginning of the moment's quarter of an hour."""
    return moment - moment % QUARTER


@lru_cache(maxsize=4096)
def day_of(moment: int, zone: str) -> tuple[int, int]:
    """Return beginning and end of the local day in which the moment lies."""
    local = _local(moment, zone)
    first = datetime(local.year, local.month, local.day, tzinfo=ZoneInfo(zone))
    return _moment(first), _moment(_midnight(first + timedelta(days=1)))


@lru_cache(maxsize=4096)
def month_of(moment: int, zone: str) -> tuple[int, int]:
    """Return beginning and end of the local month in which the moment lies."""
    local = _local(moment, zone)
    first = datetime(local.year, local.month, 1, tzinfo=ZoneInfo(zone))
    return _moment(first), _moment(_midnight((first + timedelta(days=32)).replace(day=1)))


def pieces(since: int, until: int, *, zone: str, coarsest: int, made_to: int) -> Iterator[Piece]:
    """Cut a range of whole quarters into as few pieces as possible; days and months count where they are made."""
    waiting: Piece | None = None
    at = since
    while at < until:
        piece = _next(at, until, zone, coarsest, made_to)
        if waiting and waiting.grain == piece.grain:
            waiting = waiting._replace(until=piece.until)
        else:
            if waiting:
                yield waiting
            waiting = piece
        at = piece.until
    if waiting:
        yield waiting


def _next(at: int, until: int, zone: str, coarsest: int, made_to: int) -> Piece:
    if coarsest == QUARTERS:
        return Piece(QUARTERS, at, until)
    limit = min(until, made_to)
    month, month_end = month_of(at, zone)
    if coarsest == MONTHS and at == month and month_end <= limit:
        return Piece(MONTHS, at, month_end)
    day, day_end = day_of(at, zone)
    if at == day and day_end <= limit:
        return Piece(DAYS, at, day_end)
    return Piece(QUARTERS, at, until if day_end > limit else day_end)


def _local(moment: int, zone: str) -> datetime:
    return datetime.fromtimestamp(moment // _SECOND, UTC).astimezone(ZoneInfo(zone))


def _midnight(day: datetime) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=day.tzinfo)


def _moment(local: datetime) -> int:
    # Whole seconds, by way of UTC: where a clock jumps over midnight the day begins with the jump.
    return round(local.astimezone(UTC).timestamp()) * _SECOND
