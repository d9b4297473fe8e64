"""Received audio on one time line: every sample lies where it was heard, so silences keep their length."""

from __future__ import annotations

import numpy as np

from ivr.phone.g711 import RATE, Samples

_TOLERANCE = int(0.25 * RATE)
"""How far RTP time and arrival may differ before the stream counts as a new one."""
_AHEAD = 2 * RATE
"""How far a sender that stood still and then sent all at once may be ahead of the clock with what he had to say."""
_SETTLED = 0.35
"""Seconds after which nothing comes any more: longer than the tolerance and a packet."""
_LONGEST = 4 * 3600 * RATE
"""A packet that would lie further out is dropped: no sender may make us ask for more memory."""


class Timeline:
    """Samples at 8 kHz; second 0 is the caller's choice (the INVITE).

    Within a stream the RTP timestamp places a packet, which takes the network's jitter out. The first packet of a
    stream, and one whose timestamp no longer fits the clock, is placed by its arrival. What comes in a burst, after the
    sender or the network stood still, is laid end to end, as a telephone's buffer plays it: nothing is written over.
    """

    def __init__(self) -> None:
        self._samples = np.zeros(10 * RATE, np.int16)
        self._source: int | None = None
        self._offset = 0
        self.end = 0
        """Samples from second 0 to the last one written."""

    def write(self, at: float, source: int, timestamp: int, samples: Samples) -> None:
        """Place one packet that arrived `at` seconds."""
        arrived = int(at * RATE)
        place = (timestamp + self._offset) & 0xFFFFFFFF
        if source != self._source or not self._fits(place, arrived):
            goes_on = source == self._source and arrived < self.end <= arrived + _AHEAD
            self._source, place = source, self.end if goes_on else max(arrived, 0)
            self._offset = place - timestamp
        last = place + samples.size
        if last > _LONGEST:
            return
        if last > self._samples.size:
            self._samples = np.concatenate([self._samples, np.zeros(max(last, self._samples.size), np.int16)])
        self._samples[place:last] = samples
        self.end = max(self.end, last)

    def _fits(self, place: int, arrived: int) -> bool:
        """Say whether a packet of the stream may lie there: near its arrival, or in a row behind what came early."""
        early = place - arrived
        return abs(early) <= _TOLERANCE or (0 < early <= _AHEAD and place <= self.end)

    def settled(self, now: float) -> float:
        """Return the second before which nothing will change any more: all that came, or silence for long enough."""
        return max(self.end / RATE, now - _SETTLED)

    def read(self, start: float, stop: float) -> Samples:
        """Return the samples between two moments; what nobody sent is silence."""
        first, last = max(0, round(start * RATE)), max(0, round(stop * RATE))
        heard = np.zeros(max(0, last - first), np.int16)
        known = self._samples[first : min(last, self.end)]
        heard[: known.size] = known
        return heard
