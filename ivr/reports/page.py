"""The catalogue as a page to read."""

from __future__ import annotations

from collections.abc import Iterable

from ivr.reports.metric import Metric

_PARTS = {
    "call": ("Calls", "A caller's whole contact, booked to the quarter of an hour in which it began."),
    "line": ("Lines", "A visit of a call to a line, booked to the quarter of an hour in which it entered the line."),
    "agent": ("Agents", "Offers and talks, booked to where they began; time is split at the edges of the buckets."),
    "time": ("Agents' time", "The time of agents in each state, split at the edges of the buckets."),
    "node": ("The menu", "Nodes of the flow."),
    "split": ("Splits", "Calls that a split of the flow sent one way, booked to where they began."),
    "number": ("Callers' numbers", "What the calls of one number say together."),
    "contact": (
        "Repeat callers",
        "Calls from a number, booked to the quarter of an hour in which they began; whether it called again.",
    ),
    "recording": ("Recordings", "What was to be recorded, and what is there."),
    "card": ("Call cards", "What agents wrote of their calls, as it stands now."),
}
_HEAD = """\
# The numbers

Made by `ivr metrics --markdown` from the code that counts them: do not edit. Every report prints the id beside the
number; `ivr metrics ID` prints its entry; the version goes up when the same calls would give another number.

O = offered to the line, N = answered, B = abandoned, T = the threshold of the service level (20 s unless said),
N≤T and B≤T = those within it, S = abandoned within 5 s unless said. A wait of exactly T is within T.

Calls that go on are not counted before they are over. Percentiles and longest come from histograms whose edges are
the whole seconds up to two minutes and then steps of 2 %; sums, means and every count within whole seconds up to
120 are exact.
"""


def metrics_page(metrics: Iterable[Metric]) -> str:
    """Return the page in Markdown, the metrics in their order within each part."""
    found = list(metrics)
    page = [_HEAD]
    for source, (title, what) in _PARTS.items():
        own = [metric for metric in found if metric.sources[0] == source]
        if own:
            page.append(f"## {title}\n\n{what}\n\n| id | v | unit | formula | counted in | left out |")
            page.append("|---|---|---|---|---|---|")
            page += [_row(metric) for metric in own]
            page.append("")
    return "\n".join(page)


def _row(metric: Metric) -> str:
    also = f" (as {metric.same_as})" if metric.same_as else ""
    cells = (metric.formula + also, metric.counts, metric.leaves_out)
    told = " | ".join(cell.replace("|", "\\|") for cell in cells)
    return f"| `{metric.id}` | {metric.version} | {metric.unit} | {told} |"
