"""What is too much to be looked at one by one is refused before anything is read."""

from __future__ import annotations

import pytest

from ivr.desk.explain_report import explain_report
from ivr.desk.few_enough import MOST
from ivr.desk.made_report import Ask
from ivr.errors import DeskError
from ivr.reports.standard import REPORTS


class Full:
    """A ledger that knows how many calls it has; whoever asks it for the calls themselves fails."""

    def sums(self, *_span, **_more):
        return {(): {"calls": MOST + 1}}


@pytest.mark.parametrize(
    ("report", "metric"),
    [("lines", "calls"), ("agents", "talk_time"), ("categories", "node_hits"), ("recordings", "record_coverage")],
)
def test_a_time_with_too_many_calls_is_refused(report, metric):
    with pytest.raises(DeskError, match="100,001 calls in that time; at most 100,000"):
        explain_report(Full(), REPORTS[report], metric, Ask(0, 900_000_000))
