"""The metric catalogue: every number that a report may show, by its id."""

from __future__ import annotations

from difflib import get_close_matches

from ivr.errors import DeskError
from ivr.reports.metric import Metric
from ivr.reports.metrics_agents import AGENTS
from ivr.reports.metrics_callbacks import CALLBACKS
from ivr.reports.metrics_calls import CALLS
from ivr.reports.metrics_contacts import CONTACTS
from ivr.reports.metrics_lines import LINES
from ivr.reports.metrics_recordings import RECORDINGS
from ivr.reports.metrics_repeats import REPEATS
from ivr.reports.metrics_splits import SPLITS
from ivr.reports.metrics_time import TIME
from ivr.reports.metrics_ways import WAYS

CATALOGUE: dict[str, Metric] = {
    metric.id: metric
    for metric in (*CALLS, *WAYS, *LINES, *CALLBACKS, *AGENTS, *TIME, *CONTACTS, *REPEATS, *RECORDINGS, *SPLITS)
}


def metric(wanted: str) -> Metric:
    """Return the metric. Raises `DeskError` with the nearest id when there is none."""
    found = CATALOGUE.get(wanted)
    if found is None:
        near = get_close_matches(wanted, CATALOGUE, 1)
        hint = f"Did you mean {near[0]}? " if near else ""
        raise DeskError(f"There is no metric {wanted!r}.", f"{hint}`ivr metrics` lists them all.")
    return found
