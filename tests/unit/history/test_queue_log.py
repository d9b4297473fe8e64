"""queue_log lines: what they say, and what is never believed."""

from __future__ import annotations

from collections import Counter

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from ivr.history.clock import Clock
from ivr.history.naming import Naming
from ivr.history.read import TORN, read_rows
from ivr.history.rows import Aside, Row
from ivr.history.sniff import Form
from ivr.history.story import derive
from ivr.reports.contributions import tallies

NAMING = Naming("old", desk="shop")
FORM = Form("lines", "queue_log")


def read(text: str) -> tuple[list[Row], list[Aside]]:
    found = list(read_rows(text.splitlines(keepends=True), FORM, Clock(None)))
    return [one for one in found if isinstance(one, Row)], [one for one in found if isinstance(one, Aside)]


def told(text: str):
    """Return the call of the log's one story as text, and what is doubtful."""
    rows, _ = read(text)
    mine = [row for row in rows if row.story]
    call, doubts = derive(mine[0].story, mine, NAMING)
    seconds = [[(at - call.began_at) // 10**6 for at in (leg.began_at, leg.ended_at)] for leg in call.legs]
    legs = [
        f"{leg.kind} {leg.line} {leg.agent} {began}-{ended} {leg.reason}"
        for leg, (began, ended) in zip(call.legs, seconds, strict=True)
    ]
    return call, legs, doubts


def test_an_answered_call_has_its_menu_its_wait_its_offers_and_its_talk():
    call, legs, doubts = told(
        "1700000010|1700000001.10|600|NONE|ENTERQUEUE||+78125550100|1\n"
        "1700000020|1700000001.10|600|Local/202@from-queue/n|RINGNOANSWER|9000\n"
        "1700000030|1700000001.10|600|SIP/201|CONNECT|20|1700000021.12|9\n"
        "1700000090|1700000001.10|600|SIP/201|COMPLETECALLER|20|60|1\n"
    )
    assert legs == [
        "ivr   0-9 handed over",
        "queue 600  9-29 answered",
        "offer 600 202 10-19 missed",
        "offer 600 201 20-29 answered",
        "talk 600 201 29-89 caller hung up",
    ]
    assert (call.id, call.node, call.caller, call.outcome) == (
        "old:1700000001.10",
        "import:old",
        "+78125550100",
        "answered",
    )
    assert (call.answered_by, call.talked, call.desk) == ("201", 60_000_000, "shop")
    assert doubts == {"coarse"}


@pytest.mark.parametrize(
    ("event", "outcome", "reason"),
    [
        ("ABANDON|1|1|5", "abandoned in a line", "abandoned"),
        ("EXITWITHTIMEOUT|1|1|5", "gave up", "timeout"),
        ("EXITEMPTY|1|1|5", "gave up", "empty"),
        ("EXITWITHKEY|2|1|1|5", "gave up", "moved on"),
    ],
)
def test_a_wait_without_a_talk_ends_as_the_log_says(event, outcome, reason):
    call, _, _ = told(f"1700000000|1700000000.1|600|NONE|ENTERQUEUE||1|1\n1700000005|1700000000.1|600|NONE|{event}\n")
    assert (call.outcome, call.legs[0].reason, call.talked) == (outcome, reason, 0)


@pytest.mark.parametrize("event", ["BLINDTRANSFER|202|from-internal|2|30|1", "TRANSFER|202|default|2|30|1"])
def test_a_talk_ends_at_its_transfer_and_what_follows_is_said_to_be_unknown(event):
    call, legs, doubts = told(
        "1700000000|1700000000.1|600|NONE|ENTERQUEUE||1|1\n1700000002|1700000000.1|600|SIP/201|CONNECT|2|x.1|2\n"
        f"1700000032|1700000000.1|600|SIP/201|{event}\n"
    )
    assert legs[-1] == "talk 600 201 2-32 moved on"
    assert "talk after transfer" in doubts
    assert call.talked == 30_000_000


def test_an_attended_transfer_tells_that_the_consultation_is_in_the_talk():
    _, _, doubts = told(
        "1700000000|1700000000.1|600|NONE|ENTERQUEUE||1|1\n1700000002|1700000000.1|600|SIP/201|CONNECT|2|x.1|2\n"
        "1700000032|1700000000.1|600|SIP/201|ATTENDEDTRANSFER|BRIDGE|1f-2e|2|30|1\n"
    )
    assert "consultation" in doubts


def test_a_call_that_the_file_leaves_open_ends_with_its_last_row():
    call, legs, doubts = told(
        "1700000000|1700000000.1|600|NONE|ENTERQUEUE||1|1\n1700000002|1700000000.1|600|SIP/201|CONNECT|2|x.1|2\n"
    )
    assert legs[-1] == "talk 600 201 2-2 cut off"
    assert "no end" in doubts
    assert call.ended_at is not None


def test_a_log_that_begins_in_the_middle_of_a_call_still_tells_its_wait():
    _, legs, _ = told(
        "1700000020|1700000000.1|600|SIP/201|CONNECT|20|x.1|2\n1700000050|1700000000.1|600|SIP/201|COMPLETEAGENT|20|30|1\n"
    )
    assert legs == ["queue 600  0-20 answered", "offer 600 201 18-20 answered", "talk 600 201 20-50 agent hung up"]


def test_a_bar_in_the_callers_number_is_part_of_it():
    rows, asides = read("1700000000|1700000000.1|600|NONE|ENTERQUEUE||79|26|1|3\n")
    assert (rows[0].get("caller"), rows[0].get("position"), asides) == ("79|26|1", "3", [])


def test_a_line_that_a_caller_may_have_forged_is_set_aside():
    rows, asides = read(
        "1700000000|1700000000.1|600|NONE|ENTERQUEUE||7926\n"
        "1700000000|1700000000.1|600|SIP/201|COMPLETECALLER|0|9999|1\n"
        "1700000009|1700000000.1|600|NONE|ABANDON|1|1|9\n"
    )
    assert [row.event for row in rows] == ["ENTERQUEUE", "ABANDON"]
    assert [(one.line, one.reason) for one in asides] == [
        (2, "may be forged: it follows the torn caller number of line 1")
    ]


def test_a_last_line_without_its_end_is_set_aside_for_the_next_copy():
    rows, asides = read(
        "1700000000|1700000000.1|600|NONE|ENTERQUEUE||1|1\n1700000009|1700000000.1|600|NONE|ABANDON|1|1|9"
    )
    assert len(rows) == 1
    assert [(one.line, one.reason) for one in asides] == [(2, TORN)]


@pytest.mark.parametrize(
    "line",
    [
        "nonsense",
        "1700000000|x",
        "1700000000|1.1|600|NONE|not an event|",
        "1700000000|1.1|600|SIP/201|COMPLETECALLER|many|1|1",
        "1700000000|1.1|600|SIP/201|COMPLETECALLER|1",
        "99|1.1|600|SIP/201|PAUSE|",
    ],
)
def test_what_is_no_line_of_a_queue_log_is_set_aside_with_its_reason(line):
    rows, asides = read(f"{line}\n")
    assert rows == []
    assert asides[0].raw == line
    assert asides[0].reason


@given(st.lists(st.text(st.characters(exclude_characters="\n\r"), max_size=80), max_size=20))
@example(["1700000000|1.1|600|NONE|ENTERQUEUE|"])
@example(["1700000000|1.1|600|NONE|CONNECT|1|2|3"])
def test_every_line_is_either_a_row_or_set_aside(lines):
    text = [f"{line}\n" for line in lines]
    found = list(read_rows(text, FORM, Clock(None)))
    assert len(found) == sum(bool(line.strip()) for line in lines)
    for story in {row.story for row in found if isinstance(row, Row) and row.story}:
        derive(story, [row for row in found if isinstance(row, Row) and row.story == story], NAMING)


EVENTS = st.sampled_from(
    [
        "ENTERQUEUE||7926|1", "CONNECT|3|x.2|3", "COMPLETECALLER|3|9|1", "COMPLETEAGENT|3|9|1", "ABANDON|1|1|7",
        "RINGNOANSWER|5000", "RINGCANCELED|200", "EXITWITHTIMEOUT|1|1|60", "EXITEMPTY|1|1|2", "EXITWITHKEY|1|1|1|2",
        "BLINDTRANSFER|1|x|1|1|1", "ATTENDEDTRANSFER|BRIDGE|x|1|1|1", "PAUSE|", "DID|7495",
    ]
)  # fmt: skip


@given(st.lists(st.tuples(st.integers(0, 100), EVENTS), min_size=1, max_size=12))
def test_no_order_of_events_makes_a_leg_end_before_it_begins(events):
    text = "".join(f"{1700000000 + at}|1700000000.1|600|SIP/201|{event}\n" for at, event in sorted(events))
    rows, asides = read(text)
    assert asides == []
    call, _ = derive("1700000000.1", rows, NAMING)
    if call is None:
        return
    assert call.ended_at is not None
    for leg in call.legs:
        assert call.began_at <= leg.began_at <= leg.ended_at <= call.ended_at, leg
    talks = [leg for leg in call.legs if leg.kind == "talk"]
    assert call.talked == sum(leg.ended_at - leg.began_at for leg in talks)


def test_an_imported_call_is_in_no_share_of_calls_that_ended_on_the_first_lines():
    call, _, _ = told(
        "1700000000|1700000000.1|600|NONE|ENTERQUEUE||1|1\n1700000002|1700000000.1|600|SIP/201|CONNECT|2|x.1|2\n"
        "1700000032|1700000000.1|600|SIP/201|COMPLETEAGENT|2|30|1\n"
    )
    totals: Counter[str] = Counter()
    for one in tallies(call):
        if one[0] == "call":
            totals[one[3]] += one[4]
    assert totals["connected"] == totals["tier_unknown"] == 1
    assert not [name for name in totals if name.startswith("closed_tier")]
