"""Callbacks, from real journals: the promise, each placeholder and what came of it, and what the reports count."""

from __future__ import annotations

import pytest

from ivr.ledger.fold import fold
from ivr.reports.contacts import contact_of, missed_rows
from ivr.reports.contributions import tallies
from ivr.reports.tally import total
from tests.made_calls import SECOND
from tests.unit.ledger.test_ways import calls_of, records_of, told

GOLDEN = {
    "called_back": [
        ("in", "to be called back", ["ivr 0-2: handed over", "queue place 2-38: callback"]),
        (
            "out",
            "answered",
            [
                "callback place 0-37: answered",
                "offer place 781 20-36: answered",
                "offer →+79210007802 37-49: answered",
                "talk place 781 49-72: outside hung up",
            ],
        ),
    ],
    "called_back_in_vain": [
        ("in", "to be called back", ["ivr 0-3: handed over", "queue vain 3-40: callback"]),
        (
            "out",
            "no talk",
            ["callback vain 0-49: answered", "offer vain 782 40-49: answered", "offer →+79210007823 49-49: busy"],
        ),
        (
            "out",
            "no talk",
            ["callback vain 0-680: answered", "offer vain 782 671-680: answered", "offer →+79210007823 680-680: busy"],
        ),
    ],
    "callback_withdrawn": [
        ("in", "to be called back", ["ivr 0-2: handed over", "queue himself 2-8: callback"]),
        ("internal", "no talk", ["callback himself 0-61: withdrawn"]),
        (
            "in",
            "answered",
            [
                "ivr 0-2: handed over",
                "queue himself 2-24: answered",
                "offer himself 783 22-24: answered",
                "talk himself 783 24-34: caller hung up",
            ],
        ),
    ],
    "called_back_and_sent_on": [
        ("in", "to be called back", ["ivr 0-1: handed over", "queue stays 1-37: callback"]),
        (
            "out",
            "answered",
            [
                "callback stays 0-91: answered",
                "offer stays 784 82-91: answered",
                "offer →+79210007842 91-103: answered",
                "talk stays 784 103-117: transferred",
                "transfer blind 784 →785 117-120: answered",
                "offer 785 118-120: answered",
                "talk 785 120-130: agent hung up",
            ],
        ),
        ("in", "to be called back", ["ivr 0-2: handed over", "queue stays 2-38: callback"]),
    ],
}


def calls(name):
    return list(calls_of(records_of(name)).values())


def line_of(name):
    """Return what all calls of a journal contribute to their line, but for histograms."""
    found: dict[str, int] = {}
    for call in calls(name):
        for measure, value in total(tallies(call), "line").items():
            found[measure] = found.get(measure, 0) + value
    return {measure: value for measure, value in found.items() if "." not in measure}


@pytest.mark.parametrize("name", GOLDEN)
def test_a_promise_and_each_of_its_placeholders_are_calls_with_exactly_their_golden_legs(name):
    assert [(call.direction, call.outcome, told(call)) for call in calls(name)] == GOLDEN[name]


@pytest.mark.parametrize("name", GOLDEN)
def test_a_callback_is_a_call_of_the_agent_who_took_it_to_the_customer(name):
    for call in calls(name):
        if call.direction == "out":
            assert call.agent == call.caller == next(leg.agent for leg in call.legs if leg.agent)
            assert call.number == calls(name)[0].caller or calls(name)[0].caller.startswith("8")
            assert call.desk == "back"


@pytest.mark.parametrize("name", GOLDEN)
def test_a_callback_that_goes_on_is_told_at_every_moment(name):
    """Whatever of it is in the journal already gives a call, and nothing that is over changes again."""
    records = records_of(name)
    for linkedid in dict.fromkeys(record.linkedid for record in records):
        own = [record for record in records if record.linkedid == linkedid]
        for count in range(1, len(own)):
            call = fold(own[:count])
            assert call.ended_at is None
            assert all(leg.reason for leg in call.legs if leg.ended_at is not None)


def test_a_kept_callback_counts_once_in_its_line_and_in_time():
    kept = line_of("called_back")
    assert (kept["offered"], kept["callback"], kept["kept"], kept["kept_in_time"]) == (1, 1, 1, 1)
    assert 3 * SECOND < kept["kept_wait"] < 9 * SECOND
    assert "in_vain" not in kept
    assert "abandoned" not in kept


def test_one_that_came_after_the_promised_time_is_kept_and_not_in_time():
    records = [
        record._replace(extra=record.extra.replace("until=17959", "until=17950"))
        for record in records_of("called_back")
    ]
    (late,) = [call for call in calls_of(records).values() if call.direction == "out"]
    found = total(tallies(late), "line")
    assert found["kept"] == 1
    assert "kept_in_time" not in found


def test_tries_in_vain_are_counted_and_keep_no_promise():
    found = line_of("called_back_in_vain")
    assert (found["callback"], found["in_vain"]) == (1, 2)
    assert "kept" not in found


def test_a_promise_that_his_own_call_made_needless_is_neither_kept_nor_in_vain():
    found = line_of("callback_withdrawn")
    assert (found["callback"], found["answered"]) == (1, 1)
    assert not found.keys() & {"kept", "in_vain"}


@pytest.mark.parametrize(
    ("name", "tries"), [("called_back_in_vain", 2), ("callback_withdrawn", 0)], ids=["in vain", "a talk too short"]
)
def test_who_was_promised_a_callback_is_owed_a_talk_until_there_was_one(name, tries):
    (row,) = missed_rows(contact for call in calls(name) if (contact := contact_of(call)))
    assert (row.returned_at, row.tries) == (None, tries)


def test_a_talk_that_a_callback_brought_settles_the_debt():
    contacts = [contact for call in calls("called_back") if (contact := contact_of(call))]
    (row,) = missed_rows(contacts, least=2 * SECOND)
    assert (row.returned_by, row.number) == ("781", "+79210007802")


def test_who_takes_a_customer_from_a_colleague_has_his_own_talk():
    (back,) = [call for call in calls("called_back_and_sent_on") if call.direction == "out"]
    talked = {one.keys[0]: one.value for one in tallies(back) if (one.subject, one.measure) == ("agent", "talk")}
    assert {agent: round(length / SECOND) for agent, length in talked.items()} == {"784": 1, "785": 1}
