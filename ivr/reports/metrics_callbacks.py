"""Metrics of callbacks: how many callers chose one, and how their promises were kept."""

from __future__ import annotations

from ivr.reports.metric import Metric, percentile
from ivr.reports.parts import amount, number_in, seconds

_KEPT = "customers with whom somebody talked because they had chosen it, once each; booked to the talk's beginning"

CALLBACKS = (
    Metric(
        id="callbacks",
        name="Callbacks chosen",
        sources=("line",),
        unit="count",
        formula="C = visits ended by the key of the callback",
        counts="visits in which the caller would rather be called back; who chooses it twice counts twice",
        top=amount("callback"),
    ),
    Metric(
        id="callback_rate",
        name="Share of callbacks",
        sources=("line",),
        unit="share",
        formula="C / O",
        counts="visits of calls to the line; a call that goes on to another line is offered to both",
        top=amount("callback"),
        bottom=amount("offered"),
    ),
    Metric(
        id="callbacks_kept",
        name="Callbacks kept",
        sources=("line",),
        unit="count",
        formula="K = calls of the desk to who had chosen a callback, with a talk",
        counts=_KEPT,
        leaves_out="who was talked with in a call of his own before",
        top=amount("kept"),
    ),
    Metric(
        id="callbacks_in_time",
        name="Callbacks in time",
        sources=("line",),
        unit="share",
        formula="kept before the promised time / K",
        counts=_KEPT,
        top=amount("kept_in_time"),
        bottom=amount("kept"),
    ),
    Metric(
        id="callback_time",
        name="Mean time to the callback",
        sources=("line",),
        unit="seconds",
        formula="Σ (talk − key) / K",
        counts=_KEPT,
        top=seconds("kept_wait"),
        bottom=amount("kept"),
    ),
    Metric(
        id="callback_time_p90",
        name="90th percentile of the time to the callback",
        sources=("line",),
        unit="seconds",
        formula="90th percentile of talk − key, error as `wait_p50`",
        counts=_KEPT,
        top=number_in("kept_wait"),
        reader=percentile(("kept_wait",), 0.9),
    ),
    Metric(
        id="callbacks_in_vain",
        name="Callbacks in vain",
        sources=("line",),
        unit="count",
        formula="calls of the desk to who had chosen a callback, without a talk",
        counts="every try in which an agent rang the customer and nobody answered; booked to the try's end",
        top=amount("in_vain"),
    ),
)
"""Every metric of callbacks."""
