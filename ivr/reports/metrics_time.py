"""Metrics of agents' time."""

from __future__ import annotations

from ivr.reports.agent_time import SIGNED_IN
from ivr.reports.metric import Metric
from ivr.reports.parts import added, amount, seconds

_WORK = seconds("state.talking", "state.hold", "state.wrap-up")
_SIGNED_IN = seconds("internal", *(f"state.{state}" for state in SIGNED_IN))

TIME = (
    Metric(
        id="hours",
        name="Hours signed in",
        sources=("time",),
        unit="seconds",
        formula="Σ time in every state but `signed out`",
        counts="from sign-in to sign-out, split at the bucket's edges",
        top=_SIGNED_IN,
    ),
    Metric(
        id="ready_time",
        name="Ready",
        sources=("time",),
        unit="seconds",
        formula="Σ time in state `ready`",
        counts="split at the bucket's edges",
        top=seconds("state.ready"),
    ),
    Metric(
        id="offered_time",
        name="Being offered",
        sources=("time",),
        unit="seconds",
        formula="Σ time in state `offered`",
        counts="his telephone rang, or he heard the whisper",
        top=seconds("state.offered"),
    ),
    Metric(
        id="wrap_up_time",
        name="Wrap-up",
        sources=("time",),
        unit="seconds",
        formula="Σ time in state `wrap-up`",
        counts="measured: from the end of the talk until he was ready, paused or signed out",
        top=seconds("state.wrap-up"),
    ),
    Metric(
        id="wrap_up_mean",
        name="Mean wrap-up",
        sources=("time",),
        unit="seconds",
        formula="Σ wrap-up / number of wrap-ups",
        counts="measured wrap-ups",
        top=seconds("state.wrap-up"),
        bottom=amount("begun.wrap-up"),
    ),
    Metric(
        id="paused_time",
        name="Paused",
        sources=("time",),
        unit="seconds",
        formula="Σ time in state `paused`",
        counts="every reason; `paused.REASON` tells them apart",
        top=seconds("state.paused"),
    ),
    Metric(
        id="pauses",
        name="Pauses",
        sources=("time",),
        unit="count",
        formula="number of pauses",
        counts="pauses booked to their beginning",
        top=amount("begun.paused"),
    ),
    Metric(
        id="paused_mean",
        name="Mean pause",
        sources=("time",),
        unit="seconds",
        formula="Σ time in state `paused` / number of pauses",
        counts="every reason; a pause that goes on over the edge of the time counts where it began",
        top=seconds("state.paused"),
        bottom=amount("begun.paused"),
    ),
    Metric(
        id="unreachable_time",
        name="Telephone unreachable",
        sources=("time",),
        unit="seconds",
        formula="Σ time in state `unreachable`",
        counts="signed in, but his telephone was not registered",
        top=seconds("state.unreachable"),
    ),
    Metric(
        id="internal_time",
        name="Talks between agents",
        sources=("time",),
        unit="seconds",
        formula="Σ talk, hold and wrap-up of calls between agents",
        counts="split at the bucket's edges",
        top=seconds("internal"),
    ),
    Metric(
        id="occupancy",
        name="Occupancy",
        sources=("time",),
        unit="share",
        formula="(talk + hold + wrap-up) / (talk + hold + wrap-up + offered + ready)",
        counts="time for callers; an offer is time in which he could not rest",
        leaves_out="pauses, talks between agents, unreachable telephone",
        top=_WORK,
        bottom=added(_WORK, seconds("state.ready", "state.offered")),
    ),
    Metric(
        id="utilisation",
        name="Share of signed-in time at work",
        sources=("time",),
        unit="share",
        formula="(talk + hold + wrap-up) / hours",
        counts="time for callers, of all signed-in time, pauses included",
        top=_WORK,
        bottom=_SIGNED_IN,
    ),
)
"""Every metric of the source `time`."""
