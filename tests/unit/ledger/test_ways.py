"""Real journals of every way that a call can go between telephones, and the legs that they are."""

from __future__ import annotations

import random
from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ivr.ledger.call import Call
from ivr.ledger.fold import fold
from ivr.ledger.parse import parse
from ivr.ledger.record import Record
from ivr.ledger.story import Story
from ivr.ledger.unfolding import Unfolding

JOURNALS = Path(__file__).parents[2] / "journals"


def records_of(name: str) -> list[Record]:
    records, rejected, _ = parse((JOURNALS / f"{name}.csv").read_bytes(), 0)
    assert not rejected
    return records


def calls_of(records: list[Record], *sizes: int) -> dict[str, Call]:
    """Return the calls as they stand after all records, taken in batches of these sizes and one of the rest."""
    unfolding, kept, at = Unfolding(), {}, 0
    for size in [*sizes, len(records)]:
        for call, _, joined in unfolding.take(records[at : at + size], lambda _linkedids: ()):
            kept[call.id] = call
            for name in joined:
                del kept[name]
        at += size
    assert all(call.ended_at is not None for call in kept.values()) == (unfolding.size == 0)
    return kept


def told(call: Call) -> list[str]:
    """Return each leg as a line: kind, how, line, agent, to whom, begin and end in tenths of a second, reason."""

    def since(moment: int | None) -> str:
        return "" if moment is None else str(round((moment - call.began_at) / 100_000))

    lines = []
    for leg in call.legs:
        words = (leg.kind, leg.how, leg.line, leg.agent, f"→{leg.target}" if leg.target else "")
        shown = " ".join(word for word in words if word)
        lines.append(f"{shown} {since(leg.began_at)}-{since(leg.ended_at)}: {leg.reason}")
    return lines


TAKEN = [
    "ivr 0-7: handed over",
    "queue first 7-9: answered",
    "offer first 701 7-9: answered",
]
GOLDEN = {
    "agent_leaves_while_connected": [
        "ivr 0-43: handed over",
        "queue second 43-80: answered",
        "offer second 1212 43-76: answered",
        "talk second 1212 80-80: agent hung up",
    ],
    "blind_transfer": [
        *TAKEN,
        "talk first 701 9-20: transferred",
        "transfer blind 701 →702 20-24: answered",
        "offer 702 21-24: answered",
        "talk 702 24-39: caller hung up",
    ],
    "blind_transfer_by_keys": [
        *TAKEN,
        "talk first 701 9-70: transferred",
        "transfer blind 701 →702 70-74: answered",
        "offer 702 71-74: answered",
        "talk 702 74-90: caller hung up",
    ],
    "blind_transfer_abandoned": [
        "ivr 0-7: handed over",
        "queue first 7-10: answered",
        "offer first 701 7-10: answered",
        "talk first 701 10-21: transferred",
        "transfer blind 701 →704 21-37: abandoned",
        "offer 704 22-37: cancelled",
    ],
    "attended_transfer": [
        *TAKEN,
        "talk first 701 9-34: transferred",
        "transfer attended 701 →702 20-34: answered",
        "offer 702 20-23: answered",
        "talk 702 34-49: caller hung up",
    ],
    "attended_transfer_by_keys": [
        *TAKEN,
        "talk first 701 9-70: held",
        "transfer attended 701 →702 70-84: answered",
        "offer 702 70-73: answered",
        "hold consulting first 701 70-84: transferred",
        "talk 702 84-99: caller hung up",
    ],
    "blonde_transfer": [
        *TAKEN,
        "talk first 701 9-25: transferred",
        "transfer blonde 701 →702 20-40: answered",
        "offer 702 20-40: answered",
        "talk 702 40-55: caller hung up",
    ],
    "blonde_transfer_by_keys": [
        *TAKEN,
        "talk first 701 9-70: held",
        "transfer blonde 701 →702 70-90: answered",
        "offer 702 70-90: answered",
        "hold consulting first 701 70-77: transferred",
        "talk 702 90-105: caller hung up",
    ],
    "transfer_to_line": [
        *TAKEN,
        "talk first 701 9-20: transferred",
        "transfer blind second 701 →*72 20-21: handed over",
        "queue second 21-24: answered",
        "offer second 703 21-24: answered",
        "talk second 703 24-40: caller hung up",
    ],
    "attended_transfer_to_line": [
        *TAKEN,
        "talk first 701 9-36: transferred",
        "transfer attended second 701 →*72 21-36: answered",
        "queue second 701 21-24: answered",
        "offer second 703 21-24: answered",
        "talk second 703 36-51: caller hung up",
    ],
    "blonde_transfer_to_line": [
        *TAKEN,
        "talk first 701 9-25: transferred",
        "transfer blonde second 701 →*72 19-40: answered",
        "queue second 701 20-25: moved on",
        "offer second 703 20-40: answered",
        "talk second 703 40-55: caller hung up",
    ],
    "transfer_to_desk": [
        *TAKEN,
        "talk first 701 9-19: transferred",
        "transfer blind 701 →700 19-20: handed over",
        "ivr 20-27: handed over",
        "queue first 27-30: answered",
        "offer first 701 27-30: answered",
        "talk first 701 30-49: caller hung up",
    ],
    "transferred_twice": [
        *TAKEN,
        "talk first 701 9-20: transferred",
        "transfer blind 701 →702 20-24: answered",
        "offer 702 21-24: answered",
        "talk 702 24-34: transferred",
        "transfer blind second 702 →703 34-37: answered",
        "offer second 703 34-37: answered",
        "talk second 703 37-47: agent hung up",
    ],
    "picked_up": [
        "ivr 0-7: handed over",
        "queue first 7-12: answered",
        "offer first 701 7-12: taken by another",
        "talk first 702 12-27: caller hung up",
    ],
    "parked": [
        *TAKEN,
        "talk first 701 9-20: parked",
        "hold parked first 701 20-35: retrieved",
        "talk 702 35-51: caller hung up",
    ],
    "parked_by_keys": [
        *TAKEN,
        "talk first 701 9-23: parked",
        "hold parked first 701 23-54: retrieved",
        "talk 702 54-69: caller hung up",
    ],
    "agent_calls_agent": [
        "offer 701 0-2: answered",
        "talk 701 2-12: caller hung up",
    ],
    "agent_calls_desk": [
        *TAKEN,
        "talk first 701 9-20: caller hung up",
    ],
    "forwarded": [
        "offer 702 0-0: forwarded",
        "offer 703 0-3: answered",
        "talk 703 3-13: caller hung up",
    ],
    "forwarded_from_line": [
        "ivr 0-7: handed over",
        "queue first 7-10: answered",
        "offer first 701 7-7: forwarded",
        "offer second 703 7-10: answered",
        "talk second 703 10-21: caller hung up",
    ],
}
MERGED = ("attended_transfer", "blonde_transfer", "attended_transfer_to_line", "blonde_transfer_to_line", "picked_up")


@pytest.mark.parametrize("name", GOLDEN)
def test_f33_every_way_of_a_call_is_one_call_with_its_golden_legs(name):
    (call,) = calls_of(records_of(name)).values()
    assert told(call) == GOLDEN[name]
    assert call.transfers == sum(leg.startswith("transfer") for leg in GOLDEN[name])


@pytest.mark.parametrize("late", [2_000, 60_000, 250_000])
@pytest.mark.parametrize("name", ["outside_sent_on", *(name for name in GOLDEN if "blind" in str(GOLDEN[name]))])
def test_a_blind_transfer_begins_when_the_caller_was_taken_from_the_talk_however_late_asterisk_tells_it(name, late):
    """Asterisk tells of it after it has sent the caller on, who may have been offered to somebody by then."""
    records = records_of(name)
    slow = [one._replace(at=one.at + late) if one.event == "BLINDTRANSFER" else one for one in records]
    slow = [one._replace(id=place) for place, one in enumerate(sorted(slow, key=lambda one: one.at))]
    (told_at_once,), (told_late,) = calls_of(records).values(), calls_of(slow).values()
    assert told_late.legs == told_at_once.legs
    kinds = [leg.kind for leg in told_late.legs]
    assert kinds.index("transfer") == kinds.index("talk") + 1


def test_f33_a_loop_of_forwards_ends_as_one_call_in_which_nobody_spoke():
    (call,) = calls_of(records_of("forward_loop")).values()
    assert (call.outcome, call.direction, call.talked) == ("no talk", "internal", 0)
    assert {leg.kind for leg in call.legs} == {"offer"}
    assert {leg.reason for leg in call.legs} <= {"forwarded", "cancelled"}
    assert sum(leg.reason == "cancelled" for leg in call.legs) == 1, "the last one, when Asterisk had enough"


def test_f33_two_callers_parked_beside_each_other_are_two_calls():
    """They stay in one bridge of Asterisk's, in which nobody hears anybody."""
    calls = calls_of(records_of("two_parked")).values()
    assert [told(call)[-1].partition(":")[0].partition(" 701")[0] for call in calls] == ["hold parked first"] * 2
    assert [leg.reason for call in calls for leg in call.legs if leg.kind == "hold"] == ["caller hung up"] * 2


@pytest.mark.parametrize("name", [name for name in GOLDEN if name not in ("forwarded", "agent_calls_agent")])
def test_a_talk_lasts_as_long_as_both_were_in_bridges_that_lead_to_each_other(name):
    """The stop-watch is the journal itself: no talk is longer than the caller's time in bridges, none overlaps."""
    (call,) = calls_of(records_of(name)).values()
    talks = [leg for leg in call.legs if leg.kind == "talk"]
    assert call.talked == sum(leg.ended_at - leg.began_at for leg in talks)
    for before, after in pairwise(talks):
        assert before.ended_at <= after.began_at


@pytest.mark.parametrize(
    "name", ["blind_transfer", "attended_transfer", "transfer_to_line", "parked", "transferred_twice"]
)
def test_f33_the_recording_goes_on_through_a_transfer_and_every_talk_says_where_in_it_he_is(name):
    (call,) = calls_of(records_of(name)).values()
    talks = [leg for leg in call.legs if leg.kind == "talk"]
    assert {leg.recording for leg in talks} == {call.id} == set(call.recordings)
    assert talks[0].recorded_from < 10_000
    for before, after in pairwise(talks):
        length = before.ended_at - before.began_at
        assert before.recorded_from + length <= after.recorded_from <= after.began_at - talks[0].began_at + 10_000


def test_a_line_that_does_not_record_is_named_by_no_recording():
    records = records_of("transfer_to_line")
    second = "line?line=second&tier=2&ask=&record="
    quiet = [record._replace(extra=record.extra.replace(f"{second}1", f"{second}0")) for record in records]
    (call,) = calls_of(quiet).values()
    assert [bool(leg.recording) for leg in call.legs if leg.kind == "talk"] == [True, False]


def _passed_to(record: str) -> list[Record]:
    """Return an attended transfer into a line, with that line's word on recording."""
    second = "line?line=second&tier=2&ask=&record="
    records = records_of("attended_transfer_to_line")
    return [one._replace(extra=one.extra.replace(f"{second}1", f"{second}{record}")) for one in records]


def _taping_act(records: list[Record], name: str, after: int) -> list[Record]:
    """Let the controller say something of the caller's recording, so many microseconds after the last talk began."""
    (call,) = calls_of(records).values()
    at = [leg for leg in call.legs if leg.kind == "talk"][-1].began_at + after
    act = next(one for one in records if one.event == "CHAN_START")
    told = act._replace(
        event="IVR", at=at, uniqueid="d-9.9", linkedid="d-9.9", channel=f"Local/{name}@acts-1;2", context="acts",
        extra=f'{{"extra":"{name}?channel={call.id}&call={call.id}"}}',
    )  # fmt: skip
    place = next((n for n, one in enumerate(records) if one.at > at), len(records) - 2)
    return [one._replace(id=n) for n, one in enumerate([*records[:place], told, *records[place:]], 1)]


def _tape(records: list[Record]) -> list[tuple[str, bool, str, bool]]:
    (call,) = calls_of(records).values()
    talks = [leg for leg in call.legs if leg.kind == "talk"]
    return [(leg.line, leg.recording == call.id, leg.how, leg.recorded_from > 100_000) for leg in talks]


def test_an_attended_transfer_into_a_line_that_does_not_record_makes_a_talk_that_is_not_to_be_recorded():
    """Also when the controller was away, so that nothing in the journal says that the recording was made silent."""
    first = ("first", True, "", False)
    assert _tape(_passed_to("1")) == [first, ("second", True, "", True)]
    assert _tape(_passed_to("0")) == [first, ("second", False, "silenced", True)]


def test_the_act_that_makes_a_recording_silent_says_so_of_the_talk_that_it_came_with():
    first = ("first", True, "", False)
    for after in (50_000, 1_900_000):
        assert _tape(_taping_act(_passed_to("0"), "record_off", after))[1] == ("second", False, "silenced", True)
    assert _tape(_taping_act(_passed_to("1"), "record_off", 50_000)) == [first, ("second", False, "silenced", True)]
    assert _tape(_taping_act(_passed_to("1"), "record_on", 50_000)) == [first, ("second", True, "", True)]
    assert _tape(_taping_act(_passed_to("1"), "record_off", 3_000_000)) == [first, ("second", True, "", True)]


@given(st.data())
@settings(deadline=None, max_examples=60)
def test_however_the_records_are_cut_into_batches_the_calls_are_the_same(data):
    names = data.draw(st.lists(st.sampled_from([*GOLDEN, "two_parked"]), min_size=1, max_size=3, unique=True))
    streams = [records_of(name) for name in names]
    chance = random.Random(data.draw(st.integers(0, 10**6)))
    mixed: list[Record] = []
    while streams := [stream for stream in streams if stream]:
        mixed.append(chance.choice(streams).pop(0))
    mixed = [record._replace(id=place) for place, record in enumerate(mixed, 1)]
    sizes = data.draw(st.lists(st.integers(1, 40), max_size=30))
    assert calls_of(mixed, *sizes) == calls_of(mixed) == calls_of(mixed, *[1] * len(mixed))


@pytest.mark.parametrize("name", MERGED)
def test_a_call_that_turns_out_to_be_another_takes_its_row_away(name):
    unfolding, joined, seen = Unfolding(), [], set()
    for record in records_of(name):
        for call, kept, gone in unfolding.take([record], lambda _linkedids: ()):
            assert kept == (call.id in seen)
            seen.add(call.id)
            joined += gone
    assert len(joined) == 1
    assert unfolding.size == 0


@pytest.mark.parametrize("name", [*GOLDEN, "two_parked"])
def test_f25_a_call_cut_by_a_crash_at_any_record_has_every_leg_closed(name):
    records = records_of(name)
    first = records[0]._replace(event="CHAN_START", uniqueid="desk1-1999999999.0", linkedid="desk1-1999999999.0")
    for cut in range(2, len(records)):
        begin = first._replace(id=10**9, at=records[-1].at + 10**6)
        calls = calls_of_open([*records[:cut], begin])
        last = max(record.at for record in records[:cut])
        for call in calls:
            assert call.ended_at is not None
            assert call.closed_by == ("asterisk crash" if call.crashed else "journal")
            assert call.evidence == (10**9 if call.crashed else call.last_record)
            for leg in call.legs:
                assert leg.ended_at is not None, leg
                assert leg.began_at <= leg.ended_at <= last
                assert leg.reason


def calls_of_open(records: list[Record]) -> list[Call]:
    """Return the calls but the last one, which only proves that Asterisk was started anew."""
    return [one.call for one in Unfolding().take(records, lambda _linkedids: ()) if one.call.id != records[-1].linkedid]


def held_call(
    call: str = "agent_calls_desk", end: int | None = None, late: int = 0, *, first: bool = False
) -> list[Record]:
    """Return a call that agent 701's telephone holds from 0.3 s of his last bridge on, for 0.4 s or until `end`.

    `first`: of his first bridge.
    The facts come from outside, on channels of their own; `late`: how much later than what they tell of, if they say.
    """
    records = records_of(call)
    phone = next(record for record in records if record.channel.startswith("PJSIP/701-"))
    mine = [record.at for record in records if record.event == "BRIDGE_ENTER" and record.uniqueid == phone.uniqueid]
    began = min(mine) if first else max(mine)
    acts = []
    for place, (name, moment) in enumerate((("hold", began + 300_000), ("unhold", end or began + 700_000))):
        at = moment + late
        base = records[0]._replace(
            uniqueid=f"desk1-1795295999.{9000 + place}",
            linkedid=f"desk1-1795295999.{9000 + place}",
            channel="Local/x@acts-1;2",
            context="acts",
            at=at,
        )
        told = f"{name}?agent=701&channel={phone.uniqueid}&call={records[0].linkedid}" + (
            f"&at={moment}" if late else ""
        )
        extra = f'{{"extra":"{told}"}}'
        acts += [base, base._replace(event="IVR", extra=extra), base._replace(event="CHAN_END")]
        acts.append(base._replace(event="LINKEDID_END"))
    mixed = sorted([*records, *acts], key=lambda record: record.at)
    return [record._replace(id=place) for place, record in enumerate(mixed, 1)]


def test_a_hold_of_the_agents_telephone_lies_in_his_talk_and_counts_as_held():
    (call,) = calls_of(held_call()).values()
    assert [line for line in told(call) if line.startswith("hold")] == ["hold held first 701 12-16: resumed"]
    assert call.held == 400_000
    assert call.reopened == 0


def test_a_hold_in_which_the_agent_begins_to_ask_somebody_ends_as_his_talk_does():
    """`*2`: the caller hears music while the number is dialled, in the talk still; the consultation comes behind it."""
    (plain,) = calls_of(records_of("attended_transfer_by_keys")).values()
    asked = next(leg.ended_at for leg in plain.legs if leg.kind == "talk")
    (call,) = calls_of(held_call("attended_transfer_by_keys", asked + 100_000, first=True)).values()
    holds = [leg for leg in call.legs if leg.kind == "hold"]
    assert [(leg.how, leg.reason) for leg in holds] == [("held", "held"), ("consulting", "transferred")]
    assert holds[0].ended_at == holds[1].began_at == asked


def test_a_hold_that_is_told_when_its_call_is_over_counts_and_the_call_says_that_it_came_late():
    records = held_call(late=30_000)
    acts = [record for record in records if record.context == "acts"]
    call = [record for record in records if record.context != "acts"]
    late = [record._replace(id=place) for place, record in enumerate([*call, *acts], 1)]
    ((name, one),) = calls_of(late).items()
    assert [line for line in told(one) if line.startswith("hold")] == ["hold held first 701 12-16: resumed"]
    assert (one.reopened, one.ended_at) == (2, calls_of(call)[name].ended_at)
    for size in range(len(call) - 1, len(call) + 3):
        assert calls_of(late, size) == {name: one}
    kept = Story(late[: len(call)], kept=True)
    found = list(Unfolding().take(late[len(call) :], lambda names: [kept] if name in names else []))
    assert [(unfolded.call, unfolded.kept) for unfolded in found] == [(one, True)]


def test_a_hold_lasts_as_its_telephone_told_and_not_until_the_act_was_done_that_tells_of_it():
    for late in (30_000, 300_000):
        (call,) = calls_of(held_call(late=late)).values()
        assert [line for line in told(call) if line.startswith("hold")] == ["hold held first 701 12-16: resumed"]


@pytest.mark.parametrize(("name", "ended"), [("attended_transfer", 34), ("blind_transfer", 20)])
@pytest.mark.parametrize("after", [-50_000, 0, 50_000])
def test_a_hold_that_a_transfer_ended_was_not_resumed(name, ended, after):
    """Asterisk tells of the end of the hold when it takes the caller away."""
    (call,) = calls_of(records_of(name)).values()
    end = next(leg.ended_at for leg in call.legs if leg.kind == "talk")
    (call,) = calls_of(held_call(name, end + after)).values()
    (hold,) = [line for line in told(call) if line.startswith("hold")]
    assert hold == f"hold held first 701 12-{ended}: transferred"


def test_a_hold_in_which_the_caller_hung_up_was_not_resumed():
    records = records_of("agent_calls_desk")
    (call,) = calls_of(held_call(end=records[-1].at + 1)).values()
    assert [line for line in told(call) if line.startswith("hold")] == ["hold held first 701 12-20: caller hung up"]


@given(st.lists(st.integers(1, 20), max_size=20))
@settings(deadline=None)
def test_a_hold_is_found_however_the_records_are_cut(sizes):
    assert [call.held for call in calls_of(held_call(), *sizes).values() if call.desk] == [400_000]


def test_late_records_of_a_call_are_counted():
    records = records_of("blind_transfer")
    late = records[-1]._replace(id=records[-1].id + 1, event="HANGUP")
    assert fold([*records, late]).reopened == 1
    assert fold([*records, late, late._replace(id=late.id + 1)]).reopened == 2
    assert fold(records).reopened == 0
