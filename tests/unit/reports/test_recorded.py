"""How much of the talks that are to be recorded has audio: a set counted by hand."""

from __future__ import annotations

from collections import Counter

import pytest

from ivr.reports.catalogue import metric
from ivr.reports.recorded import Audio, recording_tallies
from tests.made_calls import SECOND, leg, made_call


def talk(began, ended, recording="r1", before=0.0, **more):
    return leg("talk", began, ended, **more)._replace(recording=recording, recorded_from=round(before * SECOND))


def totals(call, **known):
    found = Counter()
    for one in recording_tallies(
        call, {name: Audio(state, round(length * SECOND)) for name, (state, length) in known.items()}
    ):
        found[one.measure] += one.value
    return found


TWICE = made_call(
    talk(0, 40, line="first", agent="101"),
    talk(50, 110, before=40, line="second", agent="201"),
    leg("talk", 120, 180, line="third", agent="301"),
)
"""Two talks in one recording of 100 s, and one on a line that does not record."""


def test_a_whole_recording_covers_both_its_talks_and_nothing_is_asked_of_the_third():
    found = totals(TWICE, r1=("ok", 100))
    assert found == {"talks": 2, "to_record": 100 * SECOND, "recorded": 100 * SECOND, "state.ok": 1}
    assert metric("record_coverage").value(found) == 1.0


def test_a_recording_that_ends_early_lacks_the_end_of_the_later_talk():
    """70 s of audio hold the first talk and 30 s of the second."""
    found = totals(TWICE, r1=("partial", 70))
    assert metric("record_coverage").value(found) == pytest.approx(0.7)
    assert (found["lacking"], metric("recordings_failed").value(found)) == (1, 1)
    by_agent = Counter()
    for one in recording_tallies(TWICE, {"r1": Audio("partial", 70 * SECOND)}):
        if one.measure == "recorded":
            by_agent[one.keys[2]] += one.value
    assert by_agent == {"101": 40 * SECOND, "201": 30 * SECOND}


@pytest.mark.parametrize(("state", "lacking", "failed"), [("failed", 2, 1), ("expected", 2, 1), ("expired", 0, 0)])
def test_without_audio_there_is_no_coverage_whatever_the_reason(state, lacking, failed):
    found = totals(TWICE, r1=(state, 0))
    assert metric("record_coverage").value(found) == 0.0
    assert (found["lacking"], metric("recordings_failed").value(found)) == (lacking, failed)


def test_a_talk_without_the_agents_voice_has_no_audio_though_the_file_is_long_enough():
    found = Counter()
    for one in recording_tallies(TWICE, {"r1": Audio("partial", 100 * SECOND, unheard=frozenset({40 * SECOND}))}):
        found[one.measure] += one.value
    assert metric("record_coverage").value(found) == pytest.approx(0.4)
    assert found["lacking"] == 1


def test_an_expired_recording_counts_with_what_it_held():
    found = totals(TWICE, r1=("expired", 100))
    assert metric("record_coverage").value(found) == 1.0
    assert metric("recordings_expired").value(found) == 1


def test_the_time_of_a_talk_is_split_at_the_quarter_of_an_hour():
    call = made_call(talk(880, 940, line="first", agent="101"))
    parts = {
        (one.measure, (one.bucket // SECOND) % 1800): one.value // SECOND
        for one in recording_tallies(call, {"r1": Audio("ok", 50 * SECOND)})
        if one.measure in ("to_record", "recorded")
    }
    assert sorted(parts.values()) == [20, 20, 30, 40]


def test_a_second_may_be_missing_and_a_call_that_goes_on_counts_nothing():
    assert totals(TWICE, r1=("ok", 99))["lacking"] == 0
    assert totals(TWICE, r1=("ok", 98.9))["lacking"] == 1
    assert totals(TWICE._replace(ended_at=None), r1=("ok", 100)) == {}


def test_a_call_to_outside_is_the_placers():
    call = made_call(talk(0, 40, line=""), direction="out", desk="shop", caller="102")
    assert {one.keys for one in recording_tallies(call, {})} == {("shop", "", "102")}
