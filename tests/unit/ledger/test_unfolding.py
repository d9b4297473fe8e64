"""Which call a record belongs to, and when a call is over."""

from __future__ import annotations

from ivr.ledger.record import Record
from ivr.ledger.story import Story
from ivr.ledger.unfolding import Unfolding


def record(place: int, event: str, uniqueid: str, linkedid: str = "") -> Record:
    return Record(place, event, place, uniqueid, linkedid or uniqueid, "PJSIP/t-1", "", "", "", "", "", "", "", "")


def nothing(_linkedids):
    return ()


def taken(unfolding, records, earlier=nothing):
    """Take records; return the calls that are new to the database, and those that changed."""
    calls = list(unfolding.take(records, earlier))
    return [one.call for one in calls if not one.kept], [one.call for one in calls if one.kept]


def test_a_call_is_new_once_and_changed_afterwards():
    unfolding = Unfolding()
    new, changed = taken(unfolding, [record(1, "CHAN_START", "a-1.1")])
    assert ([call.id for call in new], changed) == (["a-1.1"], [])
    new, changed = taken(unfolding, [record(2, "CHAN_END", "a-1.1"), record(3, "LINKEDID_END", "a-1.1")])
    assert (new, [call.outcome for call in changed]) == ([], ["no talk"])
    assert unfolding.size == 0


def test_a_late_record_of_a_closed_call_joins_what_is_kept():
    over = [record(place, event, "a-1.1") for place, event in enumerate(("CHAN_START", "CHAN_END", "LINKEDID_END"))]
    unfolding = Unfolding()
    new, changed = taken(unfolding, [record(3, "HANGUP", "a-1.1")], lambda _linkedids: [Story(over, kept=True)])
    assert (new, [(call.ended_at, call.reopened, call.last_record) for call in changed]) == ([], [(1, 1, 3)])
    assert unfolding.size == 0


def test_a_new_asterisk_closes_the_calls_of_the_one_before_it():
    """F25."""
    unfolding = Unfolding()
    taken(unfolding, [record(1, "CHAN_START", "a-1.7"), record(2, "CHAN_START", "b-1.8")])
    new, changed = taken(unfolding, [record(9, "CHAN_START", "a-5.0"), record(10, "CHAN_START", "a-5.1")])
    assert [(call.id, call.crashed) for call in new] == [("a-5.0", False), ("a-5.1", False)]
    assert [(call.id, call.crashed, call.ended_at, call.end_reason) for call in changed] == [("a-1.7", True, 1, "")]
    assert unfolding.size == 3, "another node's call goes on"


def test_a_new_asterisk_whose_first_channels_were_acts_closes_the_calls_of_the_one_before_it():
    """F25: the acts' channels have ids of ours, and have taken the first numbers."""
    unfolding = Unfolding()
    taken(
        unfolding,
        [record(1, "CHAN_START", "a-1.3"), record(2, "CHAN_START", "a-1.7"), record(3, "CHAN_START", "b-1.8")],
    )
    _, changed = taken(unfolding, [record(9, "CHAN_START", "a-5.act1"), record(10, "CHAN_START", "a-5.2")])
    assert {call.id: call.crashed for call in changed} == {"a-1.3": True, "a-1.7": True}


def test_the_next_channels_of_an_asterisk_that_began_lately_close_nothing():
    unfolding = Unfolding()
    taken(unfolding, [record(1, "CHAN_START", "a-1.2")])
    _, changed = taken(unfolding, [record(9, "CHAN_START", "a-5.4"), record(10, "CHAN_START", "a-6.3")])
    assert [call.crashed for call in changed] == []
    assert unfolding.size == 3


def test_a_call_that_ended_in_the_same_batch_is_not_taken_for_crashed():
    batch = [
        record(1, "CHAN_START", "a-1.7"),
        record(2, "CHAN_END", "a-1.7"),
        record(3, "LINKEDID_END", "a-1.7"),
        record(4, "CHAN_START", "a-5.0"),
    ]
    new, _ = taken(Unfolding(), batch)
    assert not new[0].crashed
