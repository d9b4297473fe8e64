"""How he heard of us: the first key that the question has counts."""

from __future__ import annotations

import pytest

from ivr.ledger.fold import fold
from ivr.ledger.record import Record

CALLER, AGENT, HALF = "n-1.1", "n-1.3", "n-1.2"
CHANNELS = {
    CALLER: "PJSIP/trunk-00000001",
    HALF: "Local/201@agents-00000001;1",
    AGENT: "PJSIP/201-00000002",
    "n-1.4": "Local/201@agents-00000001;2",
}


def call(*steps: tuple[str, str, str], pace: float = 1.0):
    """Fold steps (channel, event, what), `pace` seconds apart: a fact, a key or a bridge."""
    records = []
    for place, (channel, event, what) in enumerate(
        [(CALLER, "CHAN_START", ""), (CALLER, "IVR", "arrived?desk=d"), *steps, (CALLER, "LINKEDID_END", "")]
    ):
        extra = {
            "IVR": f'{{"extra":"{what}"}}',
            "DTMF": f'{{"digit":"{what}","duration_ms":100}}',
            "BRIDGE_ENTER": f'{{"bridge_id":"{what}","bridge_technology":"simple_bridge"}}',
            "BRIDGE_EXIT": f'{{"bridge_id":"{what}","bridge_technology":"simple_bridge"}}',
        }.get(event, "")
        records.append(
            Record(
                place,
                event,
                int(place * pace * 1_000_000),
                channel,
                CALLER,
                CHANNELS[channel],
                "",
                "7",
                "s" if channel == AGENT else "100",
                "in",
                "",
                "",
                "",
                extra,
            )
        )
    return fold(records)


WAITING = (CALLER, "IVR", "line?line=first&tier=1&ask=waiting&k1=internet&k2=friends&k12=radio&k%23=none")
BY_AGENT = (CALLER, "IVR", "line?line=first&tier=1&ask=agent&k1=internet&k2=friends")
NEXT_LINE = (CALLER, "IVR", "line?line=second&tier=2&ask=")
TALK = ((HALF, "BRIDGE_ENTER", "b"), (CALLER, "BRIDGE_ENTER", "b"))
AGENT_TALKS = (
    ("n-1.4", "IVR", "offer?agent=201&line=first&call=n-1.1"),
    (AGENT, "CHAN_START", ""),
    (AGENT, "BRIDGE_ENTER", "a"),
    *TALK,
)


def key(digit: str, channel: str = CALLER) -> tuple[str, str, str]:
    return channel, "DTMF", digit


@pytest.mark.parametrize(
    ("steps", "source"),
    [
        ((WAITING, key("2")), "friends"),
        ((WAITING, key("9"), key("2"), key("1")), "friends"),
        ((WAITING, key("#")), "none"),
        ((key("2"), WAITING), ""),
        ((WAITING, *TALK, key("2")), ""),
        ((WAITING, NEXT_LINE, key("2"), *TALK), "friends"),
        ((WAITING, key("2"), NEXT_LINE, key("1")), "friends"),
        ((NEXT_LINE, key("2")), ""),
        ((BY_AGENT, key("2"), *AGENT_TALKS), ""),
        ((BY_AGENT, *AGENT_TALKS[:2], key("1", AGENT), *AGENT_TALKS[2:], key("2", AGENT), key("1", AGENT)), "friends"),
        ((WAITING, *AGENT_TALKS, key("2", AGENT)), ""),
    ],
)
def test_which_key_answers_the_source_question(steps, source):
    told = call(*steps)
    assert (told.source, told.source_how) == (source, "asked" if source else "")


def test_a_source_that_the_engine_knew_stays():
    told = call((CALLER, "IVR", "source?source=billboard&how=dialled"), WAITING, key("2"))
    assert (told.source, told.source_how) == ("billboard", "dialled")


def test_the_first_digit_that_is_a_key_counts_before_a_longer_one():
    assert call(WAITING, key("1"), key("2")).source == "internet"


def test_a_key_of_the_menu_that_is_pressed_twice_answers_nothing():
    assert call(WAITING, key("2"), pace=0.5).source == ""
    assert call(WAITING, key("2"), key("1"), pace=0.5).source == "internet"
