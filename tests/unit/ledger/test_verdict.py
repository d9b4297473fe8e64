"""Calls whose end was lost: our own act says that Asterisk has none of their channels any more."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.ledger.call import Call
from ivr.ledger.record import Record
from ivr.ledger.story import Story
from ivr.ledger.unfolding import Unfolding
from tests.unit.ledger.test_ways import GOLDEN, calls_of, records_of

ACT = "desk1-1795299999.act0123456789ab"
LOCAL = "Local/reconciled@acts-00000009"
ENDS = ("HANGUP", "CHAN_END", "LINKEDID_END")


def act(
    about: str, after: int, seen: int = 0, *, channel: str = LOCAL, context: str = "acts", linkedid: str = ACT
) -> list[Record]:
    """Return the records of the act that says that a call is over, a second after the moment `after`."""
    other = "desk1-1795299999.77"
    one = Record(0, "CHAN_START", after, linkedid, linkedid, f"{channel};1", "", "", "x", context, "", "", "", "")
    two = one._replace(uniqueid=other, channel=f"{channel};2")
    told = two._replace(event="IVR", extra=f'{{"extra":"reconciled?call={about}&seen={seen}"}}')
    ends = [half._replace(event=event) for event in ("HANGUP", "CHAN_END") for half in (two, one)]
    rows = [one, two, told, two._replace(event="ANSWER"), *ends, one._replace(event="LINKEDID_END")]
    return [row._replace(at=after + 1_000_000 + place) for place, row in enumerate(rows)]


def numbered(records: list[Record]) -> list[Record]:
    return [record._replace(id=place) for place, record in enumerate(records, 1)]


def without_end(name: str, events: tuple[str, ...] = ENDS) -> list[Record]:
    return [record for record in records_of(name) if record.event not in events]


def judged(name: str, events: tuple[str, ...] = ENDS) -> list[Record]:
    """Return a call without these events, and the act about it behind it."""
    rest = without_end(name, events)
    return numbered([*rest, *act(rest[0].linkedid, rest[-1].at)])


def kept_of(records: list[Record], sizes: list[int]) -> dict[str, Call]:
    """Return the calls as a ledger keeps them that gives back those of which later records tell."""
    unfolding, kept, at = Unfolding(), {}, 0

    def earlier(linkedids: Collection[str]) -> Iterator[Story]:
        for call in kept.values():
            names = {call.id, *call.linkedids}
            if names & set(linkedids):
                own = [one for one in records[:at] if one.linkedid in names and one.id <= call.last_record]
                yield Story(own, kept=True)

    for size in [*sizes, len(records)]:
        for call, _, joined in unfolding.take(records[at : at + size], earlier):
            kept[call.id] = call
            for name in joined:
                del kept[name]
        at += size
    return kept


@pytest.mark.parametrize("name", GOLDEN)
def test_a_call_whose_end_was_lost_is_closed_by_the_act_with_its_last_evidence(name):
    records = judged(name)
    (call,) = calls_of(records).values()
    own = [record for record in records if record.linkedid != ACT]
    (told,) = [record for record in records if "reconciled" in record.extra]
    assert (call.closed_by, call.evidence, call.crashed, call.reopened) == ("reconciled", told.id, False, 0)
    assert call.outcome
    assert call.last_record == records[-1].id
    for leg in call.legs:
        assert leg.reason
        assert leg.ended_at is not None
        assert leg.began_at <= leg.ended_at <= max(record.at for record in own)
    assert call.end_reason == "end lost"
    assert [fact.name for fact in call.facts].count("reconciled") == 1


@pytest.mark.parametrize("name", ["agent_calls_desk", "attended_transfer", "transferred_twice"])
def test_legs_whose_end_is_known_keep_it_when_only_the_calls_own_end_was_lost(name):
    (whole,) = calls_of(records_of(name)).values()
    (call,) = calls_of(judged(name, ("LINKEDID_END",))).values()
    assert call.closed_by == "reconciled"
    assert (call.legs, call.outcome, call.ended_at) == (whole.legs, whole.outcome, whole.ended_at)


@pytest.mark.parametrize("name", GOLDEN)
def test_a_real_end_that_comes_later_wins_and_the_call_says_that_it_was_reopened(name):
    (whole,) = calls_of(records_of(name)).values()
    rest = without_end(name)
    ends = [record for record in records_of(name) if record.event in ENDS]
    records = numbered([*rest, *act(rest[0].linkedid, rest[-1].at), *ends])
    (call,) = calls_of(records).values()
    assert (call.closed_by, call.evidence, call.reopened) == ("journal", records[-1].id, 1)
    assert (call.legs, call.outcome, call.ended_at) == (whole.legs, whole.outcome, whole.ended_at)


def test_a_sign_of_life_reopens_the_call_and_a_later_verdict_closes_it_again():
    rest = without_end("agent_calls_desk")
    life = rest[-1]._replace(event="DTMF", at=rest[-1].at + 5_000_000)
    first = act(rest[0].linkedid, rest[-1].at)
    (alive,) = calls_of(numbered([*rest, *first, life])).values()
    assert (alive.ended_at, alive.closed_by, alive.evidence, alive.reopened) == (None, "", 0, 1)
    second = act(rest[0].linkedid, life.at, linkedid=f"{ACT}c")
    (call,) = calls_of(numbered([*rest, *first, life, *second])).values()
    assert (call.closed_by, call.reopened) == ("reconciled", 1)
    assert call.ended_at == life.at


def test_a_second_verdict_and_one_about_a_call_that_is_over_change_nothing():
    records = judged("agent_calls_desk")
    twice = numbered([*records, *act(records[0].linkedid, records[-1].at, linkedid=f"{ACT}c")])
    assert calls_of(twice) == calls_of(records)
    whole = records_of("agent_calls_desk")
    again = numbered([*whole, *act(whole[0].linkedid, whole[-1].at)])
    assert calls_of(again) == calls_of(numbered(whole))


@pytest.mark.parametrize(
    ("channel", "context"),
    [("PJSIP/trunk-00000001", "acts"), ("Local/card@acts-00000009", "acts"), (LOCAL, "from-agents"),
     ("PJSIP/701-00000001", "codes")],
)  # fmt: skip
def test_nobody_but_our_own_act_can_say_it(channel, context):
    rest = without_end("agent_calls_desk")
    forged = act(rest[0].linkedid, rest[-1].at, channel=channel, context=context)
    calls = calls_of(numbered([*rest, *forged]))
    assert calls[rest[0].linkedid].ended_at is None


def test_a_caller_who_says_it_of_himself_or_of_another_says_nothing():
    rest = without_end("agent_calls_desk")
    text = f'{{"extra":"reconciled?call={rest[0].linkedid}&since=1"}}'
    said = rest[-1]._replace(event="IVR", extra=text)
    (call,) = calls_of(numbered([*rest, said])).values()
    assert (call.ended_at, call.closed_by) == (None, "")


@pytest.mark.parametrize("missing", [1, 2, 3])
def test_the_call_is_the_same_when_the_loader_began_anew_inside_the_act(missing):
    """Of an act the ledger keeps nothing: a loader that begins anew has not seen its first records."""
    rest = without_end("attended_transfer")
    told = act(rest[0].linkedid, rest[-1].at)
    (call,) = calls_of(numbered([*rest, *told])).values()
    part = numbered([*rest, *told])
    del part[len(rest) : len(rest) + min(missing, 2)]
    (same,) = calls_of(part).values()
    assert same == call


@given(st.data())
@settings(deadline=None, max_examples=60)
def test_however_the_records_are_cut_into_batches_the_calls_are_the_same(data):
    names = data.draw(st.lists(st.sampled_from(list(GOLDEN)), min_size=1, max_size=3, unique=True))
    chance = random.Random(data.draw(st.integers(0, 10**6)))
    streams = []
    for place, name in enumerate(names):
        rest = [record for record in records_of(name) if record.event not in ENDS or chance.random() < 0.5]
        told = act(rest[0].linkedid, rest[-1].at, linkedid=f"{ACT}{place}")
        told = [one._replace(uniqueid=f"{one.uniqueid}{place}") for one in told]
        late = [record for record in records_of(name) if record.event in ENDS and chance.random() < 0.3]
        streams.append([*rest, *told, *late])
    mixed: list[Record] = []
    while streams := [stream for stream in streams if stream]:
        mixed.append(chance.choice(streams).pop(0))
    mixed = numbered(mixed)
    sizes = data.draw(st.lists(st.integers(1, 40), max_size=30))
    assert kept_of(mixed, sizes) == kept_of(mixed, []) == kept_of(mixed, [1] * len(mixed))


@pytest.mark.parametrize(("after", "ended"), [(9_000_000, 9_000_000), (-9_000_000, 0), (99_000_000, 10_000_002)])
def test_the_last_look_that_showed_it_alive_is_evidence_too_but_never_one_behind_the_verdict(after, ended):
    rest = without_end("agent_calls_desk", (*ENDS, "BRIDGE_EXIT"))
    last = rest[-1].at
    told = [one._replace(at=one.at + 9_000_000) for one in act(rest[0].linkedid, last, last + after)]
    (call,) = calls_of(numbered([*rest, *told])).values()
    assert call.ended_at == last + ended
    assert (call.legs[-1].kind, call.legs[-1].ended_at, call.legs[-1].reason) == ("talk", last + ended, "end lost")


def test_who_was_connected_and_of_whom_nothing_more_is_known_was_answered():
    rest = without_end("agent_calls_desk")
    heard = [place for place, record in enumerate(rest) if record.event == "BRIDGE_ENTER"]
    rest = rest[: heard[-1] + 1]
    (call,) = calls_of(numbered([*rest, *act(rest[0].linkedid, rest[-1].at)])).values()
    assert (call.outcome, call.answered_by, call.talked) == ("answered", "701", 0)
    assert call.legs[-1].reason == "end lost"
