"""Buckets cover all time without holes or overlaps, in every zone, on days of 23 and 25 hours."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.reports.buckets import GRAINS, bucket_of, buckets, midnight, shares
from ivr.reports.split import split
from ivr.reports.tally import QUARTER

ZONES = (
    "UTC",
    "Europe/Moscow",
    "Europe/Berlin",
    "America/New_York",
    "America/Sao_Paulo",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "Pacific/Apia",
    "Africa/Cairo",
)
MOMENTS = st.integers(
    min_value=int(datetime(2009, 1, 1, tzinfo=UTC).timestamp()),
    max_value=int(datetime(2030, 1, 1, tzinfo=UTC).timestamp()),
).map(lambda second: second * 1_000_000 + 123_456)
SPANS = st.tuples(MOMENTS, st.integers(min_value=0, max_value=40 * 86_400_000_000))


@given(MOMENTS, st.sampled_from(GRAINS), st.sampled_from(ZONES))
def test_a_moment_lies_in_its_bucket_and_every_edge_is_a_whole_quarter(at, grain, zone):
    bucket = bucket_of(at, grain, zone)
    assert bucket.began <= at < bucket.ended
    assert bucket.began % QUARTER == bucket.ended % QUARTER == 0


@given(SPANS, st.sampled_from(GRAINS), st.sampled_from(ZONES))
def test_the_shares_of_a_span_add_up_to_it_and_the_buckets_touch(span, grain, zone):
    began, ended = span[0], span[0] + span[1]
    found = list(shares(began, ended, grain, zone))
    assert sum(length for _, length in found) == ended - began
    assert all(length > 0 for _, length in found)
    assert all(one.ended == other.began for (one, _), (other, _) in pairwise(found))


@given(SPANS, st.sampled_from(("hour", "day", "week", "month")), st.sampled_from(ZONES))
def test_the_quarters_that_totals_are_kept_in_add_up_to_every_larger_bucket(span, grain, zone):
    began, ended = span[0], span[0] + span[1]
    sums = Counter()
    for quarter, length in split(began, ended):
        sums[bucket_of(quarter, grain, zone)] += length
    assert sums == Counter(dict(shares(began, ended, grain, zone)))


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", date(2026, 3, 29), 23),
        ("Europe/Berlin", date(2026, 10, 25), 25),
        ("Europe/Moscow", date(2026, 3, 29), 24),
        ("America/Sao_Paulo", date(2018, 11, 4), 23),
        ("Australia/Lord_Howe", date(2026, 4, 5), 24.5),
    ],
)
def test_a_day_has_as_many_hours_as_the_clock_gives_it(zone, day, hours):
    bucket = bucket_of(midnight(day, zone), "day", zone)
    assert bucket.ended - bucket.began == hours * 4 * QUARTER
    half_hours = list(buckets(bucket.began, bucket.ended, "half hour", zone))
    assert len(half_hours) == hours * 2
    labels = [one.label("half hour", zone) for one in half_hours]
    assert len(set(labels)) == len(labels)


def test_buckets_are_called_by_the_sites_own_clock():
    at = int(datetime(2026, 11, 21, 21, 40, tzinfo=UTC).timestamp()) * 1_000_000
    told = {grain: bucket_of(at, grain, "Europe/Moscow").label(grain, "Europe/Moscow") for grain in GRAINS}
    assert told == {
        "quarter": "2026-11-22 00:30",
        "half hour": "2026-11-22 00:30",
        "hour": "2026-11-22 00:00",
        "day": "2026-11-22",
        "week": "2026-W47",
        "month": "2026-11",
    }


def test_a_day_that_a_zone_skipped_is_in_no_bucket():
    skipped = bucket_of(midnight(date(2011, 12, 29), "Pacific/Apia"), "day", "Pacific/Apia")
    assert bucket_of(skipped.ended, "day", "Pacific/Apia").label("day", "Pacific/Apia") == "2011-12-31"
