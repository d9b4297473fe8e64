"""The amounts of a cell in one blob: pairs of a measure's number (2 bytes) and its sum (8 bytes, may be negative).

One blob a cell, because a cell has thirty measures of several hundred; numpy adds up a year of them in some
milliseconds, on either database.
"""

from __future__ import annotations

import struct
from collections.abc import Collection, Iterator, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

_PAIR = np.dtype([("measure", "<u2"), ("sum", "<i8")])
MEASURES = 1 << 16
"""As many measures there can be."""


def pack(amounts: Mapping[int, int]) -> bytes:
    """Return the blob of sums by measure's number, without those that are nothing."""
    flat = [word for pair in amounts.items() if pair[1] for word in pair]
    return struct.pack("<" + "Hq" * (len(flat) // 2), *flat)


def add_up(
    groups: Sequence[int], blobs: Sequence[bytes], only: Collection[int] = ()
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Add the blobs of the same group up; return (group << 16 | measure, sum), ordered, nothing left out but zeros.

    `only`: the measures that are wanted; none = all.
    """
    pairs = np.frombuffer(b"".join(blobs), _PAIR)
    lengths = np.fromiter(map(len, blobs), np.int64, len(blobs)) // _PAIR.itemsize
    owners = np.repeat(np.asarray(groups, np.int64), lengths)
    if only:
        wanted = np.zeros(MEASURES, bool)
        wanted[list(only)] = True
        kept = wanted[pairs["measure"]]
        pairs, owners = pairs[kept], owners[kept]
    if not len(pairs):
        return np.empty(0, np.int64), np.empty(0, np.int64)
    codes = owners * MEASURES + pairs["measure"]
    order = np.argsort(codes, kind="stable")
    codes = codes[order]
    starts = np.flatnonzero(np.concatenate(([True], codes[1:] != codes[:-1])))
    sums = np.add.reduceat(pairs["sum"][order], starts)
    there = sums != 0
    return codes[starts][there], sums[there]


def by_group(codes: NDArray[np.int64], sums: NDArray[np.int64]) -> Iterator[tuple[int, list[int], list[int]]]:
    """Yield (group, its measures, their sums) of what `add_up` returns."""
    owners = codes // MEASURES
    starts = np.flatnonzero(np.concatenate(([True], owners[1:] != owners[:-1]))) if len(codes) else owners
    measures, amounts = (codes % MEASURES).tolist(), sums.tolist()
    for owner, start, end in zip(
        owners[starts].tolist(), starts.tolist(), [*starts[1:].tolist(), len(codes)], strict=False
    ):
        yield owner, measures[start:end], amounts[start:end]


def merge(groups: Sequence[int], blobs: Sequence[bytes]) -> dict[int, bytes]:
    """Return one blob a group; a group that came to nothing is left out."""
    codes, sums = add_up(groups, blobs)
    if not len(codes):
        return {}
    pairs = np.empty(len(codes), _PAIR)
    pairs["measure"], pairs["sum"] = codes % MEASURES, sums
    owners = codes // MEASURES
    starts = np.flatnonzero(np.concatenate(([True], owners[1:] != owners[:-1])))
    whole, ends = pairs.tobytes(), [*starts[1:].tolist(), len(pairs)]
    size = _PAIR.itemsize
    return {
        owner: whole[start * size : end * size]
        for owner, start, end in zip(owners[starts].tolist(), starts.tolist(), ends, strict=True)
    }
