"""What Asterisk's console prints is read in each of its forms."""

from __future__ import annotations

import pytest

from ivr.asterisk.console import Busy, busy, read_busy


@pytest.mark.parametrize(
    ("printed", "read"),
    [
        ("0 active channels\n0 of 1000 max active calls ( 0.00% of capacity)\n3 calls processed\n", Busy(0, 0, 3)),
        ("1 active channel\n1 active call\n1 call processed\n", Busy(1, 1, 1)),
        ("12 active channels\n5 active calls\n700 calls processed\n", Busy(12, 5, 700)),
        ("", None),
        ("No such command 'core show channels count'\n", None),
    ],
)
def test_calls_are_counted_with_a_limit_and_without(printed, read):
    assert read_busy(printed) == read


def test_where_no_asterisk_is_nothing_is_counted(tmp_path):
    assert busy(tmp_path) is None
