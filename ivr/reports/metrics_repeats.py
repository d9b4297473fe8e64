"""Metrics of callers who call again."""

from __future__ import annotations

from ivr.reports.contacts import WINDOW
from ivr.reports.metric import Metric
from ivr.reports.parts import amount, without

REPEATS = (
    Metric(
        id="fcr",
        name="First-contact resolution",
        sources=("contact",),
        unit="share",
        formula=(
            "calls with a talk after which the same number did not call about the same category within the "
            "window / calls with a talk that are older than the window"
        ),
        counts="answered calls; the window is 7 days unless said; a call without a category is about any",
        leaves_out="withheld numbers; calls younger than the window, for nobody knows yet",
        top=without(amount("judged"), amount("repeated")),
        bottom=amount("judged"),
        ripens=WINDOW,
    ),
    Metric(
        id="fcr_calls",
        name="Calls judged for first-contact resolution",
        sources=("contact",),
        unit="count",
        formula="calls with a talk that are older than the window",
        counts="answered calls of a number; the window is 7 days unless said",
        leaves_out="withheld numbers; calls younger than the window",
        top=amount("judged"),
        ripens=WINDOW,
    ),
    Metric(
        id="numbered_calls",
        name="Calls with a number",
        sources=("contact",),
        unit="count",
        formula="calls from outside that showed a number",
        counts="calls from outside to a desk that are over",
        leaves_out="withheld numbers",
        top=amount("numbered"),
    ),
    Metric(
        id="repeat_calls",
        name="Repeat calls",
        sources=("contact",),
        unit="count",
        formula="calls of a number that called within the window before",
        counts="calls from outside, about whatever; the window is 7 days unless said",
        leaves_out="withheld numbers",
        top=amount("again"),
    ),
    Metric(
        id="repeat_rate",
        name="Share of repeat calls",
        sources=("contact",),
        unit="share",
        formula="repeat calls / calls with a number",
        counts="calls from outside",
        leaves_out="withheld numbers",
        top=amount("again"),
        bottom=amount("numbered"),
    ),
)
"""Every metric of the source `contact`."""
