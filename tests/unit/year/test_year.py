"""The journal of a believable year: what it is made of, and that it is one."""

from __future__ import annotations

from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from ivr.ledger.agents import acts_in
from ivr.ledger.fold import fold
from ivr.ledger.parse import parse
from ivr.ledger.unfolding import Unfolding
from tests.year.day import forms, journal_of
from tests.year.journal import write_year
from tests.year.pattern import OPEN, ZONE, shares
from tests.year.recorded import Answers, Form, recorded

MONDAY, SUNDAY = date(2026, 1, 12), date(2026, 1, 18)
SECOND = 1_000_000


@pytest.mark.parametrize("name", ["caller_ends_talk", "first_agent_refuses", "nobody_answers", "desk_cuts_the_talk"])
def test_a_filled_form_folds_to_the_stages_of_the_recorded_call(name):
    form = Form(recorded(name))
    answers = Answers(10**15, {}, "+79990001122", True, "second", 2, "3", "order", "4", ("211", "212")[: form.agents])
    rows = [row for _, row in form.filled(answers, 7, 1)]
    made, real = (fold(_records("\n".join(one))) for one in (rows, recorded(name)))
    assert [(leg.kind, leg.reason) for leg in made.legs] == [(leg.kind, leg.reason) for leg in real.legs]
    assert made.outcome == real.outcome
    assert made.ended_at - made.began_at == real.ended_at - real.began_at
    assert (made.caller, made.category, made.first_line, made.known) == ("+79990001122", "order", "second", True)
    assert {leg.agent for leg in made.legs if leg.agent} == set(answers.agents)


def test_the_waits_of_a_form_are_those_that_were_asked_for():
    form = forms()["caller_ends_talk"]
    waits = {"menu": 5 * SECOND, "queue": 30 * SECOND, "answer": 2 * SECOND, "ring": SECOND, "talk": 100 * SECOND}
    answers = Answers(10**15, waits, "+79990001122", False, "first", 1, "1", "directions", "3", ("110",))
    call = fold(_records("\n".join(row for _, row in form.filled(answers, 1, 1))))
    ivr, queue, offer, talk = call.legs
    assert ivr.ended_at - ivr.began_at == pytest.approx(5.5 * SECOND, abs=20_000)
    assert offer.began_at - queue.began_at == pytest.approx(30 * SECOND, abs=20_000)
    assert talk.ended_at - talk.began_at == pytest.approx(100 * SECOND, abs=20_000)
    assert (call.source, call.source_how) == ("billboard", "asked")


def test_the_same_seed_gives_the_same_bytes_whatever_the_processes(tmp_path: Path):
    for folder, processes in (("one", 1), ("two", 2)):
        write_year(tmp_path / folder, 900, a_year=100_000, seed=5, processes=processes)
    one, two = ({path.name: path.read_bytes() for path in (tmp_path / name).iterdir()} for name in ("one", "two"))
    assert one == two
    assert len(one) > 1


def test_a_day_is_whole_its_calls_end_and_no_agent_speaks_with_two_at_once():
    calls, journal = journal_of(MONDAY, 0, 1500, seed=3)
    records, rejected, used = parse(journal, 1)
    told = _calls(records)
    assert (rejected, used) == ([], len(journal))
    assert len(told) == calls == len({call.id for call in told})
    assert all(call.ended_at for call in told)
    busy: dict[str, int] = {}
    talks = sorted((leg for call in told for leg in call.legs if leg.kind == "talk"), key=lambda leg: leg.began_at)
    of_lines = [leg for leg in talks if leg.line]
    for talk in of_lines:
        assert talk.began_at >= busy.get(talk.agent, 0)
        busy[talk.agent] = talk.ended_at
    acts = Counter(act.name for act in acts_in(records))
    assert acts["signed_in"] == acts["signed_out"] > 30
    assert acts["paused"] == acts["ready"] > 20
    outcomes = Counter(call.outcome for call in told)
    assert 0.6 < outcomes["answered"] / calls < 0.95
    assert outcomes["abandoned in a line"] > 5


def test_a_day_has_transfers_holds_and_calls_to_outside_as_a_desk_has_them():
    calls, journal = journal_of(MONDAY, 0, 3000, seed=3)
    told = _calls(parse(journal, 1)[0])
    talked = [call for call in told if call.direction == "in" and call.outcome == "answered"]
    sent = [call for call in talked if call.transfers]
    assert 0.03 < len(sent) / len(talked) < 0.08
    assert {leg.how for call in sent for leg in call.legs if leg.kind == "transfer"} == {"blind", "attended"}
    assert {leg.reason for call in sent for leg in call.legs if leg.kind == "transfer"} == {"answered"}
    assert 0.1 < sum(call.held > 0 for call in talked) / len(talked) < 0.2
    outside = [call for call in told if call.direction == "out"]
    assert 0.06 < len(outside) / calls < 0.14
    assert {call.legs[0].reason for call in outside} == {"answered", "no answer", "busy"}
    gave_up = {call.caller for call in told if call.outcome == "abandoned in a line"}
    assert gave_up & {call.number for call in outside}, "some are called back"


def test_nobody_answers_outside_the_hours():
    first, last = OPEN[0]
    _, monday = journal_of(MONDAY, 0, 400, seed=3)
    _, sunday = journal_of(SUNDAY, 1, 40, seed=3)
    told = _calls(parse(monday, 1)[0])
    hours = {(call.began_at // SECOND + int(ZONE.total_seconds())) // 3600 % 24 for call in told if call.connected_at}
    assert hours <= set(range(first, last))
    told = _calls(parse(sunday, 1)[0])
    assert {call.outcome for call in told} == {"closed"}


@pytest.mark.slow
def test_more_agents_would_lose_fewer_calls():
    """Who calls while few agents are there waits longer and leaves more often."""
    lost = []
    for count in (600, 6000):
        calls, journal = journal_of(MONDAY, 0, count, seed=3)
        told = _calls(parse(journal, 1)[0])
        lost.append(sum(call.outcome == "abandoned in a line" for call in told) / calls)
    assert lost[0] * 3 < lost[1]


def test_the_shares_of_a_year_add_up_and_monday_is_busier_than_saturday():
    year = [date.fromordinal(MONDAY.toordinal() + place) for place in range(364)]
    parts = shares(year)
    assert sum(parts) == pytest.approx(1)
    assert parts[0] > 2 * parts[5] > parts[6]
    assert parts[-40] > parts[180]


def _calls(records):
    return [one.call for one in Unfolding().take(records, lambda _: ())]


def _records(text: str):
    records, rejected, _ = parse(f"{text}\n".encode(), 1, final=True)
    assert not rejected
    return records
