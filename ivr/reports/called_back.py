"""What a callback contributes to the totals of its line."""

from __future__ import annotations

from collections.abc import Iterator

from ivr.ledger.call import Call, Leg
from ivr.ledger.callbacks import PLACEHOLDER, promise_moment
from ivr.reports.bins import bin_of
from ivr.reports.tally import Tally, quarter_of, tally


def callback_tallies(call: Call, leg: Leg) -> Iterator[Tally]:
    """Walk over what a placeholder's call contributes: kept, in time, after how long; or in vain."""
    if call.direction != "out":
        return  # it never came so far that he was rung
    keys = (call.desk, leg.line, call.category, call.source)
    if call.connected_at is None:
        yield tally(("line", quarter_of(call.ended_at or leg.began_at), keys, "in_vain", 1))
        return
    fact = next(told for told in call.facts if told.name == PLACEHOLDER)
    since, until = (promise_moment(fact.values.get(name, "")) or leg.began_at for name in ("since", "until"))
    bucket, took = quarter_of(call.connected_at), max(0, call.connected_at - since)
    yield tally(("line", bucket, keys, "kept", 1))
    if call.connected_at <= until:
        yield tally(("line", bucket, keys, "kept_in_time", 1))
    yield tally(("line", bucket, keys, "kept_wait", took))
    yield tally(("line", bucket, keys, f"kept_wait.{bin_of(took)}", 1))
