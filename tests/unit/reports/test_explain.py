"""Every number opens to its calls: what each has to do with it adds up to the number, and is told in words."""

from __future__ import annotations

import pytest

from ivr.reports.catalogue import CATALOGUE, metric
from ivr.reports.cell import Cell, filters_of, totals_of
from ivr.reports.contributions import tallies
from ivr.reports.explain import explain
from ivr.reports.parts import Given
from ivr.reports.tally import QUARTER
from tests.made_calls import MORNING, SECOND, between_agents, leg, made_call, real_calls
from tests.made_journal import made_journal

HOUR = Cell(MORNING, MORNING + 4 * QUARTER)
OF_CALLS = [
    one.id
    for one in CATALOGUE.values()
    if set(one.sources) <= {"call", "line", "agent", "node"} and not one.id.startswith("cost")
]
WAITED = made_call(
    leg("queue", 0, 12.3, "answered", line="first"),
    leg("offer", 4, 12.3, "answered", line="first", agent="201", answered=11),
    leg("talk", 12.3, 60, line="first", agent="201"),
)


@pytest.fixture(scope="module")
def day():
    return real_calls(made_journal(250, begin=1_795_000_500, per_second=0.2))


@pytest.mark.parametrize("wanted", OF_CALLS)
@pytest.mark.parametrize("keys", [{}, {"line": frozenset({"first"})}], ids=["all", "first line"])
def test_what_the_calls_have_to_do_with_a_number_adds_up_to_it(day, wanted, keys):
    found = metric(wanted)
    if not keys.keys() <= set(filters_of(found)):
        keys = {"desk": frozenset({"demo"})}
    cell = Cell(MORNING, MORNING + QUARTER, keys)
    totals = totals_of(found, (one for call in day for one in tallies(call)), cell)
    verdicts = [explain(found, call, cell) for call in day]
    assert sum(one.top for one in verdicts) == pytest.approx(found.top(totals, Given()))
    if found.bottom:
        assert sum(one.bottom for one in verdicts) == pytest.approx(found.bottom(totals, Given()))
    assert all(one.why for one in verdicts)


def test_an_answer_in_time_is_counted_and_a_late_one_is_only_below():
    told = explain(metric("sl_answered"), WAITED, HOUR)
    assert (told.where, told.top, told.bottom) == ("counted", 1, 1)
    assert told.why == "line first answered after 12.3 s (within 20 s)"
    late = explain(metric("sl_answered"), WAITED, HOUR, Given(within=10))
    assert (late.where, late.top, late.bottom) == ("below", 0, 1)
    assert late.why == "line first answered after 12.3 s (beyond 10 s)"


def test_a_short_abandon_is_out_of_the_service_level_without_them_and_says_so():
    call = made_call(leg("queue", 0, 3, "abandoned", line="first"))
    told = explain(metric("sl_ex_short"), call, HOUR)
    assert told.where == "out"
    assert told.why == "line first abandoned after 3.0 s (short: at most 5 s): not what `sl_ex_short` counts"


def test_a_call_of_another_line_is_out_because_of_its_line():
    told = explain(metric("offered"), WAITED, Cell(HOUR.began, HOUR.ended, {"line": frozenset({"second"})}))
    assert (told.where, told.why) == ("out", "line is first")


def test_a_call_at_another_time_is_out_because_of_its_time():
    told = explain(metric("offered"), WAITED, Cell(MORNING - QUARTER, MORNING))
    assert told.where == "out"
    assert "outside the time asked for" in told.why


def test_a_call_between_agents_has_nothing_that_the_lines_count():
    told = explain(metric("offered"), between_agents(), Cell(0, 2**62))
    assert (told.where, told.why) == ("out", "the call has nothing that `offered` counts")
    inside = explain(metric("answer_rate"), between_agents(), Cell(0, 2**62))
    assert (inside.where, inside.why) == ("out", "direction is internal")


def test_a_call_that_goes_on_is_out():
    told = explain(metric("calls"), WAITED._replace(ended_at=None), HOUR)
    assert (told.where, told.why) == ("out", "the call goes on")


def test_a_talk_over_the_edge_says_how_much_of_it_was_in_the_time_asked_for():
    call = made_call(leg("talk", 880, 960, line="first", agent="201"))
    told = explain(metric("talk_time"), call, Cell(MORNING, MORNING + QUARTER))
    assert told.top == 20
    assert told.why == "talk with 201 of 80.0 s, 20.0 s of it in the time asked for"


def test_a_metric_of_two_sources_can_be_filtered_by_what_both_have():
    assert filters_of(metric("aht")) == ("agent", "line")
    assert filters_of(metric("offered")) == ("desk", "line", "category", "source")


def test_a_wait_is_told_to_the_moment_of_the_talk_and_to_that_of_the_agent():
    assert explain(metric("asa"), WAITED, HOUR).top == pytest.approx(12.3)
    assert explain(metric("asa_to_agent"), WAITED, HOUR).top == 11
    assert WAITED.connected_at == MORNING + 12.3 * SECOND
