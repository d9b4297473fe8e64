"""Real journals of real calls, and the calls that they are: every leg, its times and its reason."""

from __future__ import annotations

import json
import random
from collections import defaultdict
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ivr.ledger.call import Call
from ivr.ledger.fold import fold
from ivr.ledger.parse import parse
from ivr.ledger.record import Record

JOURNALS = Path(__file__).parents[2] / "journals"


def records_of(name: str) -> list[Record]:
    records, rejected, _ = parse((JOURNALS / f"{name}.csv").read_bytes(), 0)
    assert not rejected
    return records


def calls_of(records: list[Record]) -> list[Call]:
    stories = defaultdict(list)
    for record in records:
        stories[record.linkedid].append(record)
    return [fold(story) for story in stories.values()]


def legs(call: Call) -> list[tuple]:
    """Return (kind, line, agent, began, ended, reason) of each leg, in hundredths of a second from the call's begin."""

    def since(moment: int | None) -> int | None:
        return None if moment is None else round((moment - call.began_at) / 10_000)

    return [(leg.kind, leg.line, leg.agent, since(leg.began_at), since(leg.ended_at), leg.reason) for leg in call.legs]


GOLDEN = {
    "caller_leaves_in_menu": ("abandoned in the menu", [("ivr", "", "", 0, 20, "caller hung up")]),
    "caller_leaves_while_ringing": (
        "abandoned in a line",
        [
            ("ivr", "", "", 0, 90, "handed over"),
            ("queue", "first", "", 90, 180, "abandoned"),
            ("offer", "first", "201", 90, 180, "cancelled"),
        ],
    ),
    # The agent accepts after the caller has gone: still no talk.
    "caller_leaves_during_whisper": (
        "abandoned in a line",
        [
            ("ivr", "", "", 0, 90, "handed over"),
            ("queue", "first", "", 90, 180, "abandoned"),
            ("offer", "first", "201", 90, 241, "cancelled"),
        ],
    ),
    "caller_ends_talk": (
        "answered",
        [
            ("ivr", "", "", 0, 90, "handed over"),
            ("queue", "first", "", 90, 241, "answered"),
            ("offer", "first", "201", 90, 241, "answered"),
            ("talk", "first", "201", 241, 967, "caller hung up"),
        ],
    ),
    "first_agent_busy": (
        "answered",
        [
            ("ivr", "", "", 0, 90, "handed over"),
            ("queue", "first", "", 90, 242, "answered"),
            ("offer", "first", "201", 90, 91, "busy"),
            ("offer", "first", "202", 91, 242, "answered"),
            ("talk", "first", "202", 242, 593, "agent hung up"),
        ],
    ),
    "first_agent_refuses": (
        "answered",
        [
            ("ivr", "", "", 0, 90, "handed over"),
            ("queue", "first", "", 90, 393, "answered"),
            ("offer", "first", "201", 90, 242, "refused"),
            ("offer", "first", "202", 242, 393, "answered"),
            ("talk", "first", "202", 393, 743, "agent hung up"),
        ],
    ),
    # The second offer was taken away when the caller's patience was over.
    "nobody_answers": (
        "gave up",
        [
            ("ivr", "", "", 0, 90, "handed over"),
            ("queue", "first", "", 90, 1391, "timeout"),
            ("offer", "first", "201", 90, 691, "missed"),
            ("offer", "first", "201", 791, 1391, "cancelled"),
        ],
    ),
    "line_gives_up": (
        "gave up",
        [
            ("ivr", "", "", 0, 90, "handed over"),
            ("queue", "first", "", 90, 390, "timeout"),
            ("offer", "first", "201", 90, 391, "cancelled"),
        ],
    ),
    "closed": ("closed", [("ivr", "", "", 0, 80, "closed")]),
    "agent_to_agent": ("answered", [("talk", "", "202", 101, 551, "agent hung up")]),
    "desk_cuts_the_talk": (
        "answered",
        [
            ("ivr", "", "", 0, 90, "handed over"),
            ("queue", "first", "", 90, 241, "answered"),
            ("offer", "first", "201", 90, 241, "answered"),
            ("talk", "first", "201", 241, 401, "cut off"),
        ],
    ),
    "controller_absent": (
        "answered",
        [
            ("ivr", "", "", 0, 283, "controller absent"),
            ("queue", "first", "", 283, 334, "answered"),
            ("offer", "first", "101", 283, 334, "answered"),
            ("talk", "first", "101", 334, 1162, "caller hung up"),
        ],
    ),
    "controller_lost": (
        "answered",
        [
            ("ivr", "", "", 0, 878, "controller lost"),
            ("queue", "first", "", 878, 929, "answered"),
            ("offer", "first", "101", 878, 929, "answered"),
            ("talk", "first", "101", 929, 1002, "caller hung up"),
        ],
    ),
    "message_left": (
        "voicemail",
        [("ivr", "", "", 0, 37, "handed over"), ("voicemail", "", "", 37, 476, "left")],
    ),
    "message_silent": (
        "abandoned in the menu",
        [("ivr", "", "", 0, 24, "handed over"), ("voicemail", "", "", 24, 440, "too short")],
    ),
    "caller_leaves_before_the_tone": (
        "abandoned in the menu",
        [("ivr", "", "", 0, 22, "handed over"), ("voicemail", "", "", 22, 38, "hung up")],
    ),
    "message_instead_of_sorry": (
        "voicemail",
        [
            ("ivr", "", "", 0, 34, "handed over"),
            ("queue", "rings", "", 34, 136, "timeout"),
            ("offer", "rings", "902", 34, 136, "missed"),
            ("voicemail", "", "", 136, 569, "left"),
        ],
    ),
    "no_line_has_anybody": (
        "gave up",
        [
            ("ivr", "", "", 0, 302, "handed over"),
            ("queue", "second", "", 302, 302, "empty"),
            ("queue", "third", "", 302, 302, "empty"),
            ("queue", "first", "", 302, 302, "empty"),
        ],
    ),
}


@pytest.mark.parametrize("name", GOLDEN)
def test_a_real_call_has_exactly_its_golden_legs(name):
    (call,) = calls_of(records_of(name))
    assert (call.outcome, legs(call)) == GOLDEN[name]


def test_four_calls_at_once_are_kept_apart():
    """Two of them pressed the menu's key twice: the second came 0.2 s after the line, too soon to be an answer."""
    calls = {call.caller: call for call in calls_of(records_of("four_answered_calls"))}
    told = {n: (c.desk, c.category, c.source, c.source_how, c.last_line, c.answered_by) for n, c in calls.items()}
    assert told == {
        "+79210000001": ("ultralight", "directions", "", "", "first", "101"),
        "+79210000002": ("ultralight", "product", "", "", "second", "201"),
        "+79210000003": ("ultralight", "claim", "", "", "third", "301"),
        "+79210000004": ("homecare", "urgent", "internet", "asked", "second", "421"),
    }


def test_a_call_whose_end_has_not_come_is_open():
    (call,) = [call for call in calls_of(records_of("refused_and_abandoned")) if not call.outcome]
    assert call.ended_at is None
    assert [leg.reason for leg in call.legs] == ["handed over", "abandoned", "refused", "refused", ""]


def test_the_columns_of_an_answered_call():
    (call,) = calls_of(records_of("caller_ends_talk"))
    assert call.node == "desk1"
    assert call.number == "100"
    assert call.caller == "+78125550100"
    assert (call.source, call.source_how) == ("", "")
    assert call.version == "abc123"
    assert call.talked == 7_260_467
    assert call.connected_at == call.began_at + 2_410_170
    assert call.recordings == (call.id,)
    assert call.end_reason == "caller hung up"
    assert [fact.name for fact in call.facts][:4] == ["arrived", "began", "caller", "entered"]


@pytest.mark.parametrize("name", GOLDEN)
@given(seed=st.integers(0, 10**6))
def test_the_order_of_channels_among_each_other_does_not_matter(name, seed):
    """Asterisk orders the journal per channel only."""
    records = records_of(name)
    expected = fold([record._replace(id=place) for place, record in enumerate(records)])
    queues = defaultdict(list)
    for record in records[1:-1]:
        queues[record.uniqueid].append(record)
    chance = random.Random(seed)
    mixed = [records[0]]
    while queues:
        channel = chance.choice(list(queues))
        mixed.append(queues[channel].pop(0))
        if not queues[channel]:
            del queues[channel]
    # Facts keep the file's order, so they are numbered anew here.
    shuffled = [record._replace(id=place) for place, record in enumerate([*mixed, records[-1]])]
    call = fold(shuffled)
    assert call._replace(facts=()) == expected._replace(facts=())


@pytest.mark.parametrize("name", [name for name in GOLDEN if name != "agent_to_agent"])
def test_a_call_cut_by_a_crash_ends_with_its_last_evidence(name):
    """F25: at any record; every leg is closed, none before it began."""
    records = records_of(name)
    for cut in range(1, len(records)):
        call = fold(records[:cut], cut=10**9)
        last = max(record.at for record in records[:cut])
        assert call.outcome
        assert call.ended_at is not None
        assert call.ended_at <= last
        for leg in call.legs:
            assert leg.ended_at is not None
            assert leg.began_at <= leg.ended_at <= last
            assert leg.reason


@given(st.data())
def test_f28_whatever_the_clock_does_nothing_lasts_less_than_no_time(data):
    """F28."""
    name = data.draw(st.sampled_from(sorted(GOLDEN)))
    records = records_of(name)
    jumps = data.draw(st.lists(st.integers(-(10**10), 10**10), min_size=len(records), max_size=len(records)))
    call = fold([record._replace(at=record.at + jump) for record, jump in zip(records, jumps, strict=True)])
    assert call.ended_at is not None
    assert call.ended_at >= call.began_at
    assert call.talked >= 0
    for leg in call.legs:
        assert leg.ended_at is None or leg.ended_at >= leg.began_at


@given(st.data())
def test_a_record_lost_or_doubled_never_breaks_the_fold(data):
    records = records_of(data.draw(st.sampled_from(sorted(GOLDEN))))
    kept = data.draw(st.lists(st.sampled_from(records), min_size=1, max_size=60))
    assert fold(sorted(kept)).id == records[0].linkedid


def test_hostile_extra_text_is_read_as_nothing():
    """B1 B7."""
    first = records_of("caller_leaves_in_menu")[0]
    for extra in ("{", "[1]", "null", '{"extra": 5}', "[" * 100_000, '{"extra": "line?line=%00x a\\u0000b"}'):
        hostile = [first, first._replace(event="IVR", extra=extra), first._replace(event="DTMF", extra=extra)]
        call = fold([*hostile, first._replace(event="HANGUP", extra=extra), first._replace(event="LINKEDID_END")])
        assert "\0" not in json.dumps([*call[:24], *call.legs])


def test_a_callers_name_is_shown_without_control_characters():
    """B1."""
    first = records_of("caller_leaves_in_menu")[0]
    call = fold([first._replace(name="A\r\nB\x1b[2J\u202e" + "x" * 200, number="hangup|${X}+7 (812) 5;\n1")])
    assert call.caller_name == "AB[2J" + "x" * 75
    assert call.caller == "+781251"
