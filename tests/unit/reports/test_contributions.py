"""What a call contributes: every leg once, to the right cell, and nothing before it is over."""

from __future__ import annotations

from collections import Counter

import pytest

from ivr.reports.agent_time import Span, span_tallies
from ivr.reports.contributions import tallies
from ivr.reports.journey import journey_of
from ivr.reports.tally import KEYS, QUARTER, taken_out, total
from tests.made_calls import JOURNALS, MORNING, SECOND, between_agents, golden, leg, made_call, real_calls, told
from tests.made_journal import made_journal

ALL = sorted(path.stem for path in JOURNALS.glob("*.csv"))


def line_of(call):
    return {measure: n for measure, n in total(tallies(call), "line").items() if "." not in measure}


def test_an_open_call_contributes_nothing():
    assert tallies(made_call(leg("ivr", 0, 5))._replace(ended_at=None)) == []


@pytest.mark.parametrize("name", ALL)
def test_every_contribution_of_a_real_call_has_all_keys_of_its_subject_and_a_whole_quarter(name):
    for call in real_calls((JOURNALS / f"{name}.csv").read_bytes()):
        for one in tallies(call):
            assert len(one.keys) == len(KEYS[one.subject])
            assert all(isinstance(key, str) for key in one.keys)
            assert one.bucket % QUARTER == 0
            assert type(one.value) is int


@pytest.mark.parametrize("name", ALL)
def test_a_call_taken_out_again_leaves_no_trace(name):
    for call in real_calls((JOURNALS / f"{name}.csv").read_bytes()):
        sums = Counter()
        for one in [*tallies(call), *taken_out(tallies(call))]:
            sums[one[:4]] += one.value
        assert not any(sums.values())


def test_the_refused_offer_and_the_answered_one_are_two_offers_and_one_answered_visit():
    call = golden("first_agent_refuses")
    agents = total(tallies(call), "agent")
    assert (agents["offers"], agents["offer.refused"], agents["offer.answered"], agents["talks"]) == (2, 1, 1, 1)
    assert line_of(call) | {"talk": 0} == {
        "offered": 1,
        "answered": 1,
        "answered_wait": 3_026_270,
        "agent_wait": 2_023_146,
        "talks": 1,
        "talk": 0,
    }


def test_what_lines_offers_and_talks_add_up_to_is_what_the_calls_tell():
    calls = real_calls(made_journal(400))
    every = [one for call in calls for one in tallies(call)]
    lines, agents = total(every, "line"), total(every, "agent")
    legs = [one for call in calls for one in call.legs]
    assert lines["offered"] == sum(one.kind == "queue" for one in legs)
    assert lines["offered"] == lines["answered"] + lines["abandoned"] + lines["gone_on"] + lines["cut"]
    assert agents["offers"] == sum(one.kind == "offer" for one in legs)
    between = sum(call.talked for call in calls if call.direction == "internal")
    assert agents["talk"] == total(every, "call")["talked"] + between == sum(call.talked for call in calls) + between
    assert agents["talks"] == sum(n for name, n in agents.items() if name.startswith("talk_length."))


def test_the_stages_of_every_answered_call_add_up_to_its_time_to_human():
    for call in real_calls(made_journal(300)):
        if call.desk and call.connected_at is not None:
            stages = dict(journey_of(call).stages)
            assert sum(stages.values()) == call.connected_at - call.began_at
            assert min(stages.values()) >= 0


def test_talk_over_the_edge_of_a_quarter_is_split_there_and_the_talk_is_counted_where_it_began():
    call = made_call(leg("queue", 880, 890, "answered", line="first"), leg("talk", 890, 960, line="first", agent="201"))
    told_of = {(one.bucket - MORNING, one.measure): one.value for one in tallies(call) if one.subject == "agent"}
    assert told_of[0, "talk"] == 10 * SECOND
    assert told_of[QUARTER, "talk"] == 60 * SECOND
    assert told_of[0, "talks"] == 1
    assert (QUARTER, "talks") not in told_of


def test_hold_is_not_talk():
    call = made_call(
        leg("queue", 0, 10, "answered", line="first"),
        leg("talk", 10, 100, line="first", agent="201"),
        leg("hold", 40, 70, line="first", agent="201"),
    )
    agents = total(tallies(call), "agent")
    assert (agents["talk"], agents["hold"]) == (60 * SECOND, 30 * SECOND)
    assert agents["talk_length.60"] == 1


def test_a_consultation_splits_the_talk_but_it_is_one_conversation_of_one_length():
    call = made_call(
        leg("queue", 0, 10, "answered", line="first"),
        leg("talk", 10, 40, "held", line="first", agent="201"),
        leg("hold", 40, 60, "resumed", line="first", agent="201"),
        leg("talk", 60, 90, "caller hung up", line="first", agent="201"),
    )
    agents = total(tallies(call), "agent")
    assert (agents["talks"], agents["talk"], agents["hold"]) == (1, 60 * SECOND, 20 * SECOND)
    assert agents["talk_length.60"] == 1
    assert total(tallies(call), "line")["talks"] == 1


def test_a_transferred_call_is_a_talk_of_each_agent_and_one_transfer():
    call = made_call(
        leg("queue", 0, 10, "answered", line="first"),
        leg("talk", 10, 40, "transferred", line="first", agent="201"),
        leg("transfer", 40, 45, "answered", line="second", agent="201"),
        leg("talk", 45, 90, "caller hung up", line="second", agent="202"),
        facts=[told(0, "line", line="first", tier="1"), told(41, "line", line="second", tier="2")],
    )
    every = tallies(call)
    talks = {one.keys[0]: one.value for one in every if one.measure == "talks" and one.subject == "agent"}
    assert talks == {"201": 1, "202": 1}
    calls = total(every, "call")
    assert (calls["transferred"], calls["transferred_again"], calls["closed_tier.2"]) == (1, 0, 1)


def test_a_call_to_outside_is_a_talk_of_the_agent_who_made_it_and_no_contact_of_a_caller():
    call = made_call(leg("talk", 5, 65, agent="trunk"), direction="out", caller="201", number="+78120000000", desk="")
    every = tallies(call)
    assert {one.keys[:2] for one in every if one.subject == "agent"} == {("201", "out")}
    assert {one.keys[:3] for one in every if one.subject == "call"} == {("out", "", "")}
    assert total(every, "call") == {"calls": 1, "outcome.answered": 1, "talked": 60 * SECOND}


def test_a_call_between_agents_is_a_talk_of_both():
    every = tallies(between_agents())
    talks = [one.keys[:2] for one in every if one.measure == "talks"]
    assert len(talks) == 2
    assert {direction for _, direction in talks} == {"internal"}


def test_an_agent_who_waits_in_a_line_for_a_colleague_is_no_caller_of_it():
    call = made_call(
        leg("queue", 0, 10, "answered", line="first"),
        leg("talk", 10, 40, "held", line="first", agent="201"),
        leg("queue", 41, 50, "answered", line="second", agent="201"),
    )
    assert total(tallies(call), "line")["offered"] == 1


def test_a_visit_that_timed_out_is_gone_on_and_offered_again_on_the_next_line():
    call = made_call(leg("queue", 0, 40, "timeout", line="first"), leg("queue", 40, 50, "abandoned", line="second"))
    lines = total(tallies(call), "line")
    assert (lines["offered"], lines["gone_on"], lines["gone_on.timeout"], lines["abandoned"]) == (2, 1, 1, 1)


def test_the_source_question_before_the_line_is_a_stage_of_its_own():
    call = made_call(
        leg("ivr", 0, 20),
        leg("queue", 20, 30, "answered", line="first"),
        leg("talk", 30, 60, line="first", agent="201"),
        facts=[
            told(0, "entered", node="category"),
            told(9, "key", node="category", key="1"),
            told(20, "source", source="internet", how="asked"),
        ],
    )
    assert dict(journey_of(call).stages) == {
        "informer": 0,
        "menu": 9 * SECOND,
        "question": 11 * SECOND,
        "queue": 10 * SECOND,
        "ring": 0,
        "whisper": 0,
    }


HELLO, MENU = told(1, "entered", node="hello"), told(1, "entered", node="menu")
SAID, KEY = told(1, "question", after="4000"), told(9, "key", node="menu", key="1")


@pytest.mark.parametrize(
    ("facts", "stages"),
    [
        pytest.param([HELLO, MENU, SAID, KEY], (5, 15, 0), id="the controller speaks both at once"),
        pytest.param(
            [HELLO, MENU, SAID, told(3, "key", node="menu", key="1")], (3, 17, 0), id="he knows the key already"
        ),
        pytest.param([HELLO, MENU, SAID, told(3, "wrong", node="menu")], (3, 17, 0), id="a wrong key"),
        pytest.param([HELLO, told(5, "entered", node="menu"), KEY], (5, 15, 0), id="the dialplan alone"),
        pytest.param(
            [HELLO, told(1, "question", after="0"), told(7, "script", node="menu")], (1, 19, 0), id="a script"
        ),
        pytest.param([HELLO], (20, 0, 0), id="no question"),
        pytest.param(
            [HELLO, SAID, told(20, "source", source="internet", how="asked")],
            (5, 0, 15),
            id="the source question alone",
        ),
        pytest.param(
            [HELLO, told(20, "source", source="internet", how="asked")],
            (1, 0, 19),
            id="the source question, by the dialplan alone",
        ),
    ],
)
def test_the_informer_is_a_stage_of_its_own_until_the_first_question_begins_or_is_answered(facts, stages):
    call = made_call(
        leg("ivr", 0, 20),
        leg("queue", 20, 30, "answered", line="first"),
        leg("talk", 30, 60, line="first", agent="201"),
        facts=[*facts, told(20, "line", line="first", tier="1"), told(25, "key", node="menu", key="2")],
    )
    found = dict(journey_of(call).stages)
    assert tuple(found[stage] // SECOND for stage in ("informer", "menu", "question")) == stages


def test_a_source_known_in_two_ways_that_differ_is_a_disagreement():
    facts = [told(0, "source", source="billboard", how="dialled"), told(9, "source", source="internet", how="asked")]
    call = made_call(leg("ivr", 0, 20), facts=facts, source="billboard", source_how="dialled")
    calls = total(tallies(call), "call")
    assert (calls["sources_told_twice"], calls["sources_disagree"]) == (1, 1)


def test_a_caller_who_hangs_up_in_the_menu_is_a_drop_out_of_the_node_that_he_heard_last():
    call = golden("caller_leaves_in_menu")
    nodes = {(one.keys[2], one.measure) for one in tallies(call) if one.subject == "node"}
    dropped = [node for node, measure in nodes if measure == "dropped"]
    assert len(dropped) <= 1
    assert all((node, "hits") in nodes for node in dropped)


def test_agents_time_is_split_at_the_edges_and_a_pause_is_told_by_its_reason_too():
    span = Span("201", MORNING - 60 * SECOND, MORNING + 2 * QUARTER + 30 * SECOND, "paused", "lunch")
    found = span_tallies(span)
    assert [one.value for one in found if one.measure == "state.paused"] == [60 * SECOND, QUARTER, QUARTER, 30 * SECOND]
    assert total(found, "time")["paused.lunch"] == span.ended_at - span.began_at
    assert total(found, "time")["begun.paused"] == 1


def test_a_span_that_a_leaping_clock_makes_years_long_counts_for_five_weeks_only():
    """F28."""
    found = span_tallies(Span("201", MORNING, MORNING + 12 * 365 * 86_400 * SECOND, "ready"))
    assert sum(one.value for one in found) == 35 * 86_400 * SECOND


def test_time_signed_out_is_in_no_total():
    assert span_tallies(Span("201", MORNING, MORNING + 14 * 3600 * SECOND, "signed out")) == []


def test_who_is_sent_on_to_another_desk_is_counted_at_its_nodes_there():
    """Also where both desks have a split, or a menu, of the same name."""
    call = made_call(
        leg("ivr", 0, 10, "handed over"),
        leg("queue", 10, 12, "answered", line="first"),
        leg("talk", 12, 20, "transferred", line="first", agent="201"),
        leg("ivr", 20, 30, "caller hung up"),
        facts=(
            told(0, "arrived", desk="shop", number="100", version="one"),
            told(1, "entered", node="trial"),
            told(1, "split", node="trial", way="short"),
            told(20, "arrived", desk="clinic", number="110", version="two"),
            told(21, "entered", node="trial"),
            told(21, "split", node="trial", way="long"),
        ),
        desk="shop",
        version="one",
    )
    found = {(one.subject, one.keys) for one in tallies(call) if one.measure in ("hits", "calls")}
    assert {keys for subject, keys in found if subject == "split"} == {
        ("shop", "trial", "short"), ("clinic", "trial", "long"),
    }  # fmt: skip
    assert {keys for subject, keys in found if subject == "node"} == {
        ("shop", "one", "trial"), ("clinic", "two", "trial"),
    }  # fmt: skip
