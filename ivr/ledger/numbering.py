"""Asterisk's own numbering of its channels: a number that is in no record is a channel that left no trace.

Each Asterisk process counts its channels from 0 and writes the count into every uniqueid (`desk1-1795282454.17`). So
the journal tells by itself when its beginning-of-channel rows were lost, how many, and between which moments.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import NamedTuple

from ivr.ledger.record import Record

CHAN_START = "CHAN_START"
MINUTE = 60_000_000
REACH = 10_000
"""How far below the highest number a late record may still fill a hole."""
_SECONDS = 60


class Birth(NamedTuple):
    """What a uniqueid tells of its channel."""

    node: str
    second: int
    """UTC, since 1970."""
    number: int

    @property
    def minute(self) -> int:
        """The beginning of its minute, in microseconds."""
        return self.second // _SECONDS * MINUTE


# Made without its Python constructor: there are many channels.
_birth: Callable[[tuple[str, int, int]], Birth] = partial(tuple.__new__, Birth)

Seen = tuple[tuple[str, int, int] | None, int]
"""The fields of a channel's `Birth`, and when its first record was written (microseconds).

None: somebody else gave its uniqueid. Plain tuples, for they go from one process to another three times as fast."""


class Begun(NamedTuple):
    """The channels that begin in some records."""

    minutes: Mapping[tuple[str, int], tuple[int, int]]
    """Channels and calls, by node and minute."""
    by_node: Mapping[str, Sequence[Seen]]
    """In the journal's order."""


class Run(NamedTuple):
    """One Asterisk process of a node, as far as its channels are known."""

    node: str
    place: int
    """1 for the first process of the node that the journal knows, and so on."""
    first: int
    highest: int
    second: int
    """Of the uniqueid with the highest number."""
    began_at: int
    last_at: int
    """When its channel with the highest number began; microseconds, as `began_at`."""
    unnumbered: int
    """Channels whose id was given by somebody else: each has taken a number that is in no record."""


class Hole(NamedTuple):
    """Numbers that no record has, and the records around them (their times in microseconds)."""

    node: str
    place: int
    first: int
    last: int
    after: int
    before: int

    @property
    def channels(self) -> int:
        """How many numbers are missing."""
        return self.last - self.first + 1


def begun_in(records: Iterable[Record]) -> Begun:
    """Return the channels that begin in these records, which come in the journal's order."""
    by_node: dict[str, list[Seen]] = {}
    numbered: list[tuple[Birth, bool]] = []
    for _, _, at, uniqueid, linkedid, *_ in [record for record in records if record[1] == CHAN_START]:
        if birth := read_uniqueid(uniqueid):
            numbered.append((birth, uniqueid == linkedid))
            node = birth[0]
        else:
            node = _node_of(uniqueid)
        by_node.setdefault(node, []).append(((*birth,) if birth else None, at))
    return Begun(count_minutes(numbered), by_node)


def read_uniqueid(text: str) -> Birth | None:
    """Return node, second and number of a uniqueid of Asterisk's own; None for an id that somebody else gave."""
    head, _, number = text.rpartition(".")
    node, _, second = head.rpartition("-")
    if not (number.isdecimal() and second.isdecimal() and len(number) < 10 and len(second) < 12):
        return None
    return _birth((node, int(second), int(number)))


def _node_of(uniqueid: str) -> str:
    """Return the node of an id that we gave: `desk1-1795282454.act7` is written like Asterisk's own."""
    return uniqueid.rpartition(".")[0].rpartition("-")[0]


def count_minutes(births: Iterable[tuple[Birth, bool]]) -> dict[tuple[str, int], tuple[int, int]]:
    """Return channels and calls begun, by node and minute; of each channel is said whether a call is named after it."""
    counts: dict[tuple[str, int], list[int]] = {}
    for (node, second, _), leads in births:
        key = (node, second // _SECONDS)
        count = counts.get(key)
        if count is None:
            count = counts[key] = [0, 0]
        count[0] += 1
        count[1] += leads
    return {(node, minute * MINUTE): (channels, calls) for (node, minute), (channels, calls) in counts.items()}


class Numbering:
    """The walk over one node's beginnings of channels. The result never depends on how they are cut into parts."""

    def __init__(self, run: Run | None, holes: Iterable[Hole] = ()) -> None:
        """`run`: the latest that is known; `holes`: its holes within `REACH`, in the order of their numbers."""
        self.run = run
        self.closed: list[Run] = []
        """Earlier runs that changed."""
        self.holes = list(holes)
        """Those of the present run."""
        self.settled: list[Hole] = []
        """Those of earlier runs."""

    def take(self, node: str, births: Iterable[Seen]) -> None:
        """Take beginnings of the node's channels, in the journal's order: what a uniqueid tells, and its record's time.

        None as a uniqueid: somebody else gave it, and it has taken a number all the same.
        """
        highest = second = last_at = -1
        for birth, at in births:
            if birth is not None and birth[2] == highest + 1 and highest >= 0:  # nearly every one
                highest, last_at = birth[2], at
                second = max(second, birth[1])
                continue
            if self.run is not None and highest >= 0:
                self.run = self.run._replace(highest=highest, second=second, last_at=last_at)
            self._step(node, Birth._make(birth) if birth else None, at)
            if self.run is not None:
                highest, second, last_at = self.run.highest, self.run.second, self.run.last_at
        if self.run is not None and highest >= 0:
            self.run = self.run._replace(highest=highest, second=second, last_at=last_at)

    def _step(self, node: str, birth: Birth | None, at: int) -> None:
        run = self.run
        if run is None:
            if birth is not None:
                self.run = Run(node, 1, birth.number, birth.number, birth.second, at, at, 0)
        elif birth is None:
            self.run = run._replace(unnumbered=run.unnumbered + 1)
        elif birth.number > run.highest:  # also when the clock was set back
            self._go_on(run, birth, at)
        elif birth.second <= run.second + 1 and (self._fill(run, birth.number) or self._extend(run, birth)):
            # Two ids of one moment may have taken second and number in different order, hence the one second.
            return
        elif birth.second > run.second + 1 or birth.number == 0:
            self._begin(run, birth, at)

    def _go_on(self, run: Run, birth: Birth, at: int) -> None:
        missing = birth.number - run.highest - 1
        given = min(missing, run.unnumbered)
        if missing > given:
            self.holes.append(Hole(run.node, run.place, run.highest + 1 + given, birth.number - 1, run.last_at, at))
        self.run = run._replace(
            highest=birth.number, second=max(run.second, birth.second), last_at=at, unnumbered=run.unnumbered - given
        )

    def _fill(self, run: Run, number: int) -> bool:
        """Take a number that came later than a higher one; say whether it was missing."""
        if number <= run.highest - REACH:
            return False
        place = bisect_right(self.holes, number, key=lambda hole: hole.first) - 1
        if place < 0 or self.holes[place].last < number:
            return False
        hole = self.holes[place]
        parts = [hole._replace(last=number - 1), hole._replace(first=number + 1)]
        self.holes[place : place + 1] = [part for part in parts if part.channels]
        return True

    def _extend(self, run: Run, birth: Birth) -> bool:
        """Take a number before the first that was seen: nobody knows what came before that one."""
        if birth.number >= run.first or run.place > 1:
            return False
        if birth.number + 1 < run.first:
            self.holes.insert(0, Hole(run.node, run.place, birth.number + 1, run.first - 1, run.began_at, run.began_at))
        self.run = run._replace(first=birth.number)
        return True

    def _begin(self, run: Run, birth: Birth, at: int) -> None:
        self.closed.append(run)
        self.settled += self.holes
        self.holes = []
        self.run = Run(run.node, run.place + 1, 0, birth.number, birth.second, at, at, 0)
        given = min(birth.number, run.unnumbered)  # an act of ours may be the first that a new process does
        if birth.number > given:
            self.holes.append(Hole(run.node, run.place + 1, given, birth.number - 1, run.last_at, at))
