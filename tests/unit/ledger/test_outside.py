"""Numbers outside that were rung, from real journals."""

from __future__ import annotations

import pytest

from ivr.ledger.channels import gather
from ivr.ledger.outside import dialled_leg, find_dialled
from tests.unit.ledger.test_fold import records_of


def legs_of(records):
    channels, _ = gather(records)
    return [(one.number, dialled_leg(one)) for one in find_dialled(channels.values())]


@pytest.mark.parametrize(
    ("name", "number", "reason"),
    [
        ("agent_calls_outside", "+79215550102", "answered"),
        ("outside_hangs_up", "+79215550101", "answered"),
        ("outside_busy", "+79215550186", "busy"),
        ("outside_no_answer", "+79215550120", "no answer"),
        ("outside_cancelled", "+79215550220", "cancelled"),
        ("outside_unknown", "+79215550104", "failed"),
    ],
)
def test_a_number_outside_rings_once_and_ends_with_its_reason(name, number, reason):
    ((rung, leg),) = legs_of(records_of(name))
    assert (rung, leg.kind, leg.agent, leg.reason) == (number, "offer", "", reason)
    assert leg.ended_at is not None
    assert leg.began_at <= leg.ended_at
    assert (leg.answered_at is not None) == (reason == "answered")


def test_a_number_that_still_rings_has_no_end():
    records = [r for r in records_of("outside_no_answer") if r.event not in ("HANGUP", "CHAN_END", "LINKEDID_END")]
    ((_, leg),) = legs_of([r for r in records if "unreached" not in r.extra])
    assert (leg.ended_at, leg.reason) == (None, "")
