"""Metrics of recordings."""

from __future__ import annotations

from ivr.reports.metric import Metric
from ivr.reports.parts import amount, seconds

RECORDINGS = (
    Metric(
        id="record_coverage",
        name="Recordings' coverage",
        sources=("recording",),
        unit="share",
        formula="talk seconds with audio / talk seconds that policy says to record",
        counts="talks on lines that are recorded; audio as it was measured in the file, also of files removed; none "
        "of a talk from 2 s on in which the agent's side is silent to the last sample",
        leaves_out="talks that policy says not to record; messages",
        version=2,
        top=seconds("recorded"),
        bottom=seconds("to_record"),
    ),
    Metric(
        id="talks_to_record",
        name="Talks to record",
        sources=("recording",),
        unit="count",
        formula="talks that policy says to record",
        counts="talks on lines that are recorded",
        top=amount("talks"),
    ),
    Metric(
        id="time_to_record",
        name="Time to record",
        sources=("recording",),
        unit="seconds",
        formula="Σ talk that policy says to record",
        counts="talks on lines that are recorded, split at the bucket's edges",
        top=seconds("to_record"),
    ),
    Metric(
        id="time_recorded",
        name="Time with audio",
        sources=("recording",),
        unit="seconds",
        formula="Σ talk of which there is audio",
        counts="as `record_coverage`, split at the bucket's edges",
        version=2,
        top=seconds("recorded"),
    ),
    Metric(
        id="talks_lacking",
        name="Talks that lack audio",
        sources=("recording",),
        unit="count",
        formula="talks to record of which more than 1 s has no audio",
        counts="audio as for `record_coverage`; a recording that is not verified yet has none",
        version=2,
        leaves_out="talks whose recording has expired",
        top=amount("lacking"),
    ),
    Metric(
        id="recordings_failed",
        name="Recordings that failed",
        sources=("recording",),
        unit="count",
        formula="recordings that were expected and are not whole",
        counts="state `failed`, `partial` or still `expected` after the call; booked to their first talk",
        top=amount("state.failed", "state.partial", "state.expected"),
    ),
    Metric(
        id="recordings_expired",
        name="Expired recordings",
        sources=("recording",),
        unit="count",
        formula="recordings that were removed when their time was over",
        counts="state `expired`; booked to their first talk",
        top=amount("state.expired"),
    ),
)
"""Every metric of the source `recording`."""
