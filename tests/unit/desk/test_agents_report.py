"""The reports of agents, against a day counted by hand."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ivr.desk.explain_report import explain_report
from ivr.desk.made_report import Ask
from ivr.desk.report import make_report
from ivr.ledger.card import Entry, card_facts
from ivr.reports.catalogue import CATALOGUE
from ivr.reports.contributions import tallies
from ivr.reports.plan import AgentPlan, Plan
from ivr.reports.standard import REPORTS
from ivr.reports.tally import total
from ivr.store.books import SqlBooks
from ivr.telephony.facts import write_facts
from tests.made_calls import leg, made_call
from tests.made_journal import made_journal
from tests.unit.store.test_agent_times import Home, act

pytestmark = pytest.mark.slow

QUARTER = 900
MORNING = 1_795_680_000 // QUARTER * QUARTER
"""Seconds; 201 and 202 come a second later."""
DAY = Ask(MORNING * 1_000_000, (MORNING + 40 * QUARTER) * 1_000_000)
OF_TIME = [
    column.metric
    for section in REPORTS["agents"].sections
    for column in section.columns
    if "time" in CATALOGUE[column.metric].sources
]


@pytest.fixture(scope="module")
def books(tmp_path_factory):
    home = Home(tmp_path_factory.mktemp("agents") / "home")
    home.load(act(MORNING + 1, "signed_in?agent=201") + act(MORNING + 2, "signed_in?agent=202"))
    home.load(made_journal(40, begin=MORNING + 60, per_second=0.02).decode())
    for at, fact in (
        (7200, "paused?agent=201&reason=lunch"),
        (9000, "ready?agent=201"),
        (9600, "paused?agent=201&reason=break"),
        (9900, "ready?agent=201"),
        (10_000, "paused?agent=201&reason=break"),
        (10_100, "ready?agent=201"),
        (10_200, "paused?agent=202&reason="),
        (10_300, "ready?agent=202"),
        (12_000, "signed_out?agent=201"),
        (12_001, "signed_out?agent=202"),
        (40_000, "signed_in?agent=201"),
        (40_001, "signed_in?agent=202"),
    ):
        home.load(act(MORNING + at, fact))
    home.engine.dispose()
    books = SqlBooks(home.url)
    yield books
    books.close()


def table(made, title):
    found = next(one for one in made.tables if one.title == title)
    ids = [head.id for head in found.heads]
    return [dict(zip(ids, row, strict=True)) for row in found.rows], found.total


def test_pauses_are_told_by_reason_with_their_number_and_time(books):
    rows, total = table(make_report(books, REPORTS["agents"], DAY), "Pauses by reason")
    assert [tuple(row.values()) for row in rows] == [
        ("201", "break", 2, 400.0, 200.0),
        ("201", "lunch", 1, 1800.0, 1800.0),
        ("202", "no reason", 1, 100.0, 100.0),
    ]
    assert total == ("all", "", 4, 2300.0, 575.0)


def test_pauses_of_a_day_are_told_day_by_day(books):
    made = make_report(books, REPORTS["agent-day"], DAY._replace(where={"agent": frozenset({"202"})}))
    rows, _ = table(made, "Pauses by reason")
    assert [tuple(row.values())[:4] for row in rows] == [("202", "no reason", "2026-11-26", 1)]


@pytest.mark.parametrize("agents", [(), ("201",)])
@pytest.mark.parametrize("metric", OF_TIME)
def test_the_spans_behind_a_number_of_agents_time_add_up_to_it(metric, agents, books):
    ask = DAY._replace(where={"agent": frozenset(agents)} if agents else {}, limit=10_000)
    made = make_report(books, REPORTS["agents"], ask)
    for section in REPORTS["agents"].sections:
        if metric in {column.metric for column in section.columns}:
            rows, total = table(made, section.title)
            ids = [head.id for one in made.tables if one.title == section.title for head in one.heads]
            number = total[ids.index(metric)] if total else rows[0][metric]
            break
    top = bottom = 0.0
    for opened in explain_report(books, REPORTS["agents"], metric, ask).tables:
        heads = [head.id for head in opened.heads]
        top += sum(row[heads.index("part")] for row in opened.rows)
        bottom += sum(row[heads.index("below")] for row in opened.rows) if "below" in heads else 0
    if CATALOGUE[metric].bottom is not None:
        top = top / bottom if bottom else None
    assert number == (None if top is None else pytest.approx(top))


def test_an_explained_pause_tells_its_reason_and_only_its_part_in_the_time(books):
    half_hour = DAY._replace(
        since=DAY.since + 8 * QUARTER * 1_000_000,
        until=DAY.since + 9 * QUARTER * 1_000_000,
        where={"agent": frozenset({"201"})},
    )
    (counted,) = explain_report(books, REPORTS["agents"], "paused_time", half_hour).tables
    assert counted.title == "Counted in: 1 span"
    assert counted.rows[0][1:] == ("201", 1800.0, "", 900.0, "paused: lunch, 15:00 of it in the time asked for")


def test_outcomes_of_cards_are_told_by_agent_and_open_to_their_calls(tmp_path):
    home = Home(tmp_path / "home")
    home.load(made_journal(4, begin=MORNING, per_second=0.01).decode())
    books = SqlBooks(home.url)
    call = next(one for one in books.calls(DAY.since, DAY.until, {}) if one.answered_by)
    entry = Entry(call.id, call.answered_by, (MORNING + 2000) * 1_000_000, {"sale": "win", "presentation": ""})
    for fact in card_facts(entry):
        home.load(act(MORNING + 2000, write_facts([fact])))
    rows, _ = table(make_report(books, REPORTS["agents"], DAY), "Offers and talks")
    assert [row["agent_wins"] for row in rows if row["agent"] == call.answered_by] == [1]
    made = explain_report(books, REPORTS["agents"], "agent_wins", DAY)
    assert made.tables[0].title == "Counted in: 1 call"
    assert made.tables[0].rows[0][1] == call.id
    assert made.tables[0].rows[0][-1].endswith(f"card of {call.answered_by}: presentation, sale, win")
    rows, total = table(make_report(books, REPORTS["agents"], DAY), "Outcomes in the cards")
    assert [tuple(row.values())[1:] for row in rows] == [("presentation", 1), ("sale", 1)]
    assert total[-1] == 2
    assert explain_report(books, REPORTS["agents"], "agent_outcomes", DAY).tables[0].rows[0][3] == 2
    books.close()
    home.engine.dispose()


def test_lengths_of_talks_are_as_counted_by_hand():
    """Nine talks of 201, one of 202; hold is no talk, and a question to a colleague makes no second one."""
    spans = [3.2, 12.0, 19.4, 20.0, 20.1, 29.9, 30.0, 30.5]
    calls = [made_call(leg("talk", 10, 10 + length, "caller", line="first", agent="201")) for length in spans]
    calls.append(
        made_call(
            leg("talk", 0, 15, "held", line="first", agent="201"),
            leg("hold", 4, 9, agent="201"),
            leg("talk", 20, 45, "caller", line="first", agent="201"),
        )
    )
    calls.append(made_call(leg("talk", 0, 400, "caller", line="first", agent="202")))
    mine = total((one for call in calls for one in tallies(call) if one.keys[0] == "201"), "agent")
    told = {name: CATALOGUE[name].value(mine) for name in ("talks", "long_calls_20", "long_calls_30")}
    assert told == {"talks": 9, "long_calls_20": 5, "long_calls_30": 2}, "20.0 s is not longer than 20 s"
    assert CATALOGUE["talk_time"].value(mine) == pytest.approx(sum(spans) + 35)
    assert CATALOGUE["talk_shortest"].value(mine) == 3, "3.2 s, rounded down"
    assert CATALOGUE["talk_longest"].value(mine) == 35
    every = total((one for call in calls for one in tallies(call)), "agent")
    longest = CATALOGUE["talk_longest"].value(every)
    assert 400 <= longest <= 400 * 1.02 + 1


WEEKS = 7
DAY_LONG = 86_400
FIRST = 1_795_392_000 // DAY_LONG * DAY_LONG
"""Midnight in UTC, a Monday."""
PLAN = Plan({"201": AgentPlan((8 * 3600.0,) * 5 + (0.0, 0.0), {"talks_in": 2.0}), "299": AgentPlan((3600.0,) * 7, {})})


@pytest.fixture(scope="module")
def mondays(tmp_path_factory):
    """201 is here eight hours on each of seven Mondays, on the last one two; on the last Sunday he comes unplanned."""
    home = Home(tmp_path_factory.mktemp("mondays") / "home")
    for week in range(WEEKS):
        at = FIRST + 7 * week * DAY_LONG + 9 * 3600
        hours = 2 if week == WEEKS - 1 else 8
        if week == WEEKS - 1:
            home.load(act(at - DAY_LONG, "signed_in?agent=201") + act(at - DAY_LONG + 3600, "signed_out?agent=201"))
        home.load(act(at, "signed_in?agent=201") + act(at + hours * 3600, "signed_out?agent=201"))
    home.load(act(FIRST + (7 * WEEKS - 6) * DAY_LONG + 60, "signed_in?agent=201"))
    home.engine.dispose()
    books = SqlBooks(home.url)
    yield books
    books.close()


def of_days(since, until, **changed):
    """Return the question of days counted from the first Monday."""
    return Ask((FIRST + since * DAY_LONG) * 1_000_000, (FIRST + until * DAY_LONG) * 1_000_000, **changed)


def test_a_day_out_of_his_own_pattern_is_flagged_and_the_others_are_not(mondays):
    rows, _ = table(make_report(mondays, REPORTS["agent-day"], of_days(0, 60)), "Days")
    told = {row["time"]: row["unusual"] for row in rows}
    last = str(datetime.fromtimestamp(FIRST + 42 * DAY_LONG, UTC).date())
    assert told[last] == "hours signed in 0.2 × his usual Monday (8 h 00 min)"
    assert [text for day, text in told.items() if day != last] == [""] * WEEKS


def test_a_day_that_is_not_whole_in_the_time_is_not_judged(mondays):
    half = of_days(42, 43)._replace(until=(FIRST + 42 * DAY_LONG + DAY_LONG // 2) * 1_000_000)
    rows, _ = table(make_report(mondays, REPORTS["agent-day"], half), "Days")
    assert [row["unusual"] for row in rows] == [""]


def test_days_stand_against_the_plan_and_days_on_which_he_did_not_come_are_told(mondays):
    made = make_report(mondays, REPORTS["agent-day"], of_days(41, 43, plan=PLAN, where={"agent": frozenset({"201"})}))
    rows, total = table(made, "Days")
    assert [tuple(row.values())[2:8] for row in rows] == [
        (3600.0, 0.0, 3600.0, 0.0, 0.0, 0.0),
        (7200.0, 28_800.0, -21_600.0, 0.0, 2.0, -2.0),
    ]
    assert total[2:8] == (10_800.0, 28_800.0, -18_000.0, 0.0, 2.0, -2.0)
    made = make_report(mondays, REPORTS["agent-day"], of_days(41, 43, plan=PLAN))
    rows, _ = table(made, "Days")
    assert [row["hours"] for row in rows if row["agent"] == "299"] == [0.0, 0.0]
    assert [row["hours_difference"] for row in rows if row["agent"] == "299"] == [-3600.0, -3600.0]


def test_plan_and_fact_of_a_time_are_the_sums_of_its_days(mondays):
    made = make_report(mondays, REPORTS["agents"], of_days(0, 43, plan=PLAN))
    (title,) = (one.title for one in made.tables if one.title.startswith("Plan and fact"))
    rows, total = table(made, title)
    his = rows[0]
    assert (his["hours"], his["hours_planned"]) == (51 * 3600.0, 31 * 8 * 3600.0)
    assert his["hours_difference"] == (51 - 248) * 3600.0
    assert rows[1]["agent"] == "299"
    assert total[1:4] == (51 * 3600.0, (248 + 43) * 3600.0, (51 - 248 - 43) * 3600.0)


def test_a_day_that_goes_on_has_no_plan_yet(mondays):
    made = make_report(mondays, REPORTS["agent-day"], of_days(43, 44, plan=PLAN, where={"agent": frozenset({"201"})}))
    rows, _ = table(made, "Days")
    assert [row["hours_planned"] for row in rows] in ([None], [])


def test_a_filter_that_days_do_not_know_leaves_them_out_and_says_so(mondays):
    ask = of_days(0, 43, plan=PLAN, where={"line": frozenset({""})})
    assert "“Days” is left out: it cannot be told by line." in make_report(mondays, REPORTS["agent-day"], ask).notes
    notes = make_report(mondays, REPORTS["agents"], ask).notes
    assert "“Plan and fact” is left out: it cannot be told by line." in notes
