"""Buckets of time in the site's zone: half-open, without holes or overlaps, on the days of 23 and 25 hours too.

A day is from its first moment to the first moment of the next; its quarters, half hours and hours are counted in
elapsed time from its first moment, so a day of 25 hours has 25 of them. A week begins on Monday. Every edge is a
whole quarter of an hour in UTC, so that each bucket is a whole number of the quarters that totals are kept in.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from ivr.reports.tally import QUARTER

Grain = Literal["quarter", "half hour", "hour", "day", "week", "month"]
GRAINS: tuple[Grain, ...] = ("quarter", "half hour", "hour", "day", "week", "month")
_WITHIN_A_DAY = {"quarter": QUARTER, "half hour": 2 * QUARTER, "hour": 4 * QUARTER}


class Bucket(NamedTuple):
    """From `began` up to but not including `ended`, UTC microseconds."""

    began: int
    ended: int

    def label(self, grain: Grain, zone: str) -> str:
        """Return how people call it: `2026-11-21 14:30`, `2026-11-21`, `2026-W47`, `2026-11`.

        In an hour that comes twice in a night, the offset from UTC is told too.
        """
        local = _local(self.began, zone)
        if grain == "month":
            return f"{local:%Y-%m}"
        if grain == "week":
            year, week, _ = local.isocalendar()
            return f"{year}-W{week:02}"
        if grain == "day":
            return f"{local:%Y-%m-%d}"
        twice = local.replace(fold=0).utcoffset() != local.replace(fold=1).utcoffset()
        return f"{local:%Y-%m-%d %H:%M}{f' {local:%z}' if twice else ''}"


def bucket_of(at: int, grain: Grain, zone: str) -> Bucket:
    """Return the bucket in which the moment lies."""
    day = _local(at, zone).date()
    began, ended = _day(day, zone)
    if length := _WITHIN_A_DAY.get(grain):
        first = began + (at - began) // length * length
        return Bucket(first, min(first + length, ended))
    if grain == "day":
        return Bucket(began, ended)
    if grain == "week":
        monday = day - timedelta(days=day.weekday())
        return Bucket(_midnight(monday, zone), _midnight(monday + timedelta(days=7), zone))
    first_day = day.replace(day=1)
    return Bucket(_midnight(first_day, zone), _midnight((first_day + timedelta(days=31)).replace(day=1), zone))


def buckets(began: int, ended: int, grain: Grain, zone: str) -> Iterator[Bucket]:
    """Yield the buckets that the time touches, the first and the last as a whole."""
    at = began
    while at < ended:
        bucket = bucket_of(at, grain, zone)
        yield bucket
        at = bucket.ended


def shares(began: int, ended: int, grain: Grain, zone: str) -> Iterator[tuple[Bucket, int]]:
    """Yield (bucket, microseconds of the span in it): they add up to the span."""
    for bucket in buckets(began, ended, grain, zone):
        yield bucket, min(ended, bucket.ended) - max(began, bucket.began)


def midnight(day: date, zone: str) -> int:
    """Return the first moment of a day in the zone, UTC microseconds."""
    return _midnight(day, zone)


@lru_cache(maxsize=4096)
def _midnight(day: date, zone: str) -> int:
    # A midnight that the clock jumps over is taken with the offset before the jump, and so is the moment of the jump.
    return int(datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(zone)).timestamp()) * 1_000_000


def _day(day: date, zone: str) -> tuple[int, int]:
    return _midnight(day, zone), _midnight(day + timedelta(days=1), zone)


def _local(at: int, zone: str) -> datetime:
    return datetime.fromtimestamp(at // 1_000_000, UTC).astimezone(ZoneInfo(zone))
