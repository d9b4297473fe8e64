"""Two tellings of the same calls, side by side: what is the same, what differs, and why."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from ivr.history.clock import Clock
from ivr.history.compare import compare
from ivr.history.gather import gather_calls
from ivr.history.naming import Naming, Place
from ivr.history.read import read_rows
from ivr.history.rows import Row
from ivr.history.sniff import Form
from ivr.ledger.call import Call, Leg

UTC = ZoneInfo("UTC")
NAMING = Naming("old", queues={"600": Place("shop", "first"), "601": Place("shop", "second")}, desk="shop")
BEGAN = 1_700_000_000_400_000
PLAIN = """1699990000|NONE|NONE|NONE|QUEUESTART|
1700000005|1700000000.1|600|NONE|ENTERQUEUE||7926|1
1700000015|1700000000.1|600|SIP/201|CONNECT|10|x.2|4
1700000075|1700000000.1|600|SIP/201|COMPLETECALLER|10|60|1
1700009999|NONE|NONE|NONE|QUEUESTART|
"""


def theirs(log: str):
    found = read_rows(log.splitlines(keepends=True), Form("lines", "queue_log"), Clock(None))
    return gather_calls((row for row in found if isinstance(row, Row)), NAMING)


def ours(*legs: tuple[str, str, str, float, float, str], name: str = "1700000000.1") -> Call:
    """Return a call of ours; spans in seconds after its beginning."""
    made = tuple(
        Leg(kind, name, line, agent, BEGAN + int(began * 1e6), None, BEGAN + int(ended * 1e6), reason)
        for kind, line, agent, began, ended, reason in legs
    )
    talks = [leg for leg in made if leg.kind == "talk"]
    waits = [leg for leg in made if leg.kind == "queue"]
    whole = dict.fromkeys(Call._fields, "") | {
        "id": name,
        "began_at": BEGAN,
        "ended_at": max(leg.ended_at for leg in made),
        "desk": "shop",
        "first_line": waits[0].line if waits else "",
        "last_line": waits[-1].line if waits else "",
        "answered_by": talks[0].agent if talks else "",
        "talked": sum(leg.ended_at - leg.began_at for leg in talks),
        "legs": made,
    }
    return Call(**whole)


SAME = (("queue", "first", "", 5.1, 15.0, "answered"), ("talk", "first", "201", 15.0, 75.2, "caller hung up"))


def told(found) -> list[tuple[str, str, str, str]]:
    return [(one.what, one.theirs, one.ours, one.why) for one in found.differences]


def test_spans_that_a_stamp_of_one_second_cannot_tell_apart_are_the_same():
    found = compare(theirs(PLAIN), [ours(*SAME)], UTC)
    assert (told(found), found.same) == ([], 1)
    [(place, (left, right))] = found.sums.items()
    assert place == ("2023-11-14", "shop", "first")
    assert (left.offered, left.answered, left.mean_wait, right.offered) == (1, 1, 10.0, 1)


@pytest.mark.parametrize(
    ("legs", "difference"),
    [
        (
            (("queue", "first", "", 5, 12, "answered"), ("talk", "first", "201", 15, 75, "x")),
            ("wait on first", "10.0 s", "7.0 s", ""),
        ),
        (
            (("queue", "second", "", 5, 15, "answered"), ("talk", "second", "201", 15, 75, "x")),
            ("lines", "first", "second", ""),
        ),
        (
            (("queue", "first", "", 5, 15, "answered"), ("talk", "first", "202", 15, 75, "x")),
            ("answered by", "201", "202", ""),
        ),
        (
            (("queue", "first", "", 5, 15, "answered"), ("talk", "first", "201", 15, 95, "x")),
            ("talk", "60.0 s", "80.0 s", ""),
        ),
    ],
)
def test_what_differs_is_told_with_both_values(legs, difference):
    assert difference in told(compare(theirs(PLAIN), [ours(*legs)], UTC))


def test_a_talk_that_went_on_after_a_transfer_is_a_known_difference():
    log = PLAIN.replace("COMPLETECALLER|10|60|1", "BLINDTRANSFER|202|from-internal|10|60|1")
    found = compare(theirs(log), [ours(*SAME, ("talk", "first", "202", 76, 176, "caller hung up"))], UTC)
    assert [one.why for one in found.differences] == ["transfer"]
    assert found.unexplained == []


def test_a_line_that_had_nobody_is_in_no_queue_log_and_that_is_known():
    found = compare(theirs(PLAIN), [ours(("queue", "nobody", "", 4.9, 5.0, "empty"), *SAME)], UTC)
    assert told(found) == []


def test_a_call_that_only_one_side_has_is_named():
    found = compare(theirs(PLAIN), [ours(*SAME, name="1700000000.9")], UTC)
    assert sorted(told(found)) == [
        ("call", "not in the files", "there", ""),
        ("call", "there", "not in the ledger", ""),
    ]


def test_calls_that_no_queue_log_could_know_are_not_counted_as_missing():
    menu = ours(("ivr", "", "", 0, 5, "caller hung up"), name="1700000000.9")
    late = ours(*SAME, name="1800000000.1")._replace(began_at=BEGAN + 10**14, ended_at=BEGAN + 10**14)
    found = compare(theirs(PLAIN), [ours(*SAME), menu, late], UTC)
    assert told(found) == []


def test_a_call_in_whose_middle_the_file_ends_is_a_known_difference():
    log = "".join(PLAIN.splitlines(keepends=True)[:3])
    found = compare(theirs(log), [ours(*SAME)], UTC)
    assert {one.why for one in found.differences} == {"edge"}
