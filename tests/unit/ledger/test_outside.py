"""Calls to outside, from real journals: every leg, who placed the call, and what came of it."""

from __future__ import annotations

import pytest

from ivr.ledger.fold import fold
from tests.unit.ledger.test_ways import calls_of, records_of, told

GOLDEN = {
    "agent_calls_outside": (
        "answered",
        ["offer →+79215550102 0-5: answered", "talk 901 5-25: agent hung up"],
    ),
    "outside_hangs_up": (
        "answered",
        ["offer →+79215550101 0-4: answered", "talk 901 4-25: outside hung up"],
    ),
    "outside_busy": ("no talk", ["offer →+79215550186 0-0: busy"]),
    "outside_no_answer": ("no talk", ["offer →+79215550120 0-50: no answer"]),
    "outside_cancelled": ("no talk", ["offer →+79215550220 0-10: cancelled"]),
    "outside_unknown": ("no talk", ["offer →+79215550104 0-0: failed"]),
    "outside_sent_on": (
        "answered",
        [
            "offer →+79215550303 0-4: answered",
            "talk 901 4-19: transferred",
            "transfer blind second 901 →902 19-21: answered",
            "offer second 902 19-21: answered",
            "talk second 902 21-37: agent hung up",
        ],
    ),
    "caller_sent_outside": (
        "answered",
        [
            "ivr 0-2: handed over",
            "queue first 2-4: answered",
            "offer first 901 2-4: answered",
            "talk first 901 4-20: transferred",
            "transfer blind 901 →+79215550304 20-25: answered",
            "offer →+79215550304 21-25: answered",
            "talk →+79215550304 25-50: caller hung up",
        ],
    ),
    "caller_asked_outside": (
        "answered",
        [
            "ivr 0-2: handed over",
            "queue third 2-4: answered",
            "offer third 906 2-4: answered",
            "talk third 906 4-35: transferred",
            "transfer attended 906 →+79215550305 20-35: answered",
            "offer →+79215550305 20-24: answered",
            "talk →+79215550305 35-55: caller hung up",
        ],
    ),
    "caller_not_sent_outside": (
        "answered",
        [
            "ivr 0-1: handed over",
            "queue second 1-4: answered",
            "offer second 902 1-4: answered",
            "talk second 902 4-50: caller hung up",
        ],
    ),
}


def call_of(name):
    (call,) = calls_of(records_of(name)).values()
    return call


@pytest.mark.parametrize("name", GOLDEN)
def test_a_real_call_to_outside_has_exactly_its_golden_legs(name):
    call = call_of(name)
    assert (call.outcome, told(call)) == GOLDEN[name]


@pytest.mark.parametrize("name", [name for name in GOLDEN if "caller" not in name])
def test_a_call_of_an_agent_says_who_placed_it_for_which_desk_and_what_he_dialled(name):
    call = call_of(name)
    assert (call.direction, call.agent, call.caller, call.desk, call.answered_by) == ("out", "901", "901", "out", "")
    assert call.number in told(call)[0]


@pytest.mark.parametrize("name", [name for name in GOLDEN if "caller" in name])
def test_a_caller_who_is_sent_outside_stays_a_caller(name):
    call = call_of(name)
    assert (call.direction, call.agent, call.number, call.answered_by[:2]) == ("in", "", "900", "90")


@pytest.mark.parametrize(
    ("name", "reason"),
    [("outside_busy", "busy"), ("outside_no_answer", "no answer"), ("outside_unknown", "failed"),
     ("outside_hangs_up", "outside hung up")],
)  # fmt: skip
def test_why_nobody_was_reached_is_how_the_call_ended(name, reason):
    assert call_of(name).end_reason == reason


def test_talk_time_is_the_time_in_the_bridge():
    call = call_of("agent_calls_outside")
    (talk,) = [leg for leg in call.legs if leg.kind == "talk"]
    assert talk.ended_at is not None
    assert call.talked == talk.ended_at - talk.began_at == pytest.approx(2_021_750, abs=50_000)


def test_the_recording_of_who_is_called_goes_on_when_he_is_sent_to_a_colleague():
    call = call_of("outside_sent_on")
    talks = [leg for leg in call.legs if leg.kind == "talk"]
    assert {talk.recording for talk in talks} == set(call.recordings)
    assert talks[0].ended_at is not None
    assert talks[1].recorded_from == pytest.approx(talks[0].ended_at - talks[0].began_at, abs=100_000)


@pytest.mark.parametrize("name", GOLDEN)
def test_f25_a_call_to_outside_cut_by_a_crash_at_any_record_has_every_leg_closed(name):
    records = records_of(name)
    for cut in range(1, len(records)):
        call = fold(records[:cut], cut=records[cut].id)
        last = max(record.at for record in records[:cut])
        assert call.outcome
        for leg in call.legs:
            assert leg.ended_at is not None
            assert leg.began_at <= leg.ended_at <= last
            assert leg.reason


def test_a_number_that_still_rings_has_no_end():
    over = ("HANGUP", "CHAN_END", "LINKEDID_END")
    records = [r for r in records_of("outside_no_answer") if r.event not in over and "unreached" not in r.extra]
    (leg,) = fold(records).legs
    assert (leg.kind, leg.ended_at, leg.reason) == ("offer", None, "")
